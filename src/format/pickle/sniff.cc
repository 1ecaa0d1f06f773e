// SPDX-License-Identifier: Apache-2.0
// Signatures, most of which cannot begin a pickle because their first byte is no opcode; the others are checked far
// enough that a pickle is never taken for something else. A pickle itself has no signature before protocol 2.
#include "format/pickle/sniff.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>

#include "base/result.h"

namespace slipway::pickle {
namespace {

using namespace std::string_view_literals;

template <class T>
T number_at(std::string_view bytes, std::size_t at) {
  T value{};
  if (at <= bytes.size() && bytes.size() - at >= sizeof(T)) std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

struct Signature {
  std::string_view prefix;
  FileKind kind;
};

// A prefix is enough for these.
constexpr Signature kSignatures[] = {
    {"version https://git-lfs"sv, FileKind::kGitLfsPointer},
    {"\x89HDF\r\n\x1a\n"sv, FileKind::kHdf5},
    {"\x93NUMPY"sv, FileKind::kNumpy},
    {"\x1f\x8b"sv, FileKind::kGzip},
    {"\xfd"
     "7zXZ\0"sv,
     FileKind::kXz},
    {"\x5d\0\0"sv, FileKind::kLzma},
    {"\x04\x22\x4d\x18"sv, FileKind::kLz4},
    {"\x28\xb5\x2f\xfd"sv, FileKind::kZstd},
    {"ZF0x"sv, FileKind::kJoblibZ},
    {"tree\nversion="sv, FileKind::kLightgbmText},
    {"{L\0\0"sv, FileKind::kXgboostUbjson},
};

std::string_view without_blanks(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == text.npos ? std::string_view() : text.substr(first);
}

bool starts_with_any_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char want, char c) { return (c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c) == want; });
}

bool is_html(std::string_view bytes) {
  const std::string_view text = without_blanks(bytes);
  constexpr std::string_view kOpenings[] = {"<!doctype html", "<html", "<head", "<body"};
  return std::ranges::any_of(kOpenings, [&](std::string_view tag) { return starts_with_any_case(text, tag); });
}

bool is_json(std::string_view bytes) {
  const std::string_view text = without_blanks(bytes);
  if (text.size() < 2 || (text[0] != '{' && text[0] != '[')) return false;
  const std::string_view next = without_blanks(text.substr(1));
  return !next.empty() && "\"{}[]-0123456789tfn"sv.find(next[0]) != std::string_view::npos;
}

bool is_zlib(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != 0x78) return false;
  const auto flags = static_cast<unsigned char>(bytes[1]);
  return (0x78 * 256 + flags) % 31 == 0 && (flags & 0x20) == 0;
}

// "BZh9" alone could be BINBYTES of a pickle: the block's own magic must follow.
bool is_bzip2(std::string_view bytes) {
  if (!bytes.starts_with("BZh") || bytes.size() < 10 || bytes[3] < '1' || bytes[3] > '9') return false;
  const std::string_view block = bytes.substr(4, 6);
  return block == "1AY&SY" || block == "\x17\x72\x45\x38\x50\x90";
}

// ModelProto: field 1 (ir_version, a small varint), then another of its first fields with a plausible length. 0x08 is
// no opcode.
bool is_onnx(std::string_view bytes) {
  if (bytes.size() < 4 || bytes[0] != 0x08 || static_cast<unsigned char>(bytes[1]) > 0x7F) return false;
  return bytes[2] == 0x12 || bytes[2] == 0x1a || bytes[2] == 0x22 || bytes[2] == 0x2a || bytes[2] == 0x3a ||
         bytes[2] == 0x42;
}

bool is_catboost(std::string_view bytes) {
  return bytes.starts_with("CBM1") && bytes.size() >= 8 && number_at<std::uint32_t>(bytes, 4) <= bytes.size() - 8;
}

// The length of a JSON header, then the header.
bool is_safetensors(std::string_view bytes) {
  if (bytes.size() < 10 || bytes[8] != '{') return false;
  const auto header = number_at<std::uint64_t>(bytes, 0);
  if (header < 2 || header > 100'000'000 || header > bytes.size() - 8) return false;
  const char last = bytes[7 + header];
  return last == '}' || last == ' ';
}

// By the names in the central directory; what it claims is only ever followed inside the file.
FileKind zip_kind(std::string_view bytes) {
  const std::size_t end = bytes.rfind("PK\x05\x06");
  if (end == bytes.npos) return FileKind::kZip;
  std::size_t at = number_at<std::uint32_t>(bytes, end + 16);
  const std::size_t entries = number_at<std::uint16_t>(bytes, end + 10);
  for (std::size_t i = 0; i < entries; ++i) {
    if (at > bytes.size() || !bytes.substr(at).starts_with("PK\x01\x02")) break;
    const std::size_t name_size = number_at<std::uint16_t>(bytes, at + 28);
    if (bytes.size() - at < 46) break;
    const std::string_view name = bytes.substr(at + 46, name_size);
    if (name == "data.pkl" || name.ends_with("/data.pkl")) return FileKind::kPyTorchZip;
    if (name == "schema.json") return FileKind::kSkops;
    at += 46 + name_size + number_at<std::uint16_t>(bytes, at + 30) + number_at<std::uint16_t>(bytes, at + 32);
  }
  return FileKind::kZip;
}

struct Refusal {
  FileKind kind;
  Code code;
  std::string_view message;
  std::string_view hint;
};

