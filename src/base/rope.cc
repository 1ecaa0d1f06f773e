// SPDX-License-Identifier: Apache-2.0
// Pieces are written as many at a time as the kernel takes: thousands of them are small arrays and what aligns them.
#include "base/rope.h"

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace slipway {
namespace {

constexpr std::size_t kAtOnce = 64;
static_assert(kAtOnce <= IOV_MAX);

// The kernel's interface has no const; writev changes nothing.
iovec vector_of(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

Rope Rope::of(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const std::string_view bytes = *owner;
  Rope out;
  out.add(bytes, std::move(owner));
  return out;
}

void Rope::add(std::string_view bytes, std::shared_ptr<const void> owner) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  pieces_.push_back({bytes, std::move(owner)});
}

std::string Rope::text() const {
  std::string out;
  out.reserve(size_);
  for (const Piece& piece : pieces_) out += piece.bytes;
  return out;
}

bool operator==(const Rope& rope, std::string_view text) {
  if (rope.size() != text.size()) return false;
  for (const Rope::Piece& piece : rope.pieces_) {
    if (!text.starts_with(piece.bytes)) return false;
    text.remove_prefix(piece.bytes.size());
  }
  return true;
}

Result<void> write_all(int fd, const std::string& path, const Rope& rope) {
  const std::span<const Rope::Piece> pieces = rope.pieces();
  std::size_t next = 0, written = 0;  // of pieces; of bytes of the next one
  while (next < pieces.size()) {
    std::array<iovec, kAtOnce> vectors;
    const std::size_t count = std::min(kAtOnce, pieces.size() - next);
    for (std::size_t i = 0; i < count; ++i) vectors[i] = vector_of(pieces[next + i].bytes);
    vectors[0] = vector_of(pieces[next].bytes.substr(written));
    const ssize_t put = ::writev(fd, vectors.data(), int(count));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(system_error(path, errno));
    for (written += std::size_t(put); next < pieces.size() && written >= pieces[next].bytes.size(); ++next) {
      written -= pieces[next].bytes.size();
    }
  }
  return {};
}

}  // namespace slipway
