// SPDX-License-Identifier: Apache-2.0
#include "base/pages.h"

#include <sys/mman.h>

#include <memory>

namespace slipway {

void expect_large(void* memory, std::size_t bytes) {
  constexpr std::size_t kPage = std::size_t{2} << 20;
  if (std::align(kPage, kPage, memory, bytes) != nullptr) ::madvise(memory, bytes / kPage * kPage, MADV_HUGEPAGE);
}

}  // namespace slipway
