// SPDX-License-Identifier: Apache-2.0
// What differs between the libraries: how a stream is begun, and how it says that it has ended.
#include "format/pickle/decoder.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>

#include "base/result.h"

namespace slipway::pickle {
namespace {

using Progress = Decoder::Progress;

constexpr std::size_t kStep = std::size_t{1} << 20;

// What C's streams all have in common: pointers and counts, here of at most a step each.
template <class Stream>
void give(Stream& stream, std::string_view in, std::span<char> out) {
  using In = decltype(stream.next_in);
  using Out = decltype(stream.next_out);
  stream.next_in = reinterpret_cast<In>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<decltype(stream.avail_in)>(std::min(in.size(), kStep));
  stream.next_out = reinterpret_cast<Out>(out.data());
  stream.avail_out = static_cast<decltype(stream.avail_out)>(out.size());
}
template <class Stream>
void take(const Stream& stream, std::string_view& in, std::span<char>& out) {
  in.remove_prefix(std::min(in.size(), kStep) - stream.avail_in);
  out = out.last(stream.avail_out);
}

class Inflate : public Decoder {
 public:
  explicit Inflate(int window_bits) { SLIPWAY_ASSERT(inflateInit2(&stream_, window_bits) == Z_OK); }
  ~Inflate() override { inflateEnd(&stream_); }
  Progress step(std::string_view& in, std::span<char>& out) override {
    give(stream_, in, out);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    take(stream_, in, out);
    if (status == Z_STREAM_END) return Progress::kEnd;
    return status == Z_OK || status == Z_BUF_ERROR ? Progress::kMore : Progress::kDamaged;
  }
  bool restart() override { return inflateReset(&stream_) == Z_OK; }

 private:
  z_stream stream_{};
};

class Bunzip : public Decoder {
 public:
  Bunzip() { SLIPWAY_ASSERT(BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK); }
  ~Bunzip() override { BZ2_bzDecompressEnd(&stream_); }
  Progress step(std::string_view& in, std::span<char>& out) override {
    give(stream_, in, out);
    const int status = BZ2_bzDecompress(&stream_);
    take(stream_, in, out);
    if (status == BZ_STREAM_END) return Progress::kEnd;
    return status == BZ_OK ? Progress::kMore : Progress::kDamaged;
  }
  bool restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    return BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
  }

 private:
  bz_stream stream_{};
};

class Lzma : public Decoder {
 public:
  Lzma(bool alone, std::uint64_t memory) : alone_(alone), memory_(memory) { SLIPWAY_ASSERT(begin()); }
  ~Lzma() override { lzma_end(&stream_); }
  Progress step(std::string_view& in, std::span<char>& out) override {
    give(stream_, in, out);
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    take(stream_, in, out);
    if (status == LZMA_STREAM_END) return Progress::kEnd;
    if (status == LZMA_MEMLIMIT_ERROR) return Progress::kTooMuchMemory;
    return status == LZMA_OK || status == LZMA_BUF_ERROR ? Progress::kMore : Progress::kDamaged;
  }
  bool restart() override { return !alone_ && begin(); }

 private:
  bool begin() {
    return (alone_ ? lzma_alone_decoder(&stream_, memory_) : lzma_stream_decoder(&stream_, memory_, 0)) == LZMA_OK;
  }
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool alone_;
  std::uint64_t memory_;
};

class Lz4 : public Decoder {
 public:
  Lz4() { SLIPWAY_ASSERT(LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0); }
  ~Lz4() override { LZ4F_freeDecompressionContext(context_); }
  Progress step(std::string_view& in, std::span<char>& out) override {
    std::size_t read = in.size();
    std::size_t written = out.size();
    const std::size_t status = LZ4F_decompress(context_, out.data(), &written, in.data(), &read, nullptr);
    if (LZ4F_isError(status) != 0) return Progress::kDamaged;
    in.remove_prefix(read);
    out = out.subspan(written);
    return status == 0 ? Progress::kEnd : Progress::kMore;
  }
  bool restart() override { return true; }  // a context is ready for the next frame

 private:
  LZ4F_dctx* context_ = nullptr;
};

class Zstd : public Decoder {
 public:
  explicit Zstd(std::uint64_t memory) : context_(ZSTD_createDCtx()) {
    SLIPWAY_ASSERT(context_ != nullptr);
    const int log = std::clamp(static_cast<int>(std::bit_width(memory)) - 1, 10, 31);
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, log);
  }
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Progress step(std::string_view& in, std::span<char>& out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_, &to, &from);
    if (ZSTD_isError(status) != 0) {
      return ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge ? Progress::kTooMuchMemory
                                                                                   : Progress::kDamaged;
    }
    in.remove_prefix(from.pos);
    out = out.subspan(to.pos);
    return status == 0 ? Progress::kEnd : Progress::kMore;
  }
  bool restart() override { return true; }

 private:
  ZSTD_DCtx* context_;
};

constexpr int kWindow = 15;  // zlib's largest, and its header
constexpr int kGzipWindow = 16 + kWindow;

constexpr Packing kPackings[] = {
    {FileKind::kGzip, "gzip",
     [](const Limits&) -> std::unique_ptr<Decoder> { return std::make_unique<Inflate>(kGzipWindow); }},
    {FileKind::kZlib, "zlib",
     [](const Limits&) -> std::unique_ptr<Decoder> { return std::make_unique<Inflate>(kWindow); }},
    {FileKind::kBzip2, "bzip2", [](const Limits&) -> std::unique_ptr<Decoder> { return std::make_unique<Bunzip>(); }},
    {FileKind::kXz, "xz",
     [](const Limits& limits) -> std::unique_ptr<Decoder> {
       return std::make_unique<Lzma>(false, limits.decoder_memory);
     }},
    {FileKind::kLzma, "lzma",
     [](const Limits& limits) -> std::unique_ptr<Decoder> {
       return std::make_unique<Lzma>(true, limits.decoder_memory);
     }},
    {FileKind::kLz4, "lz4", [](const Limits&) -> std::unique_ptr<Decoder> { return std::make_unique<Lz4>(); }},
    {FileKind::kZstd, "zstd",
     [](const Limits& limits) -> std::unique_ptr<Decoder> { return std::make_unique<Zstd>(limits.decoder_memory); }},
    {FileKind::kJoblibZ, "joblib's ZF",
     [](const Limits&) -> std::unique_ptr<Decoder> { return std::make_unique<Inflate>(kWindow); }},
};

}  // namespace

const Packing* find_packing(FileKind kind) {
  const auto* found = std::ranges::find(kPackings, kind, &Packing::kind);
  return found == std::end(kPackings) ? nullptr : found;
}

}  // namespace slipway::pickle
