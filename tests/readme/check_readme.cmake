# SPDX-License-Identifier: BSD-3-Clause
# cmake -DROOT=... -P check_readme.cmake
#
# README.md shows the tested code, and every file that the project's pages link to exists.
cmake_minimum_required(VERSION 3.25)

file(READ "${ROOT}/README.md" readme)
foreach(name IN ITEMS quick_start whole_model)
    file(READ "${ROOT}/tests/readme/${name}_test.cpp" source)
    string(REPLACE "_" " " mark "${name}")
    string(REGEX REPLACE ".*// ${mark} begins\n(.*)// ${mark} ends.*" "\\1" tested "${source}")
    string(FIND "${readme}" "```cpp\n${tested}```" position)
    if(position EQUAL -1)
        message(FATAL_ERROR "README.md does not show the code of tests/readme/${name}_test.cpp, which is:\n${tested}")
    endif()
endforeach()

foreach(page IN ITEMS README.md CONTRIBUTING.md CHANGELOG.md include/quantkit/README.md examples/quantize_mlp/README.md
        examples/weather/README.md examples/informer_57/README.md examples/informer/README.md
        examples/informer_sensitivity/README.md examples/qat_mlp/README.md examples/quantkit_report/README.md
        examples/residual_mlp/README.md docs/choosing_a_scheme.md
        docs/methods.md docs/numerics.md docs/performance.md docs/policies.md docs/report.md)
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
