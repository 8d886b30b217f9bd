# SPDX-License-Identifier: BSD-3-Clause
# cmake -P cmake/analyze.cmake: cppcheck and clang-tidy over include/; fails at a finding.
#
#   -DALL=ON   clang-tidy over all headers (80 s of processor time), not only the umbrella and what it includes (20 s)
cmake_minimum_required(VERSION 3.25)

cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH source_dir)
set(include_dir "${source_dir}/include")
set(build_dir "${source_dir}/build/analysis")
file(GLOB_RECURSE headers RELATIVE "${include_dir}" "${include_dir}/*.hpp")
find_program(clang_tidy NAMES clang-tidy-14 clang-tidy)
find_program(cppcheck NAMES cppcheck)
find_path(eigen_dir Eigen/Core PATHS /usr/local/include /usr/include PATH_SUFFIXES eigen3 REQUIRED)

function(analyze name)
    message(STATUS "${name}")
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${name}:\n${text}")
    endif()
endfunction()

if(clang_tidy)
    set(includes quantkit/quantkit.hpp)
    if(ALL)
        set(includes ${headers})
    endif()
    list(TRANSFORM includes REPLACE "(.+)" "#include <\\1>")
    list(JOIN includes "\n" text)
    file(WRITE "${build_dir}/includes.cpp" "${text}\n")
    # an absolute include folder: HeaderFilterRegex is matched with what the compiler calls the file
    analyze("clang-tidy" "${clang_tidy}" --quiet "--config-file=${source_dir}/.clang-tidy" "${build_dir}/includes.cpp"
        -- -std=c++20 "-I${include_dir}" -isystem "${eigen_dir}")
else()
    message(STATUS "clang-tidy: SKIPPED, it is not installed")
endif()

if(cppcheck)
    cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
    list(TRANSFORM headers PREPEND "${include_dir}/")
    analyze("cppcheck" "${cppcheck}" -j ${cores} --enable=warning,performance,portability --inline-suppr --std=c++20
        --language=c++ --error-exitcode=1 --quiet "--suppressions-list=${source_dir}/cmake/cppcheck_suppressions.txt"
        "-I${include_dir}" -D__x86_64__ -D__GNUC__=12 -D__cplusplus=202002L -D__cpp_exceptions=199711 ${headers})
else()
    message(STATUS "cppcheck: SKIPPED, it is not installed")
endif()
