// SPDX-License-Identifier: Apache-2.0
// Traps and limits, by streams written by hand; what plain streams mean is compared with CPython in fixtures_test.cc.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "format/pickle/opcodes.h"
#include "format/pickle/outline.h"
#include "format/pickle/test_support.h"

namespace slipway::pickle {
namespace {

using namespace test;

std::string repeat(std::string_view part, std::size_t times) {
  std::string out;
  out.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

template <class T>
std::string number(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

TEST(Opcodes, EachHasItsByteAndItsNameOnce) {
  for (const Opcode& opcode : all_opcodes()) {
    EXPECT_EQ(kOpcodeByByte[opcode.byte], &opcode) << opcode.name;
    for (const Opcode& other : all_opcodes())
      EXPECT_TRUE(&opcode == &other || opcode.name != other.name) << opcode.name;
  }
}

TEST(Opcodes, EachIsTakenOrRefusedByName) {
  for (const Opcode& opcode : all_opcodes()) {  // alone, with nothing behind it: most lack something, and say so
    const auto document = Document::read(FileBytes::of(std::string(1, static_cast<char>(opcode.byte))));
    ASSERT_FALSE(document);
    const bool complete = opcode.argument == Argument::kNone && !opcode.mark && opcode.needs == 0;
    if (!complete) EXPECT_NE(document.error().message().find(opcode.name), std::string::npos) << opcode.name;
  }
}

TEST(Reader, SaysWhereAndWhatIsMissing) {
  const Error error = refused("\x80\x04X\x10\x00\x00\x00"s + "abc");
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_EQ(error.message(), "byte 2: BINUNICODE: 16 bytes announced, but the file has 3 left");
  EXPECT_EQ(error.hint(), "The file is damaged or was only partly copied. Copy or save it again");
}

TEST(Reader, SaysWhichOpcodeFoundTooLittle) {
  EXPECT_EQ(refused("N\x86.").message(), "byte 1: TUPLE2: needs 2 on the stack, but there is 1");
  EXPECT_EQ(refused("NN(\x86.").message(), "byte 3: TUPLE2: needs 2 on the stack above the last MARK, but there are 0");
  EXPECT_EQ(refused("Nt.").message(), "byte 1: TUPLE: no MARK before it");
  EXPECT_EQ(refused("(e.").message(), "byte 1: APPENDS: nothing below its MARK to add to");
  EXPECT_EQ(refused("](]((e.").message(), "byte 5: APPENDS: nothing below its MARK to add to");
}

TEST(Reader, RefusesWhatIsOutsideTheFileByName) {
  struct Case {
    std::string stream, want;
  };
  const Case cases[] = {
      {"Pstorage\n.", "byte 0: PERSID: a persistent id: a part of this object is not in the file"},
      {"NQ.", "byte 1: BINPERSID: a persistent id: a part of this object is not in the file"},
      {"\x97.", "byte 0: NEXT_BUFFER: pickled with out-of-band buffers, which are not in this file"},
      {"\x82\x07.", "byte 0: EXT1: code 7 of Python's copyreg extension registry, which is not in the file"},
      {"\x83\x07\x01."s, "byte 0: EXT2: code 263 of Python's copyreg extension registry, which is not in the file"},
      {"\x84\x07\x00\x00\x00."s,
       "byte 0: EXT4: code 7 of Python's copyreg extension registry, which is not in the file"},
      {"\x80\x06N.", "byte 0: PROTO: pickle protocol 6; 0 to 5 are read"},
  };
  for (const Case& row : cases) {
    const Error error = refused(row.stream);
    EXPECT_EQ(error.code(), Code::kUnsupported) << row.want;
    EXPECT_EQ(error.message(), row.want);
    EXPECT_FALSE(error.hint().empty()) << row.want;
  }
}

TEST(Reader, RefusesArraysOfJoblibInOtherFilesWhereverTheyWereNamed) {
  for (const std::string_view name :
       {"joblib.numpy_pickle\nNDArrayWrapper", "sklearn.externals.joblib.numpy_pickle\nNDArrayWrapper",
        "joblib.numpy_pickle\nZNDArrayWrapper"}) {
    const std::string made = "c" + std::string(name) + "\n)\x81";
    const Error error = refused(made + "}b.");
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_EQ(error.message().find(fmt::format("byte {}: BUILD: ", made.size() + 1)), 0U) << error.message();
    EXPECT_NE(error.message().find("written by joblib before 0.10"), std::string::npos);
  }
  // As protocols 0 and 1 write it.
  EXPECT_EQ(
      refused("ccopy_reg\n_reconstructor\n(cjoblib.numpy_pickle\nNDArrayWrapper\nc__builtin__\nobject\nNtR}b").code(),
      Code::kUnsupported);
  // Another class of that name is nothing special.
  read("cmy.module\nNumpyArrayWrapper\n)\x81}b.");
}

TEST(Reader, IsStricterThanPythonWhereItsReadersDisagree) {
  // Octal for one, refused or decimal for the other.
  EXPECT_EQ(refused("I010\n.").message(), "byte 0: INT: '010' is no integer");
  for (const char* text : {"0x10", "1_000", " 1", "+1", "1 ", "--1", "-", "L", "1e3"}) {
    EXPECT_EQ(refused(fmt::format("I{}\n.", text)).code(), Code::kCorrupt) << text;
    EXPECT_EQ(refused(fmt::format("L{}\n.", text)).code(), Code::kCorrupt) << text;
  }
  for (const char* text : {"infinity", "nan(1)", "0x1p3", "1_0.0", " 1.0", "", "-", "1e", "NaN"}) {
    EXPECT_EQ(refused(fmt::format("F{}\n.", text)).code(), Code::kCorrupt) << text;
  }
}

TEST(Reader, AnOpcodeMayNotCrossTheEndOfItsFrame) {
  const std::string frame = "\x80\x04\x95";
  const auto length = [](std::uint64_t n) { return number(n); };
  // The argument of BINBYTES lies half outside: one of Python's readers follows it, the other does not.
  EXPECT_EQ(refused(frame + length(3) + "C\x04" + "abcd.").message(),
            "byte 11: SHORT_BINBYTES: 4 bytes announced, but the frame has 1 left");
  EXPECT_EQ(refused(frame + length(3) + "Kabcd\n.").code(), Code::kCorrupt);
  EXPECT_EQ(refused(frame + length(2) + "cos\nsystem\n.").message(),
            "byte 11: GLOBAL: the line has no end before the end of the file or frame");
  EXPECT_EQ(refused(frame + length(20) + "N\x95" + length(1) + repeat("N", 20) + ".").message(),
            "byte 12: FRAME: a frame begins inside another frame");
  // Between frames, large objects stand alone.
  const auto document = read(frame + length(1) + "(" + "C\x01x" + "\x95" + length(2) + "l.");
  EXPECT_EQ(show(document, document.root()), "[bytes:78]");
}

TEST(Reader, CountsThatLieAreRefusedBeforeAnythingIsAllocated) {
  const struct {
    const char* prefix;
    std::size_t width;
  } cases[] = {{"B", 4}, {"X", 4}, {"\x8e", 8}, {"\x8d", 8}, {"\x96", 8}, {"\x95", 8}, {"C", 1}, {"U", 1}, {"\x8c", 1}};
  for (const auto& [prefix, width] : cases) {
    for (const std::uint64_t claim : {std::uint64_t{6}, std::uint64_t{1} << 30, ~std::uint64_t{0}}) {
      if (width < 8 && claim >> (8 * width) != 0 && claim != ~std::uint64_t{0}) continue;
      const Error error = refused(prefix + number(claim).substr(0, width) + "1234.");
      EXPECT_EQ(error.code(), Code::kCorrupt) << error.message();
      EXPECT_NE(error.message().find("bytes announced, but the file has 5 left"), std::string::npos) << error.message();
    }
  }
}

TEST(Reader, AMemoIndexBeyondTheFileIsABomb) {
  const Error error = refused("Nr\xff\xff\xff\xff.");
  EXPECT_EQ(error.code(), Code::kTooLarge);
  EXPECT_EQ(error.message(),
            "byte 1: LONG_BINPUT: memo index 4294967295 in a pickle of 7 bytes: no pickler writes that");
  EXPECT_EQ(refused("Np18446744073709551615\n.").code(), Code::kTooLarge);
  EXPECT_EQ(refused("Np99999999999999999999\n.").code(), Code::kCorrupt);
  EXPECT_EQ(refused("Nj\xff\xff\xff\xff.").message(), "byte 1: LONG_BINGET: memo entry 4294967295 was never written");
}

TEST(Reader, LimitsHoldAndSaySo) {
  Limits few{.stack = 3, .marks = 2, .memo = 2, .nodes = 4, .line = 8, .name = 4, .digits = 5, .long_bytes = 9};
  EXPECT_EQ(refused("2222N", few).code(), Code::kCorrupt);
  EXPECT_EQ(refused("N2222.", few).message(), "byte 3: DUP: more than 3 items on the stack");
  EXPECT_EQ(refused("(((.", few).message(), "byte 2: MARK: more than 2 nested MARKs");
  EXPECT_EQ(refused("Nq\x02.", few).message(), "byte 1: BINPUT: memo index above 2");
  EXPECT_EQ(refused("N0N0N0N0N.", few).message(), "byte 8: NONE: more than 4 values");
  EXPECT_EQ(refused("Vabcdefghi\n.", few).message(), "byte 0: UNICODE: a line of more than 8 bytes, the limit for one");
  EXPECT_EQ(refused("I123456\n.", few).message(), "byte 0: INT: a number of more than 5 digits");
  EXPECT_EQ(refused("cabcde\nf\n.", few).message(), "byte 0: GLOBAL: a name of 5 bytes; the limit is 4");
  EXPECT_EQ(refused("\x8a\x0a" + repeat("x", 10) + ".", few).message(),
            "byte 0: LONG1: an integer of 10 bytes; the limit is 9");
  EXPECT_EQ(refused("Vabcdefgh\n.", {.file_bytes = 5}).code(), Code::kTooLarge);
  read("N2.");
}

TEST(Reader, NestingAMillionDeepNeedsNoStack) {
  constexpr std::size_t kDeep = 1'000'000;
  for (const std::string& stream :
       {"]" + repeat("]\x94", 0) + repeat("]", kDeep) + repeat("a", kDeep) + ".", "N" + repeat("\x85", kDeep) + ".",
        repeat("]2a", kDeep) + ".", "N" + repeat("\x85\x85\x85", kDeep / 3) + "."}) {
    const auto document = read(stream);
    EXPECT_GE(document.size(), kDeep - 1);
    const std::string text = outline_text(make_outline(document, {}));
    EXPECT_LT(text.size(), 100'000U);
  }
  EXPECT_EQ(refused(repeat("(", kDeep) + ".").message(), "byte 10000: MARK: more than 10000 nested MARKs");
}

TEST(Reader, ItemsAddedLaterAreSeenThroughTheMemo) {
  const auto document = read("(]p0\ng0\nI1\nag0\n(I2\nI3\neg0\nI4\nal.");
  const std::string filled = "[int:1 int:2 int:3 int:4]";
  EXPECT_EQ(show(document, document.root()), fmt::format("[{0} {0} {0} {0}]", filled));
}

TEST(Reader, ListsGrowByAppendAndAppends) {
  std::string stream = "]q\x00]q\x01"s;
  std::vector<std::int64_t> want;
  for (int i = 0; i < 9000; ++i) {  // two lists in turn, so that neither can grow where it is
    stream += "0h" + std::string(1, static_cast<char>(i % 2)) + "M" + number(static_cast<std::uint16_t>(i)) +
              (i % 3 == 0 ? "a" : "0");
    if (i % 3 == 0 && i % 2 == 0) want.push_back(i);
  }
  const auto document = read(stream + "0h\x00."s);
  std::vector<std::int64_t> got;
  for (const NodeId item : document.items(document.root())) got.push_back(document.integer(item));
  EXPECT_EQ(got, want);
}

TEST(Reader, DictsKeepWhatIsWrittenAndTheLastOneCounts) {
  const auto document = read(
      "}(U\x01"
      "aK\x01U\x01"
      "aK\x02X\x01\x00\x00\x00"
      "bK\x03u."s);
  EXPECT_EQ(show(document, document.root()), "{bytes:61=int:1 bytes:61=int:2 text:62=int:3}");
  EXPECT_EQ(show(document, find(document, document.root(), "a")), "int:2");
  EXPECT_EQ(show(document, find(document, document.root(), "b")), "int:3");
  EXPECT_EQ(find(document, document.root(), "c"), kNoNode);
}

TEST(Reader, CallsAreRecordsNotCalls) {
  const auto document = read(
      "cos\nsystem\n(X\x04\x00\x00\x00"
      "exittR."s);
  EXPECT_EQ(show(document, document.root()), "os.system(text:65786974)");
  const Object& object = document.object(document.root());
  EXPECT_EQ(object.made, Made::kReduce);
  EXPECT_EQ(document.offset(object.callable), 0U);
  EXPECT_EQ(document.offset(document.root()), 22U);
}

TEST(Reader, EveryWayToMakeAnObjectIsKept) {
  EXPECT_EQ(show(read("(K\x01ios\nsystem\n."), 2), "name:os.system");
  const auto inst = read("(K\x01ios\nsystem\n.");
  EXPECT_EQ(inst.object(inst.root()).made, Made::kInst);
  EXPECT_EQ(show(inst, inst.root()), "os.system(int:1)");
  const auto obj = read("(cos\nsystem\nK\x01o.");
  EXPECT_EQ(obj.object(obj.root()).made, Made::kObj);
  EXPECT_EQ(show(obj, obj.root()), "os.system(int:1)");
  const auto ex = read("ca\nB\nK\x01\x85}X\x01\x00\x00\x00kK\x02s\x92."s);
  EXPECT_EQ(show(ex, ex.root()), "a.B(int:1) kwargs={text:6b=int:2}");
  const auto built = read(
      "ca\nB\n)\x81}X\x01\x00\x00\x00kK\x02sb(K\x05K\x06"
      "e(K\x07K\x08u."s);
  EXPECT_EQ(show(built, built.root()), "a.B() state={text:6b=int:2} items=int:5 int:6 pairs=int:7 int:8");
}

TEST(Reader, CallsThatAreThrownAwayAreStillListed) {
  const auto document = read("cos\nsystem\n)R0cos\nsystem\n)R0cnt\nsystem\n)R0N.");
  const auto callables = document.callables();
  ASSERT_EQ(callables.size(), 2U);
  EXPECT_EQ(show(document, callables[0]), "name:os.system");
  EXPECT_EQ(show(document, callables[1]), "name:nt.system");
}

TEST(Reader, AFileThatChangesAModuleIsRefused) {
  const Error error = refused("cos\nsystem\n}b.");
  EXPECT_EQ(error.code(), Code::kRefused);
  EXPECT_EQ(error.message(), "byte 12: BUILD: sets attributes of the name os.system itself, not of an object");
}

TEST(Reader, TextThatIsNoPickleIsCalledSo) {
  EXPECT_EQ(refused("?hello").code(), Code::kRefused);
  EXPECT_EQ(refused("?hello").message(), "byte 0: not a pickle: no opcode is written 0x3f");
}

TEST(Reader, TrailingBytesAreCounted) {
  const auto document = read("N.N.");
  EXPECT_EQ(document.end_offset(), 2U);
  EXPECT_EQ(document.trailing_bytes(), 2U);
}

TEST(ReadPartial, GoesOnInAFrameThatWasCutOff) {
  const auto partial = Document::read_partial(FileBytes::of("\x80\x04\x95" + number(std::uint64_t{100}) + "]K\x07"));
  ASSERT_TRUE(partial.error);
  EXPECT_EQ(partial.error->message(), "byte 2: FRAME: 100 bytes announced, but the file has 3 left");
  EXPECT_EQ(partial.document.unfinished().size(), 2U);
}

TEST(ReadPartial, KeepsWhatWasReadAndTheStack) {
  const auto partial =
      Document::read_partial(FileBytes::of("K\x07]K\x08"
                                           "aX\xff\xff\xff\xff"));
  ASSERT_TRUE(partial.error);
  EXPECT_EQ(partial.document.root(), kNoNode);
  EXPECT_EQ(partial.document.end_offset(), 6U);
  const auto left = partial.document.unfinished();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(show(partial.document, left[0]), "int:7");
  EXPECT_EQ(show(partial.document, left[1]), "[int:8]");
}

TEST(ClassOf, LooksThroughReconstructorsAndOldModuleNames) {
  const auto document = read(
      "(ccopy_reg\n_reconstructor\n(ca\nB\nc__builtin__\nobject\nNtRc__builtin__\nxrange\n)Rc__builtin__\nset\n)R"
      "ccopyreg\n__newobj__\nca\nC\n\x85R)2\x86)R0l.");
  const auto items = document.items(document.root());
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(class_of(document, items[0]).name, "B");
  EXPECT_EQ(class_of(document, items[1]).module, "builtins");
  EXPECT_EQ(class_of(document, items[1]).name, "range");
  EXPECT_EQ(class_of(document, items[2]).module, "builtins");
  EXPECT_EQ(class_of(document, items[3]).name, "C");
  // A callable that is no name has no class, whatever it is.
  const auto computed = read("])R.");
  EXPECT_EQ(class_of(computed, computed.root()).name, "");
}

}  // namespace
}  // namespace slipway::pickle
