# SPDX-License-Identifier: BSD-3-Clause
# Writes the library as one file, for those who copy a header into their project:
#
#     cmake [-D HEADER=quantkit/quantkit.hpp] [-D OUTPUT=quantkit.hpp] -P cmake/single_header.cmake
#
# HEADER is taken from include/ with all that it includes of the library. Eigen and xsimd stay includes.
cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED HEADER)
    set(HEADER quantkit/quantkit.hpp)
endif()
if(NOT DEFINED OUTPUT)
    set(OUTPUT quantkit.hpp)
endif()
cmake_path(SET include_dir NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../include")

# Appends a file to the result, its own headers in the place of their includes. A header comes once; an .inl file, which
# is written to be included several times, each time.
function(append_file path)
    if(path MATCHES "\\.hpp$")
        get_property(is_there GLOBAL PROPERTY "there:${path}")
        if(is_there)
            return()
        endif()
        set_property(GLOBAL PROPERTY "there:${path}" TRUE)
    endif()
    file(READ "${include_dir}/${path}" rest)
    string(PREPEND rest "\n")
    string(REPLACE "#pragma once\n" "" rest "${rest}")
    string(REPLACE "// SPDX-License-Identifier: BSD-3-Clause\n" "" rest "${rest}")
    while(rest MATCHES "\n#include <(quantkit/[^>]+)>[^\n]*\n")
        set(line "${CMAKE_MATCH_0}")
        set(included "${CMAKE_MATCH_1}")
        string(FIND "${rest}" "${line}" begin)
        string(LENGTH "${line}" length)
        string(SUBSTRING "${rest}" 0 ${begin} before)
        math(EXPR end "${begin} + ${length} - 1") # the next line may be an include, too: it begins with this newline
        string(SUBSTRING "${rest}" ${end} -1 rest)
        set_property(GLOBAL APPEND_STRING PROPERTY result "${before}\n")
        append_file("${included}")
    endwhile()
    set_property(GLOBAL APPEND_STRING PROPERTY result "${rest}")
endfunction()

file(READ "${include_dir}/../LICENSE" license)
string(STRIP "${license}" license)
string(REPLACE "\n" "\n// " license "// ${license}")
string(REGEX REPLACE "// +\n" "//\n" license "${license}")
append_file("${HEADER}")
get_property(result GLOBAL PROPERTY result)
string(REGEX REPLACE "\n\n\n+" "\n\n" result "${result}")
file(WRITE "${OUTPUT}"
    "// SPDX-License-Identifier: BSD-3-Clause\n// ${HEADER} in one file, made by cmake/single_header.cmake.\n//\n${license}\n"
    "#pragma once\n${result}")
