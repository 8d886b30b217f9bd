# SPDX-License-Identifier: BSD-3-Clause
# cmake -DROOT=... -P check_readme.cmake
#
# README.md's first C++ block is the tested quick start, and every file that the project's pages link to exists.
cmake_minimum_required(VERSION 3.25)

file(READ "${ROOT}/README.md" readme)
file(READ "${ROOT}/tests/readme/quick_start_test.cpp" source)
string(REGEX REPLACE ".*// quick start begins\n(.*)// quick start ends.*" "\\1" tested "${source}")
string(FIND "${readme}" "```cpp\n${tested}```" position)
if(position EQUAL -1)
    message(FATAL_ERROR "README.md does not show the code of tests/readme/quick_start_test.cpp, which is:\n${tested}")
endif()

foreach(page IN ITEMS README.md CONTRIBUTING.md CHANGELOG.md include/quantkit/README.md examples/quantize_mlp/README.md)
    file(READ "${ROOT}/${page}" text)
    get_filename_component(folder "${ROOT}/${page}" DIRECTORY)
    string(REGEX REPLACE "\\]\\(" "\nLINK(" text "${text}") # brackets and semicolons mean something in CMake's lists
    string(REGEX MATCHALL "LINK\\([^)#:]+\\)" links "${text}")
    foreach(link IN LISTS links)
        string(REGEX REPLACE "LINK\\((.+)\\)" "\\1" target "${link}")
        if(NOT EXISTS "${folder}/${target}")
            message(FATAL_ERROR "${page} links to ${target}, which does not exist")
        endif()
    endforeach()
endforeach()
