// SPDX-License-Identifier: Apache-2.0
// The index takes the text apart: its digits in one row, without gaps, and the other characters, each with the count of
// digits before it. So a number's digits are where the count of the stop before says, and what it looks like is said by
// the one to five characters up to its own stop: nothing of this is a branch, and sixteen numbers are looked at side by
// side. Nineteen places of digits, zeros behind the last, are the sum of two doubles; a power of ten is one, too, with
// an error below 2^-105. So is their product, but for 2^-100 of it; if it rounds to the same double with that much more
// and less, that is the number correctly rounded. If not, it lies half way between two doubles, and is left.
#include "serve/plain_avx512.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace slipway::serve::avx512 {

bool NumberGroup::add(std::uint32_t column, std::uint32_t field) {
  const auto lane = std::size_t(std::popcount(lanes));
  if (lane == kMost) return false;
  columns[lane] = column;
  fields[lane] = field;
  adjacent = adjacent && (lane == 0 || (column == columns[lane - 1] + 1 && field == fields[lane - 1] + 1));
  lanes = std::uint16_t(lanes << 1 | 1);
  return true;
}

#if defined(__x86_64__)

bool available(char delimiter) {
  return std::string_view(",;\t|").contains(delimiter) && __builtin_cpu_supports("x86-64-v4") &&
         __builtin_cpu_supports("avx512vbmi2");
}

namespace {

using model::Cell;

constexpr std::uint32_t kBlock = 64;
constexpr int kPlaces = 19;

// For each low half of a byte the stop that has it, so that a byte is a stop if it finds itself; else a byte that has
// another low half.
using Halves = std::array<char, 16>;
constexpr Halves halves(char delimiter) {
  Halves out{};
  out[0] = 1;
  for (const char c : {'"', '\n', '\r', delimiter}) out[std::size_t(c) & 15] = c;
  return out;
}

constexpr auto kIota = [] {
  std::array<char, kBlock> out{};
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = char(i);
  return out;
}();

// 10^q as the sum of two doubles: the first 53 bits, and the next 53.
constexpr int kLeast = -kPlaces - 99, kMost = 99;
struct Powers {
  std::array<double, kMost - kLeast + 1> high{}, low{};
};
double power_of_two(int exponent) { return std::bit_cast<double>(std::uint64_t(1023 + exponent) << 52); }
const Powers kPowers = [] {
  Powers out;
  for (int q = kLeast; q <= kMost; ++q) {
    const auto* five =
        fast_float::powers::power_of_five_128 + std::ptrdiff_t{2} * (q - fast_float::powers::smallest_power_of_five);
    const int exponent = (217706 * q) >> 16;  // of two: that of 10^q
    const auto i = std::size_t(q - kLeast);
    out.high[i] = double(five[0] >> 11) * power_of_two(exponent - 52);
    const std::uint64_t next = (five[0] & 0x7FF) << 42 | five[1] >> 22;
    out.low[i] = double(next) * power_of_two(exponent - 105);
  }
  return out;
}();

}  // namespace

#pragma clang attribute push(                                                                                 \
    __attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi2,bmi,bmi2,lzcnt,popcnt"))), \
    apply_to = function)

namespace {

void make_room(std::size_t size, PlainIndex& out) {
  const std::size_t room = size + 2 * kBlock;
  if (out.rank.size() >= room) return;
  for (auto* bytes : {&out.digits, &out.mark_is}) bytes->resize(room);
  for (auto* numbers : {&out.rank, &out.stop_mark, &out.ends}) numbers->resize(room);
}

__m512i iota() { return _mm512_loadu_si512(kIota.data()); }

// Writes base + bytes[i] for each i below `count`; and more behind, which mean nothing.
void write(std::uint32_t* out, __m512i bytes, int count, std::uint32_t base) {
  const auto sixteen = [&](int at) {
    const auto wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes));
    _mm512_storeu_si512(out + at, _mm512_add_epi32(wide, _mm512_set1_epi32(int(base))));
  };
  sixteen(0);
  for (int at = 16; at < count; at += 16) {
    bytes = _mm512_alignr_epi64(bytes, bytes, 2);
    sixteen(at);
  }
}

}  // namespace

