// SPDX-License-Identifier: Apache-2.0
// The 68 opcodes of pickle protocols 0 to 5, one row each. The reader takes arguments and checks the stack by this
// table, and messages take names from it. Source: Lib/pickletools.py of CPython 3.13.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace slipway::pickle {

// What follows the opcode's byte. Integers are little-endian.
enum class Argument : std::uint8_t {
  kNone,
  kU1,
  kU2,
  kU4,
  kU8,
  kI4,
  kDouble,    // 8 bytes, big-endian
  kLine,      // text up to a newline
  kTwoLines,  // module and name
  kBytes1,    // a length of that many bytes, then the bytes
  kBytes4,
  kBytes8,
  kBytesI4,  // the length is signed, and must not be negative
};

struct Opcode {
  std::uint8_t byte;
  std::string_view name;
  Argument argument;
  bool mark;           // takes everything above the topmost MARK
  std::uint8_t needs;  // items it needs on top of the stack; below the MARK if `mark`
};

enum class Op : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kFloat = 'F',
  kInt = 'I',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kLong = 'L',
  kBinInt2 = 'M',
  kNone = 'N',
  kPersId = 'P',
  kBinPersId = 'Q',
  kReduce = 'R',
  kString = 'S',
  kBinString = 'T',
  kShortBinString = 'U',
  kUnicode = 'V',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kDict = 'd',
  kEmptyDict = '}',
  kAppends = 'e',
  kGet = 'g',
  kBinGet = 'h',
  kInst = 'i',
  kLongBinGet = 'j',
  kList = 'l',
  kEmptyList = ']',
  kObj = 'o',
  kPut = 'p',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kBinFloat = 'G',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kProto = 0x80,
  kNewObj = 0x81,
  kExt1 = 0x82,
  kExt2 = 0x83,
  kExt4 = 0x84,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kNewObjEx = 0x92,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
  kByteArray8 = 0x96,
  kNextBuffer = 0x97,
  kReadOnlyBuffer = 0x98,
};

inline constexpr Opcode kOpcodes[] = {
    {'(', "MARK", Argument::kNone, false, 0},
    {'.', "STOP", Argument::kNone, false, 1},
    {'0', "POP", Argument::kNone, false, 0},
    {'1', "POP_MARK", Argument::kNone, true, 0},
    {'2', "DUP", Argument::kNone, false, 1},
    {'F', "FLOAT", Argument::kLine, false, 0},
    {'I', "INT", Argument::kLine, false, 0},
    {'J', "BININT", Argument::kI4, false, 0},
    {'K', "BININT1", Argument::kU1, false, 0},
    {'L', "LONG", Argument::kLine, false, 0},
    {'M', "BININT2", Argument::kU2, false, 0},
    {'N', "NONE", Argument::kNone, false, 0},
    {'P', "PERSID", Argument::kLine, false, 0},
    {'Q', "BINPERSID", Argument::kNone, false, 1},
    {'R', "REDUCE", Argument::kNone, false, 2},
    {'S', "STRING", Argument::kLine, false, 0},
    {'T', "BINSTRING", Argument::kBytesI4, false, 0},
    {'U', "SHORT_BINSTRING", Argument::kBytes1, false, 0},
    {'V', "UNICODE", Argument::kLine, false, 0},
    {'X', "BINUNICODE", Argument::kBytes4, false, 0},
    {'a', "APPEND", Argument::kNone, false, 2},
    {'b', "BUILD", Argument::kNone, false, 2},
    {'c', "GLOBAL", Argument::kTwoLines, false, 0},
    {'d', "DICT", Argument::kNone, true, 0},
    {'}', "EMPTY_DICT", Argument::kNone, false, 0},
    {'e', "APPENDS", Argument::kNone, true, 1},
    {'g', "GET", Argument::kLine, false, 0},
    {'h', "BINGET", Argument::kU1, false, 0},
    {'i', "INST", Argument::kTwoLines, true, 0},
    {'j', "LONG_BINGET", Argument::kU4, false, 0},
    {'l', "LIST", Argument::kNone, true, 0},
    {']', "EMPTY_LIST", Argument::kNone, false, 0},
    {'o', "OBJ", Argument::kNone, true, 0},
    {'p', "PUT", Argument::kLine, false, 1},
    {'q', "BINPUT", Argument::kU1, false, 1},
    {'r', "LONG_BINPUT", Argument::kU4, false, 1},
    {'s', "SETITEM", Argument::kNone, false, 3},
    {'t', "TUPLE", Argument::kNone, true, 0},
    {')', "EMPTY_TUPLE", Argument::kNone, false, 0},
    {'u', "SETITEMS", Argument::kNone, true, 1},
    {'G', "BINFLOAT", Argument::kDouble, false, 0},
    {'B', "BINBYTES", Argument::kBytes4, false, 0},
    {'C', "SHORT_BINBYTES", Argument::kBytes1, false, 0},
    {0x80, "PROTO", Argument::kU1, false, 0},
    {0x81, "NEWOBJ", Argument::kNone, false, 2},
    {0x82, "EXT1", Argument::kU1, false, 0},
    {0x83, "EXT2", Argument::kU2, false, 0},
    {0x84, "EXT4", Argument::kI4, false, 0},
    {0x85, "TUPLE1", Argument::kNone, false, 1},
    {0x86, "TUPLE2", Argument::kNone, false, 2},
    {0x87, "TUPLE3", Argument::kNone, false, 3},
    {0x88, "NEWTRUE", Argument::kNone, false, 0},
    {0x89, "NEWFALSE", Argument::kNone, false, 0},
    {0x8a, "LONG1", Argument::kBytes1, false, 0},
    {0x8b, "LONG4", Argument::kBytesI4, false, 0},
    {0x8c, "SHORT_BINUNICODE", Argument::kBytes1, false, 0},
    {0x8d, "BINUNICODE8", Argument::kBytes8, false, 0},
    {0x8e, "BINBYTES8", Argument::kBytes8, false, 0},
    {0x8f, "EMPTY_SET", Argument::kNone, false, 0},
    {0x90, "ADDITEMS", Argument::kNone, true, 1},
    {0x91, "FROZENSET", Argument::kNone, true, 0},
    {0x92, "NEWOBJ_EX", Argument::kNone, false, 3},
    {0x93, "STACK_GLOBAL", Argument::kNone, false, 2},
    {0x94, "MEMOIZE", Argument::kNone, false, 1},
    {0x95, "FRAME", Argument::kU8, false, 0},
    {0x96, "BYTEARRAY8", Argument::kBytes8, false, 0},
    {0x97, "NEXT_BUFFER", Argument::kNone, false, 0},
    {0x98, "READONLY_BUFFER", Argument::kNone, false, 1},
};
static_assert(std::size(kOpcodes) == 68);

// By byte; nullptr where no opcode is.
inline constexpr auto kOpcodeByByte = [] {
  std::array<const Opcode*, 256> table{};
  for (const Opcode& opcode : kOpcodes) table[opcode.byte] = &opcode;
  return table;
}();

}  // namespace slipway::pickle
