// SPDX-License-Identifier: Apache-2.0
// The table, in the order of CPython's Lib/pickle.py.
#include "format/pickle/opcodes.h"

#include <iterator>

namespace slipway::pickle {
namespace {

constexpr Opcode kOpcodes[] = {
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

}  // namespace

std::span<const Opcode> all_opcodes() { return kOpcodes; }

constinit const std::array<const Opcode*, 256> kOpcodeByByte = [] {
  std::array<const Opcode*, 256> table{};
  for (const Opcode& opcode : kOpcodes) table[opcode.byte] = &opcode;
  return table;
}();

}  // namespace slipway::pickle
