// SPDX-License-Identifier: Apache-2.0
// Memory for arrays of megabytes. Any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace slipway {

// Lets the kernel back this memory, which was not written to yet, with pages of 2 MiB: it hands them out at once
// instead of 4 KiB at each first touch, which costs more than what is written there. Where it has none, nothing
// changes; bytes around whole pages, and memory that is smaller, are left alone.
void expect_large(void* memory, std::size_t bytes);

template <class T>
void reserve_large(std::vector<T>& values, std::size_t count) {
  values.reserve(count);
  expect_large(values.data() + values.size(), (values.capacity() - values.size()) * sizeof(T));
}

}  // namespace slipway
