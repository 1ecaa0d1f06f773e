// SPDX-License-Identifier: Apache-2.0
// One record through one model after another: `row_ns < LIST`, a line of LIST a folder with model files in the order
// that their names are given, tab, files separated by commas, tab, the record as JSON. Prints a line a model:
// nanoseconds for parsing the record and running the plan (all outputs), the best of a few runs; or what is wrong.
// bench/row_bench.py holds it beside scikit-learn.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/file.h"
#include "engine/plan.h"
#include "importer/import.h"
#include "serve/body.h"

namespace {

using namespace slipway;
// Of this thread's own time: others use the machine too.
double now_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) * 1e9 + double(time.tv_nsec);
}

Result<engine::Plan> open(const std::string& folder, std::string files) {
  std::vector<importer::Source> sources;
  for (files += ','; !files.empty(); files.erase(0, files.find(',') + 1)) {
    const std::string name = files.substr(0, files.find(','));
    FileBytes bytes = SLIPWAY_TRY(FileBytes::open(folder + "/" + name, std::size_t{4} << 30));
    sources.push_back({name, std::move(bytes)});
  }
  model::Model model = SLIPWAY_TRY(importer::import_files(sources));
  return engine::Plan::compile(std::move(model));
}

Result<double> measure(const std::string& folder, const std::string& files, std::string body) {
  const engine::Plan plan = SLIPWAY_TRY(open(folder, files));
  const std::size_t size = body.size();
  body.append(64, '\0');  // the reader may look behind the end
  serve::BodyReader reader(plan.model().schema(), {});
  const auto scratch = plan.scratch();
  engine::Answer answer;
  double best = 0;
  const double begin = now_ns();
  for (int run = 0, rows = 1; run < 20 || now_ns() - begin < 5e7; ++run) {
    const double start = now_ns();
    for (int i = 0; i < rows; ++i) {
      SLIPWAY_TRY(reader.open(std::string_view(body).substr(0, size)));
      const auto next = SLIPWAY_TRY(reader.next());
      if (next != serve::BodyReader::Next::kRow) return fail(Code::kInvalid, std::string(reader.problem()));
      plan.run({reader.cells(), reader.extras()}, *scratch, answer);
      if (answer.refusal != nullptr) return fail(Code::kInvalid, answer.refusal);
    }
    const double took = (now_ns() - start) / rows;
    best = run == 0 ? took : std::min(best, took);
    rows = std::clamp(int(1e6 / best), 1, 100);
  }
  return best;
}

bool read_until(char end, std::string& out) {
  char* line = nullptr;
  std::size_t room = 0;
  const ssize_t size = ::getdelim(&line, &room, end, stdin);
  out.assign(line, size > 0 ? std::size_t(size - 1) : 0);
  std::free(line);
  return size > 0;
}

}  // namespace

int main() {  // NOLINT(bugprone-exception-escape): nobody waits for its answer
  std::string folder, files, body;
  while (read_until('\t', folder) && read_until('\t', files) && read_until('\n', body)) {
    const auto ns = measure(folder, files, body);
    std::puts(ns ? std::to_string(std::llround(*ns)).c_str() : ns.error().message().c_str());
    std::fflush(stdout);
  }
}
