// SPDX-License-Identifier: Apache-2.0
// Read: a file that the Python package safetensors 0.8.0 wrote, and files that break its rules. That the package reads
// what write() gives is tested in e2e/test_bundle.py.
#include "format/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace slipway::safetensors {
namespace {

std::string file_of(std::string_view header, std::string_view data) {
  const std::uint64_t length = header.size();
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  return out.append(header).append(data);
}

// safetensors.numpy.save({"coef": [[1.5, -2], [0.1, 3]], "names": b"age", "empty": int32 of 0}, metadata={"made":
// "by"})
std::string real_file() {
  constexpr std::string_view kHeader =
      R"({"__metadata__":{"made":"by"},"coef":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]},)"
      R"("empty":{"dtype":"I32","shape":[0],"data_offsets":[32,32]},)"
      R"("names":{"dtype":"U8","shape":[3],"data_offsets":[32,35]}}  )";
  constexpr char kData[] =
      "\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x9a\x99\x99\x99\x99\x99\xb9\x3f"
      "\x00\x00\x00\x00\x00\x00\x08\x40"
      "age";
  return file_of(kHeader, std::string_view(kData, sizeof kData - 1));
}

std::string refusal_of(std::string bytes) {
  const auto file = File::parse(FileBytes::of(std::move(bytes)));
  return file ? "" : file.error().message();
}

TEST(Safetensors, ReadsWhatTheReferenceWriterWrote) {
  const auto file = File::parse(FileBytes::of(real_file()));
  ASSERT_TRUE(file.has_value()) << file.error().message();
  ASSERT_EQ(file->tensors().size(), 3U);
  const Tensor* coef = file->find("coef");
  ASSERT_NE(coef, nullptr);
  EXPECT_EQ(coef->dtype, Dtype::kF64);
  EXPECT_THAT(coef->shape, testing::ElementsAre(2, 2));
  double values[4];
  ASSERT_EQ(coef->bytes.size(), sizeof values);
  std::memcpy(values, coef->bytes.data(), sizeof values);
  EXPECT_THAT(values, testing::ElementsAre(1.5, -2.0, 0.1, 3.0));
  EXPECT_EQ(file->find("names")->bytes, "age");
  EXPECT_EQ(file->find("empty")->bytes, "");
  EXPECT_EQ(file->find("nothing"), nullptr);
}

TEST(Safetensors, EveryTensorIsAlignedAndComesBack) {
  const std::string long_text(130, 'x');
  const Tensor tensors[] = {{.name = "a", .dtype = Dtype::kU8, .shape = {3}, .bytes = "abc"},
                            {.name = "b", .dtype = Dtype::kU8, .shape = {130}, .bytes = long_text},
                            {.name = "c", .dtype = Dtype::kF64, .shape = {0}, .bytes = ""},
                            {.name = "d", .dtype = Dtype::kU16, .shape = {1, 1}, .bytes = "de"}};
  const std::string bytes = write(tensors).text();
  const auto file = File::parse(FileBytes::of(bytes));
  ASSERT_TRUE(file.has_value()) << file.error().message();
  for (const Tensor& tensor : tensors) {
    const Tensor* read = file->find(tensor.name);
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(read->bytes, tensor.bytes);
    EXPECT_EQ(read->shape, tensor.shape);
    EXPECT_EQ(std::size_t(read->bytes.data() - file->bytes().bytes().data()) % kAlignment, 0U) << tensor.name;
  }
  EXPECT_TRUE(write(tensors) == bytes);
}

TEST(Safetensors, DataIsWrittenFromWhereItLies) {
  auto owner = std::make_shared<const std::string>("owned by the rope");
  const std::string borrowed = "borrowed from the caller";
  Rope rope;
  {
    const Tensor tensors[] = {
        {.name = "a", .dtype = Dtype::kU8, .shape = {owner->size()}, .bytes = *owner, .owner = owner},
        {.name = "b", .dtype = Dtype::kU8, .shape = {borrowed.size()}, .bytes = borrowed}};
    rope = write(tensors);
  }
  ASSERT_EQ(rope.pieces().size(), 4U);  // the header, a, padding, b
  EXPECT_EQ(rope.pieces()[1].bytes.data(), owner->data());
  EXPECT_EQ(rope.pieces()[3].bytes.data(), borrowed.data());
  owner.reset();
  EXPECT_EQ(rope.pieces()[1].bytes, "owned by the rope");
  EXPECT_EQ(rope.size(), rope.text().size());
}

struct Broken {
  const char* name;
  std::string bytes;
  const char* says;
};

TEST(Safetensors, BrokenFilesAreRefusedWithTheReason) {
  const auto one = [](const char* entry, std::string_view data) {
    return file_of(std::string(R"({"a":)") + entry + "}", data);
  };
  const Broken cases[] = {
      {"NoLength", "abc", "shorter"},
      {"HeaderBeyondTheEnd", file_of("{}", "").substr(0, 9), "header alone"},
      {"HugeHeader", std::string(8, '\xff') + "{}", "a header of 18446744073709551615 bytes"},
      {"NoJson", file_of("{]", ""), "no JSON"},
      {"List", file_of("[]", ""), "no JSON object"},
      {"UnknownDtype", one(R"({"dtype":"Q9","shape":[1],"data_offsets":[0,1]})", "x"), "dtype Q9"},
      {"ShapeTooLarge", one(R"({"dtype":"U8","shape":[2],"data_offsets":[0,1]})", "x"), "asks for 2"},
      {"ShapeOverflows", one(R"({"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]})", ""), "larger"},
      {"Negative", one(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})", "x"), "whole number"},
      {"BeyondTheEnd", one(R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})", "x"), "lies at 0 to 2 of 1"},
      {"Backwards", one(R"({"dtype":"U8","shape":[0],"data_offsets":[1,0]})", "x"), "lies at 1 to 0"},
      {"Hole", one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})", "xy"), "begins at 1"},
      {"HiddenEnd", one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})", "xy"), "end at 1 of 2"},
      {"Twice",
       file_of(
           R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
           "xy"),
       "\"a\" stands twice"},
      {"Overlap",
       file_of(
           R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
           "xy"),
       "\"b\" begins at 1"},
      {"MoreMembers", one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1})", "x"), "described by"},
  };
  for (const Broken& it : cases) EXPECT_THAT(refusal_of(it.bytes), testing::HasSubstr(it.says)) << it.name;
  EXPECT_EQ(refusal_of(real_file()), "");
}

}  // namespace
}  // namespace slipway::safetensors
