# SPDX-License-Identifier: BSD-3-Clause
# cmake -DROOT=... -P check_guides.cmake
#
# Every block of C++ in docs/*.md is a marked part of a test: between "// PART begins" and "// PART ends", without the
# indentation.
cmake_minimum_required(VERSION 3.25)

file(GLOB tests "${ROOT}/tests/docs/*_test.cpp")
set(code "")
foreach(test IN LISTS tests ITEMS "${ROOT}/tests/readme/whole_model_test.cpp" "${ROOT}/tests/training/qat_test.cpp")
    file(READ "${test}" text)
    string(APPEND code "${text}")
endforeach()
string(REGEX REPLACE "\n +" "\n" code "${code}")

file(GLOB guides "${ROOT}/docs/*.md")
foreach(guide IN LISTS guides)
    file(READ "${guide}" text)
    string(REGEX REPLACE "\n +" "\n" text "${text}")
    while(text MATCHES "```cpp\n")
        string(FIND "${text}" "```cpp\n" begin)
        math(EXPR begin "${begin} + 7")
        string(SUBSTRING "${text}" ${begin} -1 text)
        string(FIND "${text}" "```" length)
        string(SUBSTRING "${text}" 0 ${length} block)
        string(SUBSTRING "${text}" ${length} -1 text)
        string(FIND "${code}" " begins\n${block}//" position)
        if(position EQUAL -1)
            message(FATAL_ERROR "${guide} shows code that no test has:\n${block}")
        endif()
    endwhile()
endforeach()
