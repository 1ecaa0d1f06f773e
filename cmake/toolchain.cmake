# The one place where compiler and flags are chosen (reasons: docs/decisions.md, "Toolchain").
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)

# No contraction: a fused multiply-add changes last bits and differs by CPU. Never -ffast-math, never -march=...
set(CMAKE_CXX_FLAGS_INIT "-std=c++23 -ffp-contract=off -fno-math-errno -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
-Wno-sign-conversion -Wno-gnu-statement-expression -Wno-missing-designated-field-initializers -Wno-missing-field-initializers -Werror -pthread -fPIE")
set(CMAKE_CXX_FLAGS_RELEASE_INIT "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG_INIT "-O1 -g")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld")
set(CMAKE_CXX_COMPILER_LAUNCHER ccache)
