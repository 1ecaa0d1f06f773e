// SPDX-License-Identifier: Apache-2.0
// Compressed files, as joblib.dump writes them, into memory. The formats are those of their libraries; here are the
// limits: what a file unpacks to is bounded by a ratio to its size, and so is what a decoder takes to do it.
#pragma once

#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "format/pickle/limits.h"
#include "format/pickle/sniff.h"

namespace slipway::pickle {

// "zlib", "gzip", ... of a kind that unpack() takes; "" of any other.
std::string_view packing_name(FileKind kind);

// The bytes in `file`, all streams of it one after the other. Errors: kCorrupt (damaged, cut off, something behind the
// end), kTooLarge (limits.unpacked_bytes, .ratio, .decoder_memory). REQUIRES: packing_name(kind) is not "".
Result<FileBytes> unpack(const FileBytes& file, FileKind kind, const Limits& limits);

}  // namespace slipway::pickle
