# SPDX-License-Identifier: BSD-3-Clause
# Where the project's dependencies come from: an installed package, else (QUANTKIT_FETCH_DEPENDENCIES) a download.

include(FetchContent)
include("${CMAKE_CURRENT_LIST_DIR}/quantkit_packages.cmake")

set(quantkit_debian_Eigen3 libeigen3-dev)
set(quantkit_debian_xsimd libxsimd-dev)
set(quantkit_debian_nlohmann_json nlohmann-json3-dev)
set(quantkit_debian_doctest doctest-dev)
set(quantkit_debian_benchmark libbenchmark-dev)
set(quantkit_debian_ZLIB zlib1g-dev)

# repository, tag, folder to include
set(quantkit_source_Eigen3 https://gitlab.com/libeigen/eigen.git 3.4.0 .)
set(quantkit_source_xsimd https://github.com/xtensor-stack/xsimd.git 13.2.0 include)
set(quantkit_source_nlohmann_json https://github.com/nlohmann/json.git v3.11.2 include)
set(quantkit_source_doctest https://github.com/doctest/doctest.git v2.4.11 .)
set(quantkit_source_benchmark https://github.com/google/benchmark.git v1.8.3)

# Downloads a package. Header-only ones become a bare imported target: their own CMake files, with options and tests
# that are none of our business, are not run.
function(quantkit_fetch name)
    list(GET quantkit_source_${name} 0 repository)
    list(GET quantkit_source_${name} 1 tag)
    message(STATUS "Downloading ${name} ${tag} from ${repository}")
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
    list(LENGTH quantkit_source_${name} length)
    if(length EQUAL 3)
        set(headers_only SOURCE_SUBDIR no-such-folder)
    endif()
    FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW TRUE SYSTEM ${headers_only})
    FetchContent_MakeAvailable(${name})
    if(length EQUAL 3)
        list(GET quantkit_source_${name} 2 include_folder)
        string(TOLOWER ${name} lower)
        add_library(${quantkit_target_${name}} INTERFACE IMPORTED GLOBAL)
        target_include_directories(${quantkit_target_${name}} INTERFACE "${${lower}_SOURCE_DIR}/${include_folder}")
    endif()
endfunction()

# Headers without a package file, as another architecture's Debian package leaves them when cross-compiling.
function(quantkit_find_headers_of_xsimd)
    find_path(QUANTKIT_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
    if(NOT TARGET xsimd AND QUANTKIT_XSIMD_INCLUDE_DIR)
        add_library(xsimd INTERFACE IMPORTED GLOBAL)
        target_include_directories(xsimd INTERFACE "${QUANTKIT_XSIMD_INCLUDE_DIR}")
    endif()
endfunction()

# Finds or fetches one package; problem is empty if that worked.
macro(quantkit_find name)
    quantkit_find_package(${name} problem)
    if(problem AND "${name}" STREQUAL "xsimd")
        quantkit_find_headers_of_xsimd()
    endif()
    if(problem AND NOT TARGET ${quantkit_target_${name}} AND QUANTKIT_FETCH_DEPENDENCIES AND quantkit_source_${name})
        quantkit_fetch(${name})
    endif()
    if(problem MATCHES "not found" AND TARGET ${quantkit_target_${name}})
        set(problem "")
    endif()
endmacro()

# The same for several packages, or one readable error that names all that are missing.
macro(quantkit_require)
    set(problems "")
    set(debian_packages "")
    foreach(package IN ITEMS ${ARGN})
        quantkit_find(${package})
        if(problem)
            string(APPEND problems "  ${problem}\n")
            list(APPEND debian_packages ${quantkit_debian_${package}})
        endif()
    endforeach()
    if(problems)
        list(JOIN debian_packages " " debian_packages)
        message(FATAL_ERROR "quantkit cannot be configured:\n${problems}"
            "On Debian or Ubuntu: apt-get install ${debian_packages}\n"
            "With a network: configure with -DQUANTKIT_FETCH_DEPENDENCIES=ON")
    endif()
endmacro()
