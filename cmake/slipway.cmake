# SPDX-License-Identifier: Apache-2.0
# One OBJECT library a module (objects are compiled once and linked into the binary, the tests, the benchmarks and the
# fuzz targets; no archive, so link order plays no part), one test program a module, one program.

set(SLIPWAY_SANITIZE "" CACHE STRING "address,undefined | thread | (empty)")
if(SLIPWAY_SANITIZE)
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
  if(SLIPWAY_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endif()

# Static archives of Debian packages: what joblib compresses with, and what Unicode knows of characters.
set(SLIPWAY_ARCHIVES)
foreach(name z bz2 lzma lz4 zstd utf8proc)
  find_library(SLIPWAY_ARCHIVE_${name} lib${name}.a REQUIRED)
  list(APPEND SLIPWAY_ARCHIVES ${SLIPWAY_ARCHIVE_${name}})
endforeach()

set(SLIPWAY_DEPS ${CMAKE_SOURCE_DIR}/.deps CACHE PATH "archives built from Debian source packages by tools/deps")

find_library(SLIPWAY_LIBCRYPTO libcrypto.a REQUIRED)

# slipway_module(name SOURCES a.cc b.cc [LIBRARIES ...])
function(slipway_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(slipway_${name} OBJECT ${ARG_SOURCES})
  target_include_directories(slipway_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_include_directories(slipway_${name} SYSTEM PUBLIC ${SLIPWAY_DEPS}/include)
  if(ARG_LIBRARIES)
    target_link_libraries(slipway_${name} PUBLIC ${ARG_LIBRARIES})
  endif()
  set_property(GLOBAL APPEND PROPERTY SLIPWAY_MODULES slipway_${name})
endfunction()

# slipway_link(target): every module that exists when called, and the archives.
function(slipway_link target)
  get_property(modules GLOBAL PROPERTY SLIPWAY_MODULES)
  foreach(module IN LISTS modules)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${module}>)
  endforeach()
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_include_directories(${target} SYSTEM PRIVATE ${SLIPWAY_DEPS}/include)
  target_link_libraries(${target} PRIVATE ${SLIPWAY_DEPS}/lib/libfmt.a ${SLIPWAY_DEPS}/lib/libsimdjson.a
    ${SLIPWAY_ARCHIVES} ${SLIPWAY_LIBCRYPTO})
endfunction()

# slipway_program(name SOURCES main.cc): the program, at the root of the build folder. Unless sanitized it is a
# static-pie: no loader, no shared library, starts in an empty root. Its symbols stand beside it, in <name>.debug.
# Called by the last module (cli): every other must be known.
function(slipway_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  slipway_link(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  if(NOT SLIPWAY_SANITIZE)
    # glibc warns at the link that getaddrinfo wants shared libraries at run time; main() restricts it to "files dns",
    # which are inside (docs/decisions.md, "A static program").
    target_link_options(${name} PRIVATE -static-pie)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND llvm-objcopy-19 --only-keep-debug $<TARGET_FILE:${name}> $<TARGET_FILE:${name}>.debug
      COMMAND llvm-objcopy-19 --strip-all --add-gnu-debuglink=$<TARGET_FILE:${name}>.debug $<TARGET_FILE:${name}>
      VERBATIM)
  endif()
endfunction()

# slipway_test(module SOURCES x_test.cc ...): one program a module, run by ctest with its working directory at the root.
function(slipway_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  set_property(GLOBAL APPEND PROPERTY SLIPWAY_TESTS "${name}")
  foreach(source IN LISTS ARG_SOURCES)
    set_property(GLOBAL APPEND PROPERTY SLIPWAY_TEST_SOURCES_${name} ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
endfunction()

# slipway_tests(): called once, after every module is known. The target unit_tests builds them all.
function(slipway_tests)
  find_package(GTest REQUIRED)
  get_property(names GLOBAL PROPERTY SLIPWAY_TESTS)
  add_custom_target(unit_tests)
  foreach(name IN LISTS names)
    get_property(sources GLOBAL PROPERTY SLIPWAY_TEST_SOURCES_${name})
    add_executable(${name}_test ${sources})
    slipway_link(${name}_test)
    target_link_libraries(${name}_test PRIVATE GTest::gmock_main)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 1800)
    add_dependencies(unit_tests ${name}_test)
  endforeach()
endfunction()

# slipway_fuzz(x SOURCES x_fuzz.cc): what is fuzzed. With SLIPWAY_FUZZ a libFuzzer program, which ./dev fuzz runs from the
# seeds of fuzz/corpus/<x>; without, a test that runs the same function over those seeds.
function(slipway_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES" ${ARGN})
  if(SLIPWAY_FUZZ)
    add_executable(${name}_fuzz ${ARG_SOURCES})
    slipway_link(${name}_fuzz)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  add_executable(${name}_corpus ${ARG_SOURCES} replay.cc)
  slipway_link(${name}_corpus)
  add_test(NAME ${name}_corpus COMMAND ${name}_corpus fuzz/corpus/${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name}_corpus PROPERTIES TIMEOUT 600)
  add_dependencies(unit_tests ${name}_corpus)
endfunction()
