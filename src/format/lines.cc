// SPDX-License-Identifier: Apache-2.0
// What has been read of a line is moved to the front before more is read; the part that was searched is not searched
// again.
#include "format/lines.h"

#include <algorithm>
#include <cstring>

namespace slipway::format {

LineReader::LineReader(Source& source, std::size_t longest)
    : source_(source), longest_(longest), buffer_((std::size_t{256} << 10) + kBehind) {}

Result<LineReader::Next> LineReader::next() {
  bool too_long = false;
  for (std::size_t searched = 0;;) {
    const char* begin = buffer_.data() + at_;
    const std::size_t size = end_ - at_;
    const void* found = size > searched ? std::memchr(begin + searched, '\n', size - searched) : nullptr;
    if (found == nullptr && !ended_) {
      if (size > longest_) {
        too_long = true;
        at_ = end_;
      }
      searched = end_ - at_;
      SLIPWAY_TRY(fill());
      continue;
    }
    if (found == nullptr && size == 0 && !too_long) return Next::kEnd;
    text_ = {begin, found == nullptr ? size : std::size_t(static_cast<const char*>(found) - begin)};
    at_ += text_.size() + (found == nullptr ? 0 : 1);
    ++line_;
    too_long = too_long || text_.size() > longest_;
    if (line_ == 1 && text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    if (text_.ends_with('\r')) text_.remove_suffix(1);
    return too_long ? Next::kTooLong : Next::kLine;
  }
}

Result<void> LineReader::fill() {
  const std::size_t kept = end_ - at_;
  std::memmove(buffer_.data(), buffer_.data() + at_, kept);
  taken_ += at_;
  at_ = 0;
  end_ = kept;
  if (kept > (buffer_.size() - kBehind) / 2) buffer_.resize((buffer_.size() - kBehind) * 2 + kBehind);
  const std::span<char> room(buffer_.data() + end_, buffer_.size() - kBehind - end_);
  const std::size_t got = SLIPWAY_TRY(source_.read(room));
  ended_ = got == 0;
  end_ += got;
  return {};
}

}  // namespace slipway::format
