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
  kJoblibZ,  // a compressed container (joblib's, mostly)
  kJson,
  kXgboostUbjson,
  kLightgbmText,
  kCatBoost,
  kSafetensors,
};

FileKind sniff(std::string_view bytes);

// Why a file of that kind is not read as a pickle and what to do instead. REQUIRES: kind != kPickle.
Error refusal(FileKind kind);

}  // namespace slipway::pickle
