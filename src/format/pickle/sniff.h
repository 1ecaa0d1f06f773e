// SPDX-License-Identifier: Apache-2.0
// What a file is, from its first bytes: people hand over what they have, not what we read.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace slipway::pickle {

enum class FileKind : std::uint8_t {
  kPickle,  // or anything else with no other signature
  kEmpty,
  kGitLfsPointer,
  kHtml,
  kPyTorchZip,
  kSkops,
  kZip,
  kHdf5,
  kOnnx,
  kNumpy,  // .npy
  kGzip,
  kZlib,
  kBzip2,
  kXz,
  kLzma,
  kLz4,
  kZstd,
  kJoblibZ,  // of joblib before 0.10
  kJson,
  kXgboostUbjson,
  kLightgbmText,
  kCatBoost,
  kSafetensors,
  kTar,
};

FileKind sniff(std::string_view bytes);

// Why a file of that kind is not read as a pickle and what to do instead; of the compressed kinds, why not inside
// another (unpack.h takes one layer off). REQUIRES: kind != kPickle.
Error refusal(FileKind kind);

}  // namespace slipway::pickle