void index(std::string_view text, char delimiter, PlainIndex& out) {
  make_room(text.size(), out);
  out.begin = text.data();
  out.size = text.size();
  out.next_end = 0;
  const Halves specials = halves(delimiter);
  const auto table = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(specials.data())));
  out.rank[0] = out.stop_mark[0] = 0;
  std::uint32_t mark = 1, digit = 0, stop = 1, end = 0;
  for (std::size_t at = 0; at < text.size(); at += kBlock) {
    const auto bytes = _mm512_loadu_si512(text.data() + at);
    const std::uint64_t there = _bzhi_u64(~std::uint64_t{0}, unsigned(std::min<std::size_t>(text.size() - at, kBlock)));
    const auto values = _mm512_sub_epi8(bytes, _mm512_set1_epi8('0'));
    const std::uint64_t digits = _mm512_cmplt_epu8_mask(values, _mm512_set1_epi8(10)) & there;
    const std::uint64_t marks = ~digits & there;
    _mm512_storeu_si512(out.digits.data() + digit, _mm512_maskz_compress_epi8(digits, values));
    const auto is = _mm512_maskz_compress_epi8(marks, bytes);
    _mm512_storeu_si512(out.mark_is.data() + mark, is);
    const auto ranks = _mm512_sub_epi8(_mm512_maskz_compress_epi8(marks, iota()), iota());
    write(out.rank.data() + mark, ranks, std::popcount(marks), digit);
    const std::uint64_t stops = _mm512_cmpeq_epi8_mask(is, _mm512_shuffle_epi8(table, is));
    write(out.stop_mark.data() + stop, _mm512_maskz_compress_epi8(stops, iota()), std::popcount(stops), mark);
    std::uint64_t ends = _mm512_mask_cmpneq_epi8_mask(stops, is, _mm512_set1_epi8(delimiter));
    do {  // one at least, which is written over if there is none
      out.ends[end] = stop + std::uint32_t(std::popcount(stops & (_blsmsk_u64(ends) >> 1)));
      end += ends != 0 ? 1 : 0;
      ends &= ends - 1;
    } while (ends != 0);
    mark += std::uint32_t(std::popcount(marks));
    digit += std::uint32_t(std::popcount(digits));
    stop += std::uint32_t(std::popcount(stops));
  }
  out.ends[end] = ~std::uint32_t{0};
  out.stops = stop;
}

