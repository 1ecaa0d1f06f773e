// SPDX-License-Identifier: Apache-2.0
// Signatures are from each format's specification; the messages are part of the product and pinned.
#include "format/pickle/sniff.h"

#include <gtest/gtest.h>

#include <string>

#include "format/pickle/document.h"
#include "format/pickle/test_support.h"
#include "format/pickle/unpack.h"

namespace slipway::pickle {
namespace {

using namespace std::string_literals;

std::string zip_with(const std::string& name) {
  std::string central = "PK\x01\x02" + std::string(24, '\0') + std::string(1, static_cast<char>(name.size())) +
                        std::string(17, '\0') + name;
  std::string local = "PK\x03\x04" + std::string(26, '\0');
  const auto start = static_cast<char>(local.size());
  return local + central + "PK\x05\x06" + std::string(4, '\0') + "\x01\0\x01\0"s + std::string(4, '\0') +
         std::string(1, start) + std::string(5, '\0');
}

struct Case {
  FileKind kind;
  std::string bytes;
  std::string message;
};

std::vector<Case> cases() {
  return {
      {FileKind::kEmpty, "", "the file is empty"},
      {FileKind::kGitLfsPointer, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
       "a Git LFS pointer: a few lines of text that stand for the model, not the model"},
      {FileKind::kHtml, "\n <!DOCTYPE HTML><html><title>404</title>",
       "an HTML page, not a model: probably what a server said instead of a download"},
      {FileKind::kHtml, "<html lang=en>",
       "an HTML page, not a model: probably what a server said instead of a download"},
      {FileKind::kPyTorchZip, zip_with("archive/data.pkl"),
       "a PyTorch model (a zip archive with data.pkl): its tensors stand outside its pickle; PyTorch is not read by "
       "this version"},
      {FileKind::kSkops, zip_with("schema.json"),
       "a skops file (a zip archive with schema.json), not a pickle; skops is not read by this version"},
      {FileKind::kZip, zip_with("model.pkl"), "a zip archive, not a pickle; archives are not read by this version"},
      {FileKind::kZip, "PK\x03\x04 cut off", "a zip archive, not a pickle; archives are not read by this version"},
      {FileKind::kHdf5, "\x89HDF\r\n\x1a\n\0"s,
       "an HDF5 file (Keras, perhaps), not a pickle; HDF5 is not read by this version"},
      {FileKind::kOnnx, "\x08\x08\x12\x07skl2onnx\x1a\x04"s,
       "an ONNX model, not a pickle; ONNX is not read by this version"},
      {FileKind::kNumpy, "\x93NUMPY\x01\0v\0{'descr'"s,
       "a NumPy array (.npy), not a pickled model: an array has no predict"},
      {FileKind::kJson, "{\"learner\": {}}",
       "JSON text, not a pickle; models in JSON (XGBoost writes such) are not read by this version"},
      {FileKind::kJson, " [1, 2]",
       "JSON text, not a pickle; models in JSON (XGBoost writes such) are not read by this version"},
      {FileKind::kXgboostUbjson, "{L\0\0\0\0\0\0\0\x07learner{"s,
       "an XGBoost model in UBJSON, not a pickle; XGBoost is not read by this version"},
      {FileKind::kLightgbmText, "tree\nversion=v4\nnum_class=1\n",
       "a LightGBM model in text, not a pickle; LightGBM is not read by this version"},
      {FileKind::kCatBoost, "CBM1\x04\0\0\0abcd"s,
       "a CatBoost model (.cbm), not a pickle; CatBoost is not read by this version"},
      {FileKind::kSafetensors, "\x02\0\0\0\0\0\0\0{}"s,
       "a safetensors file: tensors without the model that they belong to; not read by this version"},
      {FileKind::kTar, "model.pkl" + std::string(248, '\0') + "ustar" + std::string(300, '\0'),
       "a tar archive, not a pickle; archives are not read by this version"},
  };
}

const std::pair<FileKind, std::string> kPacked[] = {
    {FileKind::kGzip, "\x1f\x8b\x08\0"s},
    {FileKind::kZlib, "\x78\x9c\xed\x57"},
    {FileKind::kZlib, "\x78\x01\xed\x57"},
    {FileKind::kBzip2, "BZh91AY&SY\x12"},
    {FileKind::kXz,
     "\xfd"
     "7zXZ\0\0\x04"s},
    {FileKind::kLzma, "\x5d\0\0\x80\0"s},
    {FileKind::kLz4, "\x04\x22\x4d\x18\x64"},
    {FileKind::kZstd, "\x28\xb5\x2f\xfd\x04"},
    {FileKind::kJoblibZ, "ZF0x1a2b               "},
};

TEST(Sniff, KnowsWhatIsCompressedAndSaysWhyNotTwice) {
  for (const auto& [kind, bytes] : kPacked) {
    EXPECT_EQ(sniff(bytes), kind);
    EXPECT_NE(packing_name(kind), "");
    EXPECT_EQ(refusal(kind).message().find("compressed twice: "), 0U) << refusal(kind).message();
    EXPECT_FALSE(refusal(kind).hint().empty());
  }
}

TEST(Sniff, KnowsEachKindAndSaysWhyItIsRefused) {
  for (const Case& row : cases()) {
    EXPECT_EQ(sniff(row.bytes), row.kind) << row.message;
    const auto document = Document::read(FileBytes::of(row.bytes));
    ASSERT_FALSE(document) << row.message;
    EXPECT_EQ(document.error().message(), row.message);
    EXPECT_FALSE(document.error().hint().empty()) << row.message;
  }
}

TEST(Sniff, EveryKindHasACase) {
  const auto all = cases();
  for (int kind = int(FileKind::kEmpty); kind <= int(FileKind::kTar); ++kind) {
    if (!packing_name(FileKind(kind)).empty()) continue;
    EXPECT_TRUE(std::ranges::any_of(all, [&](const Case& row) { return int(row.kind) == kind; })) << kind;
  }
}

TEST(Sniff, LeavesPicklesAlone) {
  const std::string pickles[] = {
      "\x80\x04\x95",
      "(lp0\n.",
      "(dp0\n.",
      "I1\n.",
      "cos\nsystem\n.",
      "BZh9\0"s,
      "B\x01\0\0\0x."s,
      "]\x94.",
      "CB2.",
      "PK\x01\n.",
      "}.",
      "t.",
      "version",  // nothing like a pickle, and no known kind either
      "CBM1\xff\xff\xff\x7f",
      "{L",
      "x\x9d",
  };
  for (const std::string& bytes : pickles) EXPECT_EQ(sniff(bytes), FileKind::kPickle) << bytes;
}

TEST(Sniff, ReadsNothingBeyondACutFile) {
  for (const Case& row : cases()) {
    for (std::size_t size = 0; size <= row.bytes.size(); ++size) sniff(std::string(row.bytes.substr(0, size)));
  }
  for (std::size_t at = 0; at < zip_with("a/data.pkl").size(); ++at) {
    std::string bytes = zip_with("a/data.pkl");
    bytes[at] = '\xff';
    sniff(bytes);
  }
}

}  // namespace
}  // namespace slipway::pickle
