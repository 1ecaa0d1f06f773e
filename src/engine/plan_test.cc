// SPDX-License-Identifier: Apache-2.0
// Hand-made models at the edges. What the library gives is pinned by parity/fixtures_test.cc; here the plan
// is held against the reference, and both against sums that can be done on paper.
#include "engine/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <new>
#include <random>

#include "engine/random_record.h"
#include "engine/reference.h"

// Every allocation of this program, counted: what Plan::run promises is only worth something if it is.
namespace {
std::size_t allocations = 0;
}  // namespace
void* operator new(std::size_t size) {
  ++allocations;
  void* out = std::malloc(size);
  if (out == nullptr) std::abort();
  return out;
}
void operator delete(void* pointer) noexcept { std::free(pointer); }
void operator delete(void* pointer, std::size_t) noexcept { std::free(pointer); }

namespace slipway::engine {
namespace {

using model::Cell;
using model::Extra;
using model::Model;
using model::OutputKind;
using testing::ElementsAre;

Cell text(std::string_view value) { return Cell::of(value); }

// Splits columns into fields as an import does.
model::Schema schema_of(const model::VectorizeDict& op) {
  std::vector<model::Field> fields;
  for (const std::string& column : op.names.strings()) {
    const std::size_t cut = column.find(op.separator);
    const std::string name = column.substr(0, cut);
    auto field = std::ranges::find(fields, name, &model::Field::name);
    if (field == fields.end()) field = fields.insert(fields.end(), {.name = name});
    if (cut == std::string::npos) {
      field->takes_number = true;
    } else {
      field->takes_text = true;
      field->categories.push_back(column.substr(cut + op.separator.size()));
    }
  }
  return *model::Schema::create(std::move(fields), true);
}

struct Shape {
  model::VectorizeDict vectorize;
  std::vector<model::Op> between;
  std::uint32_t outputs = 1;
};

// A regressor with coefficients 1, 2, 4, ... so that a sum says which columns were hit.
Model regressor(Shape shape) {
  Model::Parts parts;
  parts.schema = schema_of(shape.vectorize);
  const std::size_t columns = shape.vectorize.names.size();
  std::uint32_t slot = 0;
  parts.steps.push_back({std::move(shape.vectorize), {slot++}});
  for (model::Op& op : shape.between) parts.steps.push_back({std::move(op), {slot++}});
  std::vector<double> coef;
  for (std::size_t i = 0; i < columns * shape.outputs; ++i) coef.push_back(std::ldexp(1.0, int(i % 40)));
  parts.steps.push_back(
      {model::Linear{shape.outputs, std::move(coef), std::vector<double>(shape.outputs, 0.5)}, {slot}});
  parts.outputs = {{OutputKind::kPrediction, slot + 1}};
  auto made = Model::create(std::move(parts));
  EXPECT_TRUE(made) << made.error().message();
  return std::move(*made);
}

Shape plain(const std::vector<std::string>& names) { return {.vectorize = {.names = names, .separator = "="}}; }

Answer run(const Plan& plan, const model::Record& record) {
  Answer answer;
  const auto scratch = plan.scratch();
  plan.run(record, *scratch, answer);
  EXPECT_TRUE(same_answer(answer, run_reference(plan.model(), record)));
  return answer;
}

Plan compiled(Shape shape) {
  auto plan = Plan::compile(regressor(std::move(shape)));
  EXPECT_TRUE(plan);
  return std::move(*plan);
}

TEST(Plan, TakesEachKindOfCellToItsColumn) {
  const Plan plan = compiled(plain({"a", "b=x", "b=y"}));
  const auto sum = [&](Cell a, Cell b) {
    const Cell cells[] = {a, b};
    return run(plan, {.fields = cells, .extras = {}}).prediction.at(0) - 0.5;
  };
  EXPECT_EQ(sum(Cell::of(std::int64_t{10}), text("x")), 12);
  EXPECT_EQ(sum(Cell::of(true), text("y")), 5);
  EXPECT_EQ(sum(Cell::of(2.5), text("z")), 2.5);          // unseen: no column
  EXPECT_EQ(sum(text("10"), Cell::of(3.0)), 0);           // text in a number's place, a number in a text's
  EXPECT_EQ(sum(Cell(), Cell::null()), 0);                // null goes to the column "b", which is not there
  EXPECT_TRUE(std::isnan(sum(Cell::null(), text("x"))));  // null goes to "a" as NaN
  const Cell both[] = {text("x"), text("y"), text("x")};
  EXPECT_EQ(sum(Cell(), Cell::of(std::span<const Cell>(both))), 8);  // hits add up
  EXPECT_EQ(sum(Cell::of(std::int64_t{9007199254740993}), Cell()), 9007199254740992.0);
}

TEST(Plan, UsesExtrasThatTheLibraryWouldUse) {
  const Plan plan = compiled(plain({"a=b=c", "n"}));
  ASSERT_EQ(plan.model().schema().fields().size(), 2U);
  const auto sum = [&](std::string_view name, Cell value) {
    const Extra extra{.name = name, .value = value};
    const Cell cells[] = {Cell(), Cell()};
    const double got = run(plan, {.fields = cells, .extras = std::span(&extra, 1)}).prediction.at(0) - 0.5;
    EXPECT_EQ(plan.uses(extra), got != 0) << name;
    return got;
  };
  EXPECT_EQ(sum("a=b", text("c")), 1);
  EXPECT_EQ(sum("a=b=c", Cell::of(3.0)), 3);
  EXPECT_EQ(sum("a=b", text("d")), 0);
  EXPECT_EQ(sum("a=b=c", text("")), 0);
  EXPECT_EQ(sum("A", Cell::of(3.0)), 0);
  const Cell list[] = {text("x"), text("c")};
  EXPECT_EQ(sum("a=b", Cell::of(std::span<const Cell>(list))), 1);
}

TEST(Plan, FindsAFieldThatEndsInsideARunOfSeparators) {
  // "a===b" is a + "==" + "=b" to the schema, and "a=" + "==" + "b" to the library as well.
  Shape shape = plain({"a=", "a===b"});
  shape.vectorize.separator = "==";
  const Plan plan = compiled(std::move(shape));
  ASSERT_EQ(plan.model().schema().names()[0], "a=");
  const Cell first[] = {text("b"), Cell()}, second[] = {Cell(), text("=b")};
  EXPECT_EQ(run(plan, {.fields = first, .extras = {}}).prediction[0], 2.5);
  EXPECT_EQ(run(plan, {.fields = second, .extras = {}}).prediction[0], 2.5);
}

TEST(Plan, KnowsWhichTextsAreUnseen) {
  const Plan plan = compiled(plain({"a", "b=x", "b=\xC3\xA9"}));
  EXPECT_FALSE(plan.unseen(1, "x"));
  EXPECT_FALSE(plan.unseen(1, "\xC3\xA9"));
  EXPECT_TRUE(plan.unseen(1, "X"));
  EXPECT_TRUE(plan.unseen(1, ""));
  EXPECT_FALSE(plan.unseen(0, "x"));  // takes no text at all: a wrong type, not an unseen value
}

TEST(Plan, RefusesWhatTheLibraryRaisesOnAndNamesTheField) {
  Shape shape = plain({"a", "b=x"});
  shape.between = {model::RequireFinite{.estimator = "LinearRegression"}};
  const Plan plan = compiled(std::move(shape));
  const auto refused = [&](Cell a, Cell b, std::span<const Extra> extras = {}) {
    const Cell cells[] = {a, b};
    return run(plan, {.fields = cells, .extras = extras});
  };
  EXPECT_STREQ(refused(Cell::null(), Cell()).refusal, "LinearRegression does not take NaN (null) values");
  EXPECT_EQ(refused(Cell::null(), Cell()).refusal_field, 0U);
  EXPECT_STREQ(refused(Cell::of(HUGE_VAL), Cell()).refusal, "LinearRegression does not take infinite values");
  EXPECT_EQ(refused(Cell(), Cell::null()).refusal, nullptr);
  EXPECT_EQ(refused(Cell(), Cell::other()).refusal_field, 1U);
  const Extra nested{.name = "c", .value = Cell::other()};
  EXPECT_NE(refused(Cell(), Cell(), std::span(&nested, 1)).refusal, nullptr);
  EXPECT_EQ(refused(Cell(), Cell(), std::span(&nested, 1)).refusal_field, model::Schema::kNoField);
  EXPECT_EQ(refused(Cell::of(1.0), text("x")).refusal, nullptr);  // and the plan is not stuck after a refusal
}

TEST(Plan, BeforeLists024ANestedValueIsRefusedOnlyWhereItsNameHasAColumn) {
  Shape shape = plain({"a", "b=x"});
  shape.vectorize.lists = shape.vectorize.refuse_unknown = false;
  const Plan plan = compiled(std::move(shape));
  const Cell on_column[] = {Cell::other(), Cell()}, elsewhere[] = {Cell(), Cell::other()};
  EXPECT_NE(run(plan, {.fields = on_column, .extras = {}}).refusal, nullptr);
  EXPECT_EQ(run(plan, {.fields = elsewhere, .extras = {}}).refusal, nullptr);
}

std::vector<model::Op> row_operators() {
  using enum model::NormalizeRows::Norm;
  using enum model::NormalizeRows::Zero;
  std::vector<model::Op> out = {model::Clip{-1, 1.5}, model::Binarize{0.5}, model::Binarize{-1}};
  for (const auto norm : {kSum, kL1, kL2, kMax, kSignedMax}) out.emplace_back(model::NormalizeRows{norm, kKeep, 0.25});
  return out;
}

std::vector<Shape> shapes() {
  const std::vector<std::string> names = {"a", "a=1", "a=x", "b=\xC3\xA9t\xC3\xA9", "b=y", "c", "d=e=f", "n0"};
  std::vector<double> offset(8, 1.25), scale = {1, 2, 3, 0.1, 7, 1e-200, 1, 11};
  std::vector<Shape> out;
  for (std::uint32_t outputs : {1U, 3U}) {
    Shape sparse = plain(names);
    sparse.outputs = outputs;
    out.push_back(sparse);
    sparse.between = {model::RequireFinite{true, "S"}, model::ScaleColumns{scale}, model::RequireFinite{false, "L"}};
    out.push_back(sparse);
    for (const model::Op& op : row_operators()) {
      sparse.between = {op, model::RequireFinite{false, "L"}};
      out.push_back(sparse);
      sparse.between = {model::Densify{}, op, model::RequireFinite{false, "L"}};
      out.push_back(sparse);
    }
    for (const bool last_wins : {false, true}) {
      sparse.between = {model::Densify{last_wins}, model::RequireFinite{false, "L"}};
      out.push_back(sparse);
      sparse.between = {model::Densify{last_wins}, model::RequireFinite{true, "S"}, model::Standardize{offset, scale},
                        model::RequireFinite{false, "L"}};
      out.push_back(sparse);
      sparse.between = {model::Densify{last_wins}, model::ScaleColumns{scale}, model::Standardize{{}, scale}};
      out.push_back(sparse);
    }
  }
  return out;
}

TEST(Plan, EqualsTheReferenceOnRandomRecordsOfEveryShape) {
  std::mt19937 random(1);
  int refused = 0, answered = 0;
  for (const Shape& shape : shapes()) {
    const Plan plan = compiled(shape);
    const auto scratch = plan.scratch();
    Answer answer;
    for (int i = 0; i < 2000; ++i) {
      const RandomRecord record(plan.model(), random);
      plan.run(record.record(), *scratch, answer);
      ASSERT_TRUE(same_answer(answer, run_reference(plan.model(), record.record())));
      ++(answer.refusal != nullptr ? refused : answered);
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(answered, 10'000);
}

TEST(Plan, ARunFindsTheSameTextsUnseenAsALookup) {
  std::mt19937 random(2);
  const Plan plan = compiled(plain({"a", "a=1", "a=x", "b=y", "c", "d=e"}));
  const auto scratch = plan.scratch();
  Answer answer;
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    const RandomRecord random_record(plan.model(), random);
    const model::Record record = random_record.record();
    plan.run(record, *scratch, answer);
    if (answer.refusal != nullptr) continue;
    std::vector<std::uint32_t> wanted;
    for (std::uint32_t field = 0; field < record.fields.size(); ++field) {
      const Cell& cell = record.fields[field];
      if (!plan.model().schema().fields()[field].takes_text) continue;
      const bool list = cell.kind == Cell::Kind::kTexts;
      if (!list && cell.kind != Cell::Kind::kText) continue;
      for (const Cell& text : list ? cell.texts() : std::span(&cell, 1)) {
        if (plan.unseen(field, text.text())) wanted.push_back(field);
      }
    }
    std::vector<std::uint32_t> got;
    for (const std::uint32_t field : plan.unseen_fields(*scratch)) {
      if (plan.model().schema().fields()[field].takes_text) got.push_back(field);
    }
    ASSERT_EQ(got, wanted);
    found += wanted.empty() ? 0 : 1;
  }
  EXPECT_GT(found, 100);
}

TEST(Plan, SortsManyHitsStably) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("f=" + std::to_string(i * 7919 % 200));
  const Plan plan = compiled(plain(names));
  names.clear();
  for (int i = 0; i < 200; ++i) names.push_back(std::to_string(i % 150));
  std::vector<Cell> cells;
  for (const std::string& name : names) cells.push_back(text(name));
  const Cell list = Cell::of(std::span<const Cell>(cells));
  const Extra extra{.name = "f=7", .value = Cell::of(0.1)};
  EXPECT_EQ(run(plan, {.fields = std::span(&list, 1), .extras = std::span(&extra, 1)}).refusal, nullptr);
}

TEST(Plan, AllocatesNothingOnceWarm) {
  std::mt19937 random(2);
  for (const Shape& shape : shapes()) {
    const Plan plan = compiled(shape);
    const auto scratch = plan.scratch();
    Answer answer;
    std::deque<RandomRecord> records;
    for (int i = 0; i < 50; ++i) records.emplace_back(plan.model(), random);
    for (const RandomRecord& record : records) plan.run(record.record(), *scratch, answer);
    const std::size_t before = allocations;
    int used = 0;
    for (const RandomRecord& record : records) {
      plan.run(record.record(), *scratch, answer);
      for (const Extra& extra : record.record().extras) used += plan.uses(extra) ? 1 : 0;
      for (std::uint32_t field = 0; field < plan.model().schema().fields().size(); ++field) {
        used += plan.unseen(field, "a text longer than a short string has room for") ? 1 : 0;
        used += plan.model().schema().find("neither this name nor one like it") != 0 ? 1 : 0;
      }
    }
    EXPECT_EQ(allocations, before);
    EXPECT_GT(used, 0);
  }
}

TEST(Plan, ClipsBinarizesAndNormalizesRowsAsOnPaper) {
  using enum model::NormalizeRows::Norm;
  using enum model::NormalizeRows::Zero;
  const auto answer = [](model::Op op, const std::vector<double>& values) {
    Model::Parts parts;
    std::vector<model::Field> fields;
    std::vector<Cell> cells;
    for (const double value : values) {
      fields.push_back({.name = "x" + std::to_string(fields.size()), .takes_number = true});
      cells.push_back(Cell::of(value));
    }
    parts.schema = *model::Schema::create(std::move(fields), false);
    parts.steps = {{model::StackNumbers{static_cast<std::uint32_t>(values.size())}, {0}}, {std::move(op), {1}}};
    parts.outputs = {{OutputKind::kPrediction, 2}};
    const Plan plan = std::move(*Plan::compile(*Model::create(std::move(parts))));
    return run(plan, {.fields = cells, .extras = {}}).prediction;
  };
  EXPECT_THAT(answer(model::Clip{-1, 2}, {-3, 0.5, 2, 7}), ElementsAre(-1, 0.5, 2, 2));
  EXPECT_THAT(answer(model::Binarize{0.5}, {0.5, 0.75, -1}), ElementsAre(0, 1, 0));
  EXPECT_THAT(answer(model::NormalizeRows{kSum, kDivide}, {1, 3}), ElementsAre(0.25, 0.75));
  EXPECT_THAT(answer(model::NormalizeRows{kL1, kKeep}, {-1, 3}), ElementsAre(-0.25, 0.75));
  EXPECT_THAT(answer(model::NormalizeRows{kL2, kKeep}, {-3, 4}), ElementsAre(-0.6, 0.8));
  EXPECT_THAT(answer(model::NormalizeRows{kMax, kKeep}, {-4, 2}), ElementsAre(-1, 0.5));
  EXPECT_THAT(answer(model::NormalizeRows{kSignedMax, kKeep}, {-4, 2}), ElementsAre(-2, 1));
  EXPECT_THAT(answer(model::NormalizeRows{kSignedMax, kKeep}, {-4, -2}), ElementsAre(2, 1));
  EXPECT_THAT(answer(model::NormalizeRows{kL1, kKeep}, {0, 0}), ElementsAre(0, 0));
  EXPECT_THAT(answer(model::NormalizeRows{kL1, kKeep, 0.5}, {0.25, 0}), ElementsAre(0.25, 0));
  EXPECT_THAT(answer(model::NormalizeRows{kSum, kUniform}, {0, 0, 0, 0}), ElementsAre(0.25, 0.25, 0.25, 0.25));
  EXPECT_TRUE(std::isnan(answer(model::NormalizeRows{kSum, kDivide}, {0, 0})[0]));
}

// Whole numbers, so that many are equally far; NaN and infinities, that no box holds.
TEST(Plan, FindsTheNearestOfRowsInBoxesAsOfAllRows) {
  using With = model::CompareRows::With;
  std::mt19937 random(5);
  const auto number = [&] {
    const unsigned kind = random() % 500;
    return kind == 0 ? std::nan("") : kind == 1 ? HUGE_VAL : kind == 2 ? -HUGE_VAL : double(random() % 16) - 4;
  };
  for (const With with : {With::kDifferences, With::kManhattan, With::kChebyshev, With::kMinkowski, With::kHamming}) {
    for (const std::uint32_t rows : {33U, 100U, 1000U, 4099U}) {
      std::vector<double> values(std::size_t{rows} * 3);
      for (double& value : values) value = number();
      // In the order of one column, as a tree's rows are near each other.
      for (std::uint32_t i = 0; i < rows; ++i) {
        const std::uint32_t sixteenth = i * 16 / rows;
        values[std::size_t{i} * 3] = sixteenth;
      }
      Model::Parts parts;
      parts.schema = *model::Schema::create({{.name = "x", .takes_number = true},
                                             {.name = "y", .takes_number = true},
                                             {.name = "z", .takes_number = true}},
                                            false);
      parts.steps = {{model::StackNumbers{3}, {0}},
                     {model::CompareRows{.with = with, .rows = rows, .p = 1.5, .values = std::move(values)}, {1}},
                     {model::Nearest{.count = 1 + rows / 20}, {2}}};
      parts.outputs = {{OutputKind::kTransform, 3}};
      const Plan plan = std::move(*Plan::compile(*Model::create(std::move(parts))));
      for (int i = 0; i < 50; ++i) {
        const Cell cells[] = {Cell::of(number()), Cell::of(number()), Cell::of(number() / 2)};
        EXPECT_EQ(run(plan, {.fields = cells, .extras = {}}).transform.size(), 2 * (1 + rows / 20));
      }
    }
  }
}

// A table of texts and numbers: encoded, spread, standardised, put together, as a ColumnTransformer does.
Model table_model(bool sparse, bool refuse_unknown, std::uint32_t outputs) {
  Model::Parts parts;
  parts.schema = *model::Schema::create({{.name = "plan", .takes_text = true, .categories = {"month", "year", "None"}},
                                         {.name = "sex", .takes_text = true, .categories = {"f", "m"}},
                                         {.name = "age", .takes_number = true}},
                                        false);
  const std::vector<model::Value> values = {"month", "year", "None", "f", "m"};
  Array<double> unknown;
  if (!refuse_unknown) unknown = {-1, 0};  // "m" and "f" and what else there is: the first
  parts.steps.push_back({model::Select{.columns = {0, 1}}, {0}});
  parts.steps.push_back(
      {model::Encode{.starts = {0, 3, 5}, .values = values, .codes = {0, 1, 2, 0, 1}, .unknown = unknown}, {1}});
  parts.steps.push_back({model::OneHot{.starts = {0, 3, 5}, .sparse = sparse}, {2}});
  parts.steps.push_back({model::Select{.columns = {2}}, {0}});
  parts.steps.push_back({model::StackNumbers{.columns = 1}, {4}});
  parts.steps.push_back({model::Standardize{.offset = {40}, .scale = {3}}, {5}});
  parts.steps.push_back({model::Concat{}, {3, 6, 3}});
  parts.steps.push_back({model::RequireFinite{.allow_nan = false, .estimator = "LinearRegression"}, {7}});
  std::vector<double> coef;
  for (std::uint32_t i = 0; i < 11 * outputs; ++i) coef.push_back(0.1 + i);
  parts.steps.push_back({model::Linear{outputs, std::move(coef), std::vector<double>(outputs, 0.5)}, {8}});
  parts.outputs = {{OutputKind::kPrediction, 9}};
  auto made = Model::create(std::move(parts));
  EXPECT_TRUE(made) << made.error().message();
  return std::move(*made);
}

TEST(Plan, EqualsTheReferenceOnTablesOfTextsAndNumbers) {
  std::mt19937 random(3);
  int refused = 0, answered = 0;
  for (int shape = 0; shape < 8; ++shape) {
    const auto plan = Plan::compile(table_model((shape & 1) != 0, (shape & 2) != 0, (shape & 4) != 0 ? 3 : 1));
    ASSERT_TRUE(plan);
    const auto scratch = plan->scratch();
    Answer answer;
    for (int i = 0; i < 3000; ++i) {
      const RandomRecord record(plan->model(), random);
      plan->run(record.record(), *scratch, answer);
      ASSERT_TRUE(same_answer(answer, run_reference(plan->model(), record.record())));
      ++(answer.refusal != nullptr ? refused : answered);
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(answered, 1000);
}

TEST(Plan, ACheckThatIsLeftToASumIsNotOvertakenByAnotherStepsRefusal) {
  Model::Parts parts;
  parts.schema = *model::Schema::create({{.name = "a", .takes_number = true}}, true);
  parts.steps.push_back({model::VectorizeDict{.names = {"a"}, .separator = "="}, {0}});
  parts.steps.push_back({model::RequireFinite{.allow_nan = false, .estimator = "First"}, {1}});
  parts.steps.push_back({model::RequireFinite{.allow_nan = false, .estimator = "Second"}, {1}});
  parts.steps.push_back({model::Linear{1, {2}, {0.5}}, {2}});
  parts.outputs = {{OutputKind::kPrediction, 4}};
  auto made = Model::create(std::move(parts));
  ASSERT_TRUE(made) << made.error().message();
  const auto plan = Plan::compile(std::move(*made));
  ASSERT_TRUE(plan);
  const Cell null[] = {Cell::null()};
  EXPECT_THAT(run(*plan, {.fields = null, .extras = {}}).refusal, testing::HasSubstr("First"));
}

TEST(Plan, StacksATableRowAndRefusesText) {
  Model::Parts parts;
  parts.schema =
      *model::Schema::create({{.name = "x", .takes_number = true}, {.name = "y", .takes_number = true}}, false);
  parts.steps = {{model::StackNumbers{2}, {0}},
                 {model::Standardize{.offset = {1, 0}, .scale = {2, 4}}, {1}},
                 {model::Linear{2, {1, 10, 100, 1000}, {0, 1}}, {2}},
                 {model::Softmax{}, {3}},
                 {model::ArgmaxIndex{}, {3}}};
  parts.outputs = {{OutputKind::kPrediction, 5}, {OutputKind::kProbability, 4}, {OutputKind::kDecision, 3}};
  parts.targets = {{.name = {}, .labels = {std::int64_t{4}, std::int64_t{2}}}};
  const Plan plan = std::move(*Plan::compile(*Model::create(std::move(parts))));
  const Cell good[] = {Cell::of(std::int64_t{3}), Cell::of(2.0)}, bad[] = {text("3"), Cell::of(2.0)};
  const Answer answer = run(plan, {.fields = good, .extras = {}});
  EXPECT_THAT(answer.decision, ElementsAre(6, 601));
  EXPECT_THAT(answer.index, ElementsAre(1U));
  EXPECT_EQ(run(plan, {.fields = bad, .extras = {}}).refusal_field, 0U);
  const Cell missing[] = {Cell(), Cell::of(2.0)};  // NaN: numpy's argmax takes the first
  EXPECT_THAT(run(plan, {.fields = missing, .extras = {}}).index, ElementsAre(0U));
}

}  // namespace
}  // namespace slipway::engine