namespace {

__m512i all(int value) { return _mm512_set1_epi32(value); }

// What the marks say of sixteen numbers, in lanes of 32 bits.
struct Parts {
  __m512i digit;     // the first
  __m512i count;     // of digits
  __m512i exponent;  // of ten, if nineteen places are an integer
  __mmask16 negative, integer, plain;
};

// Takes the exponents of numbers as "1.5e-05" off. `point`: the mark that is their point.
void take_exponents(const PlainIndex& index, __m512i point, __m512i chars, __m512i stop_rank, __mmask16 wanted,
                    Parts& parts) {
  const auto zero = _mm512_setzero_si512();
  const auto rank = [&](int ahead) {
    return _mm512_mask_i32gather_epi32(zero, wanted, point, index.rank.data() + ahead, 4);
  };
  const auto e = rank(1);
  const auto last_two = _mm512_sub_epi32(_mm512_max_epu32(stop_rank, all(2)), all(2));
  const auto tail = _mm512_mask_i32gather_epi32(zero, wanted, last_two, index.digits.data(), 1);
  const auto head = _mm512_and_si512(chars, all(0xFFFFFF));
  const __mmask16 minus = _mm512_cmpeq_epi32_mask(head, all('.' | 'e' << 8 | '-' << 16));
  const __mmask16 sign = minus | _mm512_cmpeq_epi32_mask(head, all('.' | 'e' << 8 | '+' << 16));
  const __mmask16 two =
      _mm512_cmpeq_epi32_mask(rank(2), e) & _mm512_cmpeq_epi32_mask(_mm512_sub_epi32(stop_rank, e), all(2));
  const auto tens = _mm512_and_si512(tail, all(15)), ones = _mm512_and_si512(_mm512_srli_epi32(tail, 8), all(15));
  const auto size = _mm512_add_epi32(_mm512_mullo_epi32(tens, all(10)), ones);
  const auto value = _mm512_mask_sub_epi32(size, minus, zero, size);
  const __mmask16 found = wanted & sign & two;
  parts.count = _mm512_mask_sub_epi32(parts.count, found, e, parts.digit);
  parts.exponent = _mm512_mask_add_epi32(parts.exponent, found, parts.exponent, value);
  parts.plain = __mmask16(parts.plain | found);
}

std::uint32_t first_of(__m512i lanes) { return std::uint32_t(_mm_cvtsi128_si32(_mm512_castsi512_si128(lanes))); }

// Of the fields between the marks `before` and `stop`; `adjacent` if each begins where the one before it ends.
Parts parts_of(const PlainIndex& index, __m512i before, __m512i stop, bool adjacent) {
  const auto one = all(1);
  const auto rank = [&](__m512i mark) { return _mm512_i32gather_epi32(mark, index.rank.data(), 4); };
  const auto first = _mm512_add_epi32(before, one);
  const auto chars = _mm512_i32gather_epi32(first, index.mark_is.data(), 1);
  const auto stop_rank = rank(stop);
  // What a column ends with, the next one begins with.
  const auto digit =
      adjacent ? _mm512_alignr_epi32(stop_rank, all(int(index.rank[first_of(before)])), 15) : rank(before);
  const auto is = [&](__m512i of, char c) { return _mm512_cmpeq_epi32_mask(_mm512_and_si512(of, all(0xFF)), all(c)); };
  const __mmask16 negative = is(chars, '-') & _mm512_cmpeq_epi32_mask(rank(first), digit);
  const auto point = _mm512_mask_add_epi32(first, negative, first, one);
  const auto behind = _mm512_mask_srli_epi32(chars, negative, chars, 8);
  const auto marks = _mm512_sub_epi32(stop, point);  // of which the stop is none
  const auto count = _mm512_sub_epi32(stop_rank, digit);
  const __mmask16 integer = _mm512_testn_epi32_mask(marks, marks);
  const __mmask16 pointed = _mm512_cmpeq_epi32_mask(marks, one) & is(behind, '.');
  const auto whole = _mm512_sub_epi32(rank(point), digit);
  const __mmask16 three = _mm512_cmpeq_epi32_mask(marks, all(3));
  Parts out{digit, count, _mm512_sub_epi32(whole, all(kPlaces)), negative, integer, pointed};
  if (three != 0) take_exponents(index, point, behind, stop_rank, three, out);
  const auto least = _mm512_sub_epi32(out.count, one);
  out.plain = __mmask16((out.plain & _mm512_cmplt_epu32_mask(least, all(kPlaces))) |
                        (integer & _mm512_cmplt_epu32_mask(least, all(15))));
  return out;
}

// Of each eight bytes the first, as many bits of them as `bits` says; zeros behind.
__m512i first_bytes(__m512i bytes, __m512i bits) {
  return _mm512_andnot_si512(_mm512_sllv_epi64(_mm512_set1_epi64(-1), bits), bytes);
}

// The places 16 to 18 of sixteen numbers as integers.
__m512i last_places(const PlainIndex& index, const Parts& parts) {
  const auto text = _mm512_i32gather_epi32(parts.digit, index.digits.data() + 16, 1);
  const auto bits = _mm512_slli_epi32(_mm512_subs_epu16(parts.count, all(16)), 3);
  const auto kept = _mm512_andnot_si512(_mm512_sllv_epi32(all(-1), bits), text);
  return _mm512_madd_epi16(_mm512_maddubs_epi16(kept, all(0x0001010A)), all(0x0001000A));
}

// What is the same of sixteen numbers: which tables and which of their places are needed.
struct Extent {
  bool second;  // some have more than eight digits
  bool last;    // some have more than sixteen
  bool far;     // some need a power of ten that is not near
};
constexpr int kNear = 16;  // powers from 10^-19

Extent extent_of(const Parts& parts) {
  const auto some = [&](__m512i of, int limit) {
    return _mm512_mask_cmpgt_epu32_mask(parts.plain, of, all(limit)) != 0;
  };
  return {some(parts.count, 8), some(parts.count, 16), some(_mm512_add_epi32(parts.exponent, all(kPlaces)), kNear - 1)};
}

// Eight numbers, in lanes of 64 bits.
struct Eight {
  __m256i digit, count, exponent, last;
};

// The first sixteen places: eight of them in the lower half of a lane, eight in the upper.
__m512i first_places(const PlainIndex& index, const Eight& of, bool second) {
  const auto text = [&](int ahead) { return _mm512_i32gather_epi64(of.digit, index.digits.data() + ahead, 1); };
  const auto bits = _mm512_slli_epi64(_mm512_cvtepu32_epi64(of.count), 3);
  const auto fours = [](__m512i digits) {
    return _mm512_madd_epi16(_mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010A)), all(0x00010064));
  };
  auto upper = _mm512_setzero_si512();
  if (second) upper = fours(first_bytes(text(8), _mm512_subs_epu16(bits, _mm512_set1_epi64(64))));
  const auto packed = _mm512_packus_epi32(fours(first_bytes(text(0), bits)), upper);
  // Of two lanes side by side: the lower halves of both, then the upper ones.
  return _mm512_shuffle_epi32(_mm512_madd_epi16(packed, all(0x00012710)), _MM_PERM_DBCA);
}

