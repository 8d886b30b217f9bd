# SPDX-License-Identifier: BSD-3-Clause
# Warnings and sanitizers for the project's own programs; users of the library never see these flags.

set(QUANTKIT_SANITIZE "" CACHE STRING "Sanitizers for tests, benchmarks and examples, for example address,undefined")
option(QUANTKIT_WERROR "Treat warnings in tests, benchmarks and examples as errors" ${PROJECT_IS_TOP_LEVEL})

add_library(quantkit_warnings INTERFACE)
target_compile_options(quantkit_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion $<$<BOOL:${QUANTKIT_WERROR}>:-Werror>)
# GCC 12 is wrong about std::string operator+ at -O3 (its bugs 105329 and 105651, mended in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(quantkit_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(QUANTKIT_SANITIZE)
    target_compile_options(quantkit_warnings INTERFACE
        -fsanitize=${QUANTKIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(quantkit_warnings INTERFACE -fsanitize=${QUANTKIT_SANITIZE})
    target_compile_definitions(quantkit_warnings INTERFACE _GLIBCXX_ASSERTIONS)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # std::optional's checked value looks unset to it once it is instrumented
        target_compile_options(quantkit_warnings INTERFACE -Wno-maybe-uninitialized)
        if(QUANTKIT_SANITIZE MATCHES "thread") # Eigen's thread pool has fences, which ThreadSanitizer does not follow
            target_compile_options(quantkit_warnings INTERFACE -Wno-tsan)
        endif()
    endif()
endif()
