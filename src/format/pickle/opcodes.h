// SPDX-License-Identifier: Apache-2.0
// The 68 opcodes of pickle protocols 0 to 5, one row each. The reader takes arguments and checks the stack by this
// table, and messages take names from it. Source: Lib/pickletools.py of CPython 3.13.
#pragma once

#include <array>
#include <cstdint>
#include <span>
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

// All 68, and the same by byte: nullptr where no opcode is.
std::span<const Opcode> all_opcodes();
extern const std::array<const Opcode*, 256> kOpcodeByByte;

}  // namespace slipway::pickle