__m512d power_of_ten(const double* table, __m256i exponent, bool far) {
  if (far) return _mm512_i32gather_pd(_mm256_sub_epi32(exponent, _mm256_set1_epi32(kLeast)), table, 8);
  const double* const near = table - kPlaces - kLeast;  // of which the lowest bits choose
  const auto at = _mm512_cvtepi32_epi64(_mm256_add_epi32(exponent, _mm256_set1_epi32(kPlaces)));
  return _mm512_permutex2var_pd(_mm512_loadu_pd(near), at, _mm512_loadu_pd(near + kNear / 2));
}

struct Rounded {
  __m512d value;
  __mmask8 sure;
};
Rounded rounded(const PlainIndex& index, const Eight& of, const Extent& extent) {
  const auto sixteen = first_places(index, of, extent.second);
  const auto real = [](__m512i integer) { return _mm512_cvtepi64_pd(integer); };
  // All of these are exact: 10^11 has 26 bits that are not zero, eight digits have 27.
  const auto large =
      _mm512_mul_pd(real(_mm512_and_si512(sixteen, _mm512_set1_epi64(0xFFFFFFFF))), _mm512_set1_pd(1e11));
  const auto small =
      _mm512_fmadd_pd(real(_mm512_srli_epi64(sixteen, 32)), _mm512_set1_pd(1e3), _mm512_cvtepi32_pd(of.last));
  const auto sum = _mm512_add_pd(large, small);
  const auto rest = _mm512_sub_pd(small, _mm512_sub_pd(sum, large));
  const auto high = power_of_ten(kPowers.high.data(), of.exponent, extent.far);
  const auto low = power_of_ten(kPowers.low.data(), of.exponent, extent.far);
  const auto product = _mm512_mul_pd(sum, high);
  auto error = _mm512_fmsub_pd(sum, high, product);
  error = _mm512_fmadd_pd(rest, high, _mm512_fmadd_pd(sum, low, error));
  const auto doubt = _mm512_set1_pd(0x1p-99);
  const auto least = _mm512_add_pd(product, _mm512_fnmadd_pd(product, doubt, error));
  const auto most = _mm512_add_pd(product, _mm512_fmadd_pd(product, doubt, error));
  return {least, _mm512_cmp_pd_mask(least, most, _CMP_EQ_OQ)};
}

// A cell is a word with its kind and one with its value.
static_assert(sizeof(Cell) == 16 && offsetof(Cell, kind) == 0 && offsetof(Cell, real) == 8 &&
              offsetof(Cell, integer) == 8 && std::endian::native == std::endian::little);

