# SPDX-License-Identifier: Apache-2.0
# The one place where compiler and flags are chosen (reasons: docs/decisions.md, "Toolchain").
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)

# No contraction: a fused multiply-add changes last bits and differs by CPU. Never -ffast-math, never -march=...
string(JOIN " " CMAKE_CXX_FLAGS_INIT
  -std=c++23 -ffp-contract=off -fno-math-errno -fPIE -pthread
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-gnu-statement-expression
  -Wno-missing-designated-field-initializers -Wno-missing-field-initializers -Werror)
# In the cache and whole: CMake appends its own -O3 to an _INIT value. A section a function, so that the linker drops
# what the program never calls.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG -ffunction-sections -fdata-sections" CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1" CACHE STRING "")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld -pthread")
set(CMAKE_EXE_LINKER_FLAGS_RELEASE_INIT "-Wl,--gc-sections")
find_program(SLIPWAY_CCACHE ccache)
if(SLIPWAY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SLIPWAY_CCACHE})
endif()
