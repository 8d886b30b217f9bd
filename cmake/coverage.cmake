# SPDX-License-Identifier: BSD-3-Clause
# cmake -P cmake/coverage.cmake: how many lines of include/ the tests run, for each folder.
#
#   -DFILTER=REGEX     only tests whose path matches, for example ^core/
#   -DJOBS=2           how many compilers and tests run at once (one for each core)
#   -DREPORT_ONLY=ON   of what was built and run before
#   -DBUILD_DIR=...    where (build/coverage)
#   -DLEAST=95         fails below so many percent
#
# Needs clang, llvm-profdata and llvm-cov. A template's line counts as run when any instantiation ran it. Files for
# instruction sets are counted whether this CPU has them or not; the last line leaves out those for AVX-512 and VNNI.
# What is compiled only for ARM is no line here. docs/reliability.md has what came out.
cmake_minimum_required(VERSION 3.25)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH source_dir)
if(NOT BUILD_DIR)
    set(BUILD_DIR "${source_dir}/build/coverage")
endif()
if(NOT JOBS)
    cmake_host_system_information(RESULT JOBS QUERY NUMBER_OF_LOGICAL_CORES)
endif()
if(NOT FILTER)
    # the tests of what is in include/; others compile it in their own ways
    set(FILTER "^(calibration|core|faults|golden|io|kernels|metrics|model|observers|report|sensitivity|tensor|training)/")
endif()
set(profiles "${BUILD_DIR}/profiles")
find_program(profdata NAMES llvm-profdata llvm-profdata-14 REQUIRED)
find_program(cov NAMES llvm-cov llvm-cov-14 REQUIRED)

function(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${source_dir}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(NOT REPORT_ONLY)
    file(REMOVE_RECURSE "${profiles}")
    set(ENV{LLVM_PROFILE_FILE} "${profiles}/%8m.profraw")
    run("${CMAKE_COMMAND}" --preset coverage -B "${BUILD_DIR}" "-DQUANTKIT_TEST_FILTER=${FILTER}" --log-level=WARNING)
    run("${CMAKE_COMMAND}" --build "${BUILD_DIR}" --parallel ${JOBS})
    run("${CMAKE_CTEST_COMMAND}" --test-dir "${BUILD_DIR}" --parallel ${JOBS} --output-on-failure)
endif()

# Programs that were built but have no profile count: what they instantiate and nothing ran is not covered.
file(GLOB raw_profiles "${profiles}/*.profraw")
file(GLOB programs "${BUILD_DIR}/tests/test.*")
list(FILTER programs EXCLUDE REGEX "\\.cmake$|headers$")
list(POP_FRONT programs first_program)
list(TRANSFORM programs REPLACE "(.+)" "-object=\\1")
list(JOIN raw_profiles "\n" list_of_profiles)
file(WRITE "${BUILD_DIR}/profiles.txt" "${list_of_profiles}\n")
run("${profdata}" merge -sparse --input-files=${BUILD_DIR}/profiles.txt -o "${BUILD_DIR}/all.profdata")
execute_process(COMMAND "${cov}" export -summary-only "-instr-profile=${BUILD_DIR}/all.profdata" "${first_program}" ${programs}
        "${source_dir}/include"
    OUTPUT_FILE "${BUILD_DIR}/coverage.json" ERROR_VARIABLE complaints RESULT_VARIABLE result)
if(result)
    message(FATAL_ERROR "llvm-cov: ${complaints}")
endif()

# Counts of lines, added up for the folder of each file.
file(READ "${BUILD_DIR}/coverage.json" json)
string(JSON files GET "${json}" data 0 files)
string(JSON last LENGTH "${files}")
math(EXPR last "${last} - 1")
set(folders "")
foreach(i RANGE ${last})
    string(JSON file GET "${files}" ${i} filename)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${source_dir}/include")
    list(APPEND folders "${folder}")
    set(sums "${folder}" all)
    if(NOT file MATCHES "avx512|vnni")
        list(APPEND sums "all but files for AVX-512 and VNNI")
    endif()
    foreach(kind IN ITEMS count covered)
        string(JSON lines GET "${files}" ${i} summary lines ${kind})
        foreach(sum IN LISTS sums)
            math(EXPR ${kind}_${sum} "0${${kind}_${sum}} + ${lines}")
        endforeach()
    endforeach()
endforeach()
list(REMOVE_DUPLICATES folders)
list(SORT folders)
foreach(sum IN LISTS folders ITEMS all "all but files for AVX-512 and VNNI")
    if(count_${sum} GREATER 0)
        math(EXPR tenths "1000 * ${covered_${sum}} / ${count_${sum}}")
        math(EXPR percent "${tenths} / 10")
        math(EXPR tenth "${tenths} % 10")
        message("${percent}.${tenth} %  ${covered_${sum}} of ${count_${sum}} lines  ${sum}")
    endif()
endforeach()
if(LEAST)
    math(EXPR reached "100 * ${covered_all} / ${count_all}")
    if(reached LESS LEAST)
        message(FATAL_ERROR "the tests run ${reached} % of the lines, not ${LEAST}")
    endif()
endif()