void store_cells(__m512d size, __mmask8 negative, __mmask8 integer, Cell* to, __mmask8 lanes) {
  auto value = _mm512_castpd_si512(size);
  const auto sign = _mm512_set1_epi64(std::int64_t{1} << 63);
  const auto zero = _mm512_setzero_si512();
  value = _mm512_mask_xor_epi64(value, negative, value, sign);
  auto kinds = _mm512_set1_epi64(int(Cell::Kind::kReal));
  if (integer != 0) {
    const auto whole = _mm512_cvttpd_epi64(size);
    value = _mm512_mask_mov_epi64(value, integer, _mm512_mask_sub_epi64(whole, negative, zero, whole));
    kinds = _mm512_mask_mov_epi64(kinds, integer, _mm512_set1_epi64(int(Cell::Kind::kInt)));
  }
  const auto low = _mm512_permutex2var_epi64(kinds, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), value);
  const auto high = _mm512_permutex2var_epi64(kinds, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), value);
  if (lanes == 0xFF) {
    _mm512_storeu_si512(to, low);
    _mm512_storeu_si512(to + 4, high);
    return;
  }
  const std::uint32_t words = _pdep_u32(lanes, 0x5555) * 3;
  _mm512_mask_storeu_epi64(to, __mmask8(words), low);
  _mm512_mask_storeu_epi64(to + 4, __mmask8(words >> 8), high);
}

// Gives a bit for each number that was read.
[[gnu::always_inline]] inline __mmask16 read_sixteen(const PlainIndex& index, __m512i before, __m512i stop,
                                                     __mmask16 lanes, bool adjacent, Cell* to) {
  const Parts parts = parts_of(index, before, stop, adjacent);
  const Extent extent = extent_of(parts);
  const auto last = extent.last ? last_places(index, parts) : _mm512_setzero_si512();
  const auto exponent = _mm512_maskz_mov_epi32(parts.plain, parts.exponent);  // of what is not plain it may be any
  unsigned sure = 0;
  const auto half = [&](int i) {
    const auto of = [&](__m512i both) {
      return i == 0 ? _mm512_castsi512_si256(both) : _mm512_extracti64x4_epi64(both, 1);
    };
    const Eight eight{of(parts.digit), of(parts.count), of(exponent), of(last)};
    const Rounded number = rounded(index, eight, extent);
    const auto bits = [&](__mmask16 mask) { return __mmask8(mask >> 8 * i); };
    store_cells(number.value, bits(parts.negative), bits(parts.integer), to + std::ptrdiff_t{8} * i, bits(lanes));
    sure |= unsigned{number.sure} << 8 * i;
  };
  half(0);
  if (lanes >> 8 != 0) half(1);
  return __mmask16(parts.plain & sure);
}

// Reads a group whose columns or fields do not follow one another.
[[gnu::noinline]] void read_scattered(const PlainIndex& index, const std::uint32_t* stops, NumberGroup& group,
                                      Cell* cells) {
  const auto zero = _mm512_setzero_si512();
  const auto columns = _mm512_loadu_si512(group.columns.data());
  const auto stop = _mm512_mask_i32gather_epi32(zero, group.lanes, columns, stops, 4);
  const auto before = _mm512_mask_i32gather_epi32(zero, group.lanes, columns, stops - 1, 4);
  Cell made[NumberGroup::kMost];
  group.left = std::uint16_t(group.lanes & ~read_sixteen(index, before, stop, group.lanes, false, made));
  for (std::uint32_t left = group.lanes; left != 0; left &= left - 1) {
    const auto lane = std::size_t(std::countr_zero(left));
    cells[group.fields[lane]] = made[lane];
  }
}

}  // namespace

void read_numbers(const PlainIndex& index, std::size_t row, std::span<NumberGroup> groups, Cell* cells) {
  const std::uint32_t* const stops = index.stop_mark.data() + row;
  for (NumberGroup& group : groups) {
    if (!group.adjacent) {
      read_scattered(index, stops, group, cells);
      continue;
    }
    const __mmask16 lanes = group.lanes;
    const auto stop = _mm512_maskz_loadu_epi32(lanes, stops + group.columns[0]);
    const auto before = _mm512_maskz_loadu_epi32(lanes, stops + group.columns[0] - 1);
    group.left = std::uint16_t(lanes & ~read_sixteen(index, before, stop, lanes, true, cells + group.fields[0]));
  }
}

#pragma clang attribute pop
#else

bool available(char) { return false; }
void index(std::string_view, char, PlainIndex&) {}
void read_numbers(const PlainIndex&, std::size_t, std::span<NumberGroup>, model::Cell*) {}

#endif

}  // namespace slipway::serve::avx512
