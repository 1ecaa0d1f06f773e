// SPDX-License-Identifier: Apache-2.0
// A mutator that knows opcodes: a pickle stays one, and what it says changes. Numbers, shapes, dtypes, arrays, names of
// attributes and versions are altered, exchanged, dropped and shared, so that the importer's own checks are reached,
// which stand behind the reader's. Bytes that are no plain pickle are left to libFuzzer. Frames are left out: they are
// optional, and would have to be counted again.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "format/pickle/opcodes.h"

// libFuzzer's; not there where kept seeds are only replayed.
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t limit);

namespace {

using slipway::pickle::Argument;
using slipway::pickle::kOpcodeByByte;
using slipway::pickle::Op;
using Random = std::minstd_rand;

struct Part {
  Op op;
  std::string argument;  // without its length
};
using Parts = std::vector<Part>;

std::uint64_t little(std::string_view bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) out |= std::uint64_t(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
  return out;
}

std::string little(std::uint64_t value, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(value >> (8 * i));
  return out;
}

std::size_t fixed_size(Argument kind) {
  switch (kind) {
    case Argument::kU1:
      return 1;
    case Argument::kU2:
      return 2;
    case Argument::kU4:
    case Argument::kI4:
      return 4;
    case Argument::kU8:
    case Argument::kDouble:
      return 8;
    default:
      return 0;
  }
}

std::size_t length_size(Argument kind) {
  switch (kind) {
    case Argument::kBytes1:
      return 1;
    case Argument::kBytes4:
    case Argument::kBytesI4:
      return 4;
    case Argument::kBytes8:
      return 8;
    default:
      return 0;
  }
}

// The argument at the start of `rest`, and how many bytes it and its length took. nullopt: cut off.
struct Taken {
  std::string_view argument;
  std::size_t bytes;
};
std::optional<Taken> take(Argument kind, std::string_view rest) {
  if (kind == Argument::kLine || kind == Argument::kTwoLines) {
    std::size_t end = rest.find('\n');
    if (end != rest.npos && kind == Argument::kTwoLines) end = rest.find('\n', end + 1);
    if (end == rest.npos) return std::nullopt;
    return Taken{rest.substr(0, end + 1), end + 1};
  }
  const std::size_t header = length_size(kind);
  if (rest.size() < header) return std::nullopt;
  const std::uint64_t size = header == 0 ? fixed_size(kind) : little(rest.substr(0, header));
  if (size > rest.size() - header) return std::nullopt;
  return Taken{rest.substr(header, size), header + size};
}

// nullopt: no pickle from its first byte to a STOP.
std::optional<Parts> parse(std::string_view bytes) {
  Parts out;
  while (!bytes.empty()) {
    const auto* opcode = kOpcodeByByte.at(static_cast<std::uint8_t>(bytes.front()));
    if (opcode == nullptr) return std::nullopt;
    bytes.remove_prefix(1);
    const auto taken = take(opcode->argument, bytes);
    if (!taken) return std::nullopt;
    const Op op{opcode->byte};
    if (op != Op::kFrame) out.push_back({op, std::string(taken->argument)});
    bytes.remove_prefix(taken->bytes);
    if (op == Op::kStop) return out;
  }
  return std::nullopt;
}

std::string write(const Parts& parts) {
  std::string out;
  for (const Part& part : parts) {
    out += static_cast<char>(part.op);
    const auto* opcode = kOpcodeByByte.at(static_cast<std::uint8_t>(part.op));
    const std::size_t header = length_size(opcode->argument);
    if (header != 0) out += little(part.argument.size(), header);
    out += part.argument;
  }
  return out;
}

std::size_t below(Random& random, std::size_t count) { return count == 0 ? 0 : random() % count; }

template <class Wanted>
std::optional<std::size_t> some(const Parts& parts, Random& random, Wanted wanted) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (wanted(parts[i])) found.push_back(i);
  }
  if (found.empty()) return std::nullopt;
  return found[below(random, found.size())];
}

bool is_text(const Part& part) {
  return part.op == Op::kShortBinUnicode || part.op == Op::kBinUnicode || part.op == Op::kShortBinString;
}
bool is_bytes(const Part& part) {
  return part.op == Op::kShortBinBytes || part.op == Op::kBinBytes || part.op == Op::kBinBytes8 ||
         part.op == Op::kBinString || part.op == Op::kByteArray8;
}
bool is_integer(const Part& part) {
  return part.op == Op::kBinInt || part.op == Op::kBinInt1 || part.op == Op::kBinInt2 || part.op == Op::kLong1;
}
bool is_value(const Part& part) {
  return is_integer(part) || part.op == Op::kBinFloat || part.op == Op::kNone || part.op == Op::kNewTrue ||
         part.op == Op::kNewFalse || part.op == Op::kEmptyTuple;
}

std::int64_t odd_integer(Random& random, std::int64_t was) {
  constexpr std::int64_t kOdd[] = {0,     1,       -1,        2,         7,         255,      256,
                                   65535, 1 << 20, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  switch (below(random, 4)) {
    case 0:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(was) + 1);
    case 1:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(was) - 1);
    case 2:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(was) * 2);
    default:
      return kOdd[below(random, std::size(kOdd))];
  }
}

double odd_number(Random& random) {
  using Limits = std::numeric_limits<double>;
  constexpr double kOdd[] = {
      0, -0.0, 1, -1, 0.5, 1e300, -1e300, 1e-310, Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), 4e9};
  return kOdd[below(random, std::size(kOdd))];
}

