// SPDX-License-Identifier: Apache-2.0
// The loop grows a buffer that is made of the kernel's pages (growing moves
// none of them, and pages never written cost nothing), so that a file of 500 MB needs its own size and no copy.
//
// The container of joblib before 0.10 is "ZF", the unpacked length in hexadecimal padded to 19 characters (20 by Python
// 2), and a zlib stream: joblib/numpy_pickle_compat.py, read_zfile.
#include "format/pickle/unpack.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "format/pickle/decoder.h"

namespace slipway::pickle {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 20;
constexpr std::string_view kDamaged = "The file is damaged or was only partly copied. Copy or save it again";

using Progress = Decoder::Progress;

// Anonymous pages. Grows by moving their addresses.
class Pages {
 public:
  explicit Pages(std::size_t size) : size_(size) {
    data_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    SLIPWAY_ASSERT(data_ != MAP_FAILED);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { ::munmap(data_, size_); }

  void resize(std::size_t size) {
    void* moved = ::mremap(data_, size_, size, MREMAP_MAYMOVE);
    SLIPWAY_ASSERT(moved != MAP_FAILED);
    data_ = moved;
    size_ = size;
  }
  char* data() const { return static_cast<char*>(data_); }
  std::size_t size() const { return size_; }

 private:
  void* data_;
  std::size_t size_;
};

class Unpacking {
 public:
  Unpacking(const Packing& packing, std::string_view in, std::size_t file_size, const Limits& limits)
      : packing_(packing),
        in_(in),
        file_size_(file_size),
        most_(std::min<std::uint64_t>(limits.unpacked_bytes,
                                      std::max<std::uint64_t>(limits.ratio_from, limits.ratio * in.size()))),
        decoder_(packing.make(limits)),
        pages_(std::make_shared<Pages>(4 * kStep)) {}

  Result<FileBytes> run() {
    for (;;) {
      const Progress progress = step();
      if (progress == Progress::kDamaged) return error(Code::kCorrupt, "the bytes make no sense", kDamaged);
      if (progress == Progress::kTooMuchMemory) {
        return error(
            Code::kTooLarge, "made to need more memory for unpacking than is allowed",
            "Save the model again with a lower compression level, for example joblib.dump(model, file, compress=3)");
      }
      if (size_ > most_) {
        return error(Code::kTooLarge,
                     fmt::format("unpacks to more than {} bytes from {}, which no model does", most_, file_size_),
                     "Save the model without compression: joblib.dump(model, file)");
      }
      if (progress == Progress::kMore) {
        if (stuck_) return error(Code::kCorrupt, "the file ends in the middle of its contents", kDamaged);
        continue;
      }
      if (!another_stream()) break;
    }
    if (!in_.empty())
      return error(Code::kCorrupt, fmt::format("{} bytes follow the end of its contents", in_.size()), kDamaged);
    pages_->resize(std::max<std::size_t>(size_, 1));
    const std::string_view bytes(pages_->data(), size_);
    return FileBytes::of(std::move(pages_), bytes);
  }

 private:
  Progress step() {
    if (pages_->size() - size_ < kStep) pages_->resize(2 * pages_->size());
    std::span<char> out(pages_->data() + size_, kStep);
    const std::string_view before = in_;
    const Progress progress = decoder_->step(in_, out);
    size_ += kStep - out.size();
    stuck_ = in_.size() == before.size() && out.size() == kStep;
    return progress;
  }

  // Another stream of the same kind may follow, and gzip and xz may be padded with zeros.
  bool another_stream() {
    const std::size_t zeros = std::min(in_.find_first_not_of('\0'), in_.size());
    in_.remove_prefix(zeros);
    return !in_.empty() && sniff(in_) == packing_.kind && decoder_->restart();
  }

  std::size_t read() const { return file_size_ - in_.size(); }
  std::unexpected<Error> error(Code code, std::string_view what, std::string_view hint) const {
    return fail(code, fmt::format("compressed with {}: {} (byte {})", packing_.name, what, read()), std::string(hint));
  }

  const Packing& packing_;
  std::string_view in_;
  std::size_t file_size_;
  std::uint64_t most_;
  std::unique_ptr<Decoder> decoder_;
  std::shared_ptr<Pages> pages_;
  std::size_t size_ = 0;
  bool stuck_ = false;
};

struct OldHeader {
  std::size_t size;  // of the header
  std::uint64_t unpacked;
};

std::optional<OldHeader> read_old_header(std::string_view bytes) {
  constexpr std::string_view kPrefix = "ZF0x";
  constexpr std::size_t kSize = 2 + 19;
  if (bytes.size() <= kSize) return std::nullopt;
  std::string_view digits = bytes.substr(kPrefix.size(), kSize - kPrefix.size());
  OldHeader header{bytes[kSize] == ' ' ? kSize + 1 : kSize, 0};
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), header.unpacked, 16);
  digits.remove_prefix(static_cast<std::size_t>(parsed.ptr - digits.data()));
  if (digits.starts_with('L')) digits.remove_prefix(1);  // Python 2's hex() of a long
  if (parsed.ec != std::errc() || digits.find_first_not_of(' ') != digits.npos) return std::nullopt;
  return header;
}

Result<FileBytes> unpack_old(const FileBytes& file, const Packing& packing, const Limits& limits) {
  const auto header = read_old_header(file.bytes());
  if (!header)
    return fail(Code::kCorrupt, "begins like a file of joblib before 0.10 (ZF), but has no length",
                std::string(kDamaged));
  FileBytes out = SLIPWAY_TRY(Unpacking(packing, file.bytes().substr(header->size), file.bytes().size(), limits).run());
  if (out.bytes().size() == header->unpacked) return out;
  return fail(Code::kCorrupt,
              fmt::format("compressed with {}: says that it holds {} bytes, but holds {}", packing.name,
                          header->unpacked, out.bytes().size()),
              std::string(kDamaged));
}

}  // namespace

std::string_view packing_name(FileKind kind) {
  const Packing* packing = find_packing(kind);
  return packing == nullptr ? std::string_view() : packing->name;
}

Result<FileBytes> unpack(const FileBytes& file, FileKind kind, const Limits& limits) {
  const Packing* packing = find_packing(kind);
  SLIPWAY_ASSERT(packing != nullptr);
  if (kind == FileKind::kJoblibZ) return unpack_old(file, *packing, limits);
  return Unpacking(*packing, file.bytes(), file.bytes().size(), limits).run();
}

}  // namespace slipway::pickle
