# SPDX-License-Identifier: BSD-3-Clause
# cmake -DROOT=... -P check_guides.cmake
#
# Every block of C++ in docs/NAME.md is a marked part of tests/docs/NAME_test.cpp: between "// PART begins" and
# "// PART ends", without the indentation.
cmake_minimum_required(VERSION 3.25)

file(GLOB guides "${ROOT}/docs/*.md")
foreach(guide IN LISTS guides)
    get_filename_component(name "${guide}" NAME_WE)
    file(READ "${guide}" text)
    set(source "${ROOT}/tests/docs/${name}_test.cpp")
    if(NOT EXISTS "${source}")
        if(text MATCHES "```cpp")
            message(FATAL_ERROR "${guide} has code, but there is no ${source}")
        endif()
        continue()
    endif()
    file(READ "${source}" code)
    string(REGEX REPLACE "\n +" "\n" text "${text}")
    string(REGEX REPLACE "\n +" "\n" code "${code}")
    while(text MATCHES "```cpp\n")
        string(FIND "${text}" "```cpp\n" begin)
        math(EXPR begin "${begin} + 7")
        string(SUBSTRING "${text}" ${begin} -1 text)
        string(FIND "${text}" "```" length)
        string(SUBSTRING "${text}" 0 ${length} block)
        string(SUBSTRING "${text}" ${length} -1 text)
        string(FIND "${code}" " begins\n${block}//" position)
        if(position EQUAL -1)
            message(FATAL_ERROR "${guide} shows code that ${source} does not have:\n${block}")
        endif()
    endwhile()
endforeach()