// ---- the changes; each does nothing where there is nothing to change ----

void change_integer(Parts& parts, Random& random) {
  const auto at = some(parts, random, is_integer);
  if (!at) return;
  std::int64_t was = static_cast<std::int64_t>(little(std::string_view(parts[*at].argument).substr(0, 8)));
  if (parts[*at].op == Op::kBinInt) was = static_cast<std::int32_t>(was);
  const std::int64_t now = odd_integer(random, was);
  const bool small = now >= INT32_MIN && now <= INT32_MAX;
  const auto value = static_cast<std::uint64_t>(now);
  parts[*at] = small ? Part{Op::kBinInt, little(value, 4)} : Part{Op::kLong1, little(value, 8)};
}

void change_float(Parts& parts, Random& random) {
  const auto at = some(parts, random, [](const Part& part) { return part.op == Op::kBinFloat; });
  if (!at) return;
  std::string bytes = little(std::bit_cast<std::uint64_t>(odd_number(random)), 8);
  std::ranges::reverse(bytes);
  parts[*at].argument = std::move(bytes);
}

// One element of an array, as a number of some width.
void change_element(Parts& parts, Random& random) {
  const auto at = some(parts, random, is_bytes);
  if (!at || parts[*at].argument.empty()) return;
  std::string& bytes = parts[*at].argument;
  const std::size_t width = std::size_t{1} << below(random, 4);
  if (bytes.size() < width) return;
  const std::size_t from = below(random, bytes.size() / width) * width;
  const std::string element = width == 8 && below(random, 2) == 0
                                  ? little(std::bit_cast<std::uint64_t>(odd_number(random)), 8)
                                  : little(static_cast<std::uint64_t>(odd_integer(
                                               random, static_cast<std::int64_t>(little(bytes.substr(from, width))))),
                                           width);
  bytes.replace(from, width, element);
}

void exchange(Parts& parts, Random& random) {
  const bool arrays = below(random, 2) == 0;
  const auto kind = arrays ? is_bytes : is_text;
  const auto one = some(parts, random, kind), other = some(parts, random, kind);
  if (one && other) std::swap(parts[*one], parts[*other]);
}

// An attribute under another's name, or a name that nobody knows; another dtype, another version.
void change_text(Parts& parts, Random& random) {
  constexpr std::string_view kTexts[] = {"f8",     "f4",     "i8",   "i4",     "u1",     "b1",    "O8",    "U3",
                                         "<",      ">",      "|",    "0.20.4", "0.24.2", "1.0.2", "1.3.2", "1.9.0",
                                         "sparse", "linear", "drop", "mean",   "error",  "x",     "",      "auto"};
  const auto at = some(parts, random, is_text);
  if (!at) return;
  const auto other = some(parts, random, is_text);
  std::string text =
      below(random, 2) == 0 ? parts[*other].argument : std::string(kTexts[below(random, std::size(kTexts))]);
  if (below(random, 8) == 0) text = parts[*at].argument + "_";
  parts[*at] = {Op::kBinUnicode, std::move(text)};
}

// A scalar becomes something else: another value, or a thing that the file holds already.
void change_kind(Parts& parts, Random& random) {
  const auto at = some(parts, random, is_value);
  if (!at) return;
  const Part others[] = {{Op::kNone, ""},
                         {Op::kNewTrue, ""},
                         {Op::kNewFalse, ""},
                         {Op::kEmptyList, ""},
                         {Op::kEmptyTuple, ""},
                         {Op::kEmptyDict, ""},
                         {Op::kBinUnicode, "text"},
                         {Op::kBinInt, little(below(random, 300), 4)},
                         {Op::kLongBinGet, little(below(random, parts.size()), 4)}};
  parts[*at] = others[below(random, std::size(others))];
}

// A list gets a member that the file holds already: a tree twice, a list inside itself.
void share(Parts& parts, Random& random) {
  const auto at = some(parts, random, [](const Part& part) { return part.op == Op::kAppends; });
  if (!at) return;
  const Part shared{Op::kLongBinGet, little(below(random, parts.size()), 4)};
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(*at), shared);
}

// Part of an array is gone, or there twice.
void resize(Parts& parts, Random& random) {
  const auto at = some(parts, random, is_bytes);
  if (!at || parts[*at].argument.empty()) return;
  std::string& bytes = parts[*at].argument;
  const std::size_t size = bytes.size() < 8 ? bytes.size() : bytes.size() / 8 * 8 - 8 * below(random, 2);
  if (below(random, 2) == 0) {
    bytes.resize(size);
  } else if (bytes.size() < 128) {
    bytes += bytes.substr(0, 8);
    parts[*at].op = Op::kBinBytes;
  }
}

using Change = void (*)(Parts& parts, Random& random);
constexpr Change kChanges[] = {change_integer, change_integer, change_float, change_element, change_element,
                               exchange,       change_text,    change_kind,  share,          resize};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t limit, unsigned seed) {
  Random random(seed);
  auto parts = parse({reinterpret_cast<const char*>(data), size});
  if (!parts || below(random, 20) == 0) return LLVMFuzzerMutate == nullptr ? size : LLVMFuzzerMutate(data, size, limit);
  for (std::size_t times = 1 + below(random, 3); times > 0; --times)
    kChanges[below(random, std::size(kChanges))](*parts, random);
  const std::string out = write(*parts);
  if (out.size() > limit) return size;
  std::copy_n(out.data(), out.size(), reinterpret_cast<char*>(data));
  return out.size();
}