constexpr std::string_view kCompressed = "Unpack it once and give the file inside";
constexpr std::string_view kSaveAsPickle = "Save the scikit-learn model itself with pickle.dump(model, file)";

constexpr Refusal kRefusals[] = {
    {FileKind::kEmpty, Code::kCorrupt, "the file is empty", "Was it copied or downloaded completely?"},
    {FileKind::kGitLfsPointer, Code::kRefused,
     "a Git LFS pointer: a few lines of text that stand for the model, not the model",
     "Run git lfs pull, then give the file again"},
    {FileKind::kHtml, Code::kRefused, "an HTML page, not a model: probably what a server said instead of a download",
     "Open the file in a text editor to see what it says, then download the model again"},
    {FileKind::kPyTorchZip, Code::kUnsupported,
     "a PyTorch model (a zip archive with data.pkl): its tensors stand outside its pickle; PyTorch is not read by this "
     "version",
     kSaveAsPickle},
    {FileKind::kSkops, Code::kUnsupported,
     "a skops file (a zip archive with schema.json), not a pickle; skops is not read by this version", kSaveAsPickle},
    {FileKind::kZip, Code::kUnsupported, "a zip archive, not a pickle; archives are not read by this version",
     "Unpack it and give the model's file inside"},
    {FileKind::kHdf5, Code::kUnsupported,
     "an HDF5 file (Keras, perhaps), not a pickle; HDF5 is not read by this version", kSaveAsPickle},
    {FileKind::kOnnx, Code::kUnsupported, "an ONNX model, not a pickle; ONNX is not read by this version",
     "Give the scikit-learn model that it was converted from, saved with pickle.dump(model, file)"},
    {FileKind::kNumpy, Code::kUnsupported, "a NumPy array (.npy), not a pickled model: an array has no predict",
     kSaveAsPickle},
    {FileKind::kGzip, Code::kUnsupported, "compressed twice: gzip inside; one layer is taken off", kCompressed},
    {FileKind::kZlib, Code::kUnsupported, "compressed twice: zlib inside; one layer is taken off", kCompressed},
    {FileKind::kBzip2, Code::kUnsupported, "compressed twice: bzip2 inside; one layer is taken off", kCompressed},
    {FileKind::kXz, Code::kUnsupported, "compressed twice: xz inside; one layer is taken off", kCompressed},
    {FileKind::kLzma, Code::kUnsupported, "compressed twice: lzma inside; one layer is taken off", kCompressed},
    {FileKind::kLz4, Code::kUnsupported, "compressed twice: lz4 inside; one layer is taken off", kCompressed},
    {FileKind::kZstd, Code::kUnsupported, "compressed twice: zstd inside; one layer is taken off", kCompressed},
    {FileKind::kJoblibZ, Code::kUnsupported, "compressed twice: a ZF file of joblib inside; one layer is taken off",
     kCompressed},
    {FileKind::kJson, Code::kUnsupported,
     "JSON text, not a pickle; models in JSON (XGBoost writes such) are not read by this version", kSaveAsPickle},
    {FileKind::kXgboostUbjson, Code::kUnsupported,
     "an XGBoost model in UBJSON, not a pickle; XGBoost is not read by this version", kSaveAsPickle},
    {FileKind::kLightgbmText, Code::kUnsupported,
     "a LightGBM model in text, not a pickle; LightGBM is not read by this version", kSaveAsPickle},
    {FileKind::kCatBoost, Code::kUnsupported,
     "a CatBoost model (.cbm), not a pickle; CatBoost is not read by this version", kSaveAsPickle},
    {FileKind::kSafetensors, Code::kUnsupported,
     "a safetensors file: tensors without the model that they belong to; not read by this version", kSaveAsPickle},
    {FileKind::kTar, Code::kUnsupported, "a tar archive, not a pickle; archives are not read by this version",
     "Unpack it and give the model's file inside"},
};
static_assert(std::size(kRefusals) == std::size_t(FileKind::kTar));
static_assert([] {
  for (std::size_t i = 0; i < std::size(kRefusals); ++i) {
    if (std::size_t(kRefusals[i].kind) != i + 1) return false;
  }
  return true;
}());

}  // namespace

FileKind sniff(std::string_view bytes) {
  if (bytes.empty()) return FileKind::kEmpty;
  if (bytes[0] == '\x80') return FileKind::kPickle;
  for (const Signature& signature : kSignatures) {
    if (bytes.starts_with(signature.prefix)) return signature.kind;
  }
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return zip_kind(bytes);
  if (is_zlib(bytes)) return FileKind::kZlib;
  if (is_bzip2(bytes)) return FileKind::kBzip2;
  if (is_html(bytes)) return FileKind::kHtml;
  if (is_json(bytes)) return FileKind::kJson;
  if (is_onnx(bytes)) return FileKind::kOnnx;
  if (is_catboost(bytes)) return FileKind::kCatBoost;
  if (is_safetensors(bytes)) return FileKind::kSafetensors;
  if (bytes.size() > 512 && bytes.substr(257, 5) == "ustar") return FileKind::kTar;
  return FileKind::kPickle;
}

Error refusal(FileKind kind) {
  SLIPWAY_ASSERT(kind != FileKind::kPickle);
  const Refusal& row = kRefusals[std::size_t(kind) - 1];
  return {row.code, std::string(row.message), std::string(row.hint)};
}

}  // namespace slipway::pickle
