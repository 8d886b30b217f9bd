# SPDX-License-Identifier: BSD-3-Clause
# What an include costs: seconds to compile at -O2, beside Eigen and xsimd alone.
#
#     cmake [-D "COMPILERS=g++;clang++"] [-D RUNS=7] -P benchmarks/compile_time.cmake
#
# The programs are compiled by turns, so that all see the same load of the machine; the table has their medians. Eigen and
# xsimd are expected where the compiler looks, or in /usr/include/eigen3.
cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED COMPILERS)
    set(COMPILERS g++ clang++)
endif()
if(NOT DEFINED RUNS)
    set(RUNS 7)
endif()
cmake_path(SET root NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/..")
set(folder "${root}/build/compile_time")
file(MAKE_DIRECTORY "${folder}")

# The program's file, its name in the table.
set(programs "")
function(add_program name title text)
    file(WRITE "${folder}/${name}.cpp" "${text}\nint main() {}\n")
    set("title_${name}" "${title}" PARENT_SCOPE)
    set(programs "${programs};${name}" PARENT_SCOPE)
endfunction()

file(STRINGS "${root}/include/quantkit/quantkit.hpp" core_includes REGEX "quantkit/core/")
list(JOIN core_includes "\n" core_includes)
file(READ "${root}/README.md" readme)
string(REGEX MATCH "#include <quantkit/quantkit.hpp>[^`]*" quick_start "${readme}")
if(NOT quick_start)
    message(FATAL_ERROR "README.md has no code that includes <quantkit/quantkit.hpp>")
endif()

set(reference_includes "#include <Eigen/Core>\n#include <xsimd/xsimd.hpp>")
add_program(reference "Eigen and xsimd" "${reference_includes}")
add_program(intrinsics "the same and `<immintrin.h>`" "${reference_includes}\n#include <immintrin.h>")
add_program(core "`quantkit/core/` (neither of them)" "${core_includes}")
add_program(umbrella "`quantkit/quantkit.hpp`" "#include <quantkit/quantkit.hpp>")
add_program(quick_start "README's quick start" "${quick_start}")
list(REMOVE_ITEM programs "")

# Milliseconds, into result.
function(time_compilation compiler name result)
    string(TIMESTAMP begin "%s%f" UTC)
    execute_process(COMMAND ${compiler} -std=c++20 -O2 -I "${root}/include" -isystem /usr/include/eigen3
        -c "${folder}/${name}.cpp" -o "${folder}/${name}.o" COMMAND_ERROR_IS_FATAL ANY)
    string(TIMESTAMP end "%s%f" UTC)
    math(EXPR milliseconds "(${end} - ${begin}) / 1000")
    set(${result} ${milliseconds} PARENT_SCOPE)
endfunction()

function(median numbers result)
    list(SORT numbers COMPARE NATURAL)
    list(LENGTH numbers count)
    math(EXPR middle "${count} / 2")
    list(GET numbers ${middle} number)
    set(${result} ${number} PARENT_SCOPE)
endfunction()

message("| compiler | program | milliseconds | beyond Eigen and xsimd |\n| --- | --- | ---: | ---: |")
foreach(compiler IN LISTS COMPILERS)
    foreach(name IN LISTS programs)
        time_compilation(${compiler} ${name} ignored) # files come into the cache
        set(times_${name} "")
    endforeach()
    foreach(run RANGE 1 ${RUNS})
        foreach(name IN LISTS programs)
            time_compilation(${compiler} ${name} milliseconds)
            list(APPEND times_${name} ${milliseconds})
        endforeach()
    endforeach()
    median("${times_reference}" reference)
    foreach(name IN LISTS programs)
        median("${times_${name}}" milliseconds)
        math(EXPR beyond "${milliseconds} - ${reference}")
        message("| ${compiler} | ${title_${name}} | ${milliseconds} | ${beyond} |")
    endforeach()
endforeach()
