# SPDX-License-Identifier: BSD-3-Clause
# cmake -DBINARY_DIR=... -P expect_no_install.cmake
cmake_minimum_required(VERSION 3.25)
set(prefix "${BINARY_DIR}/installed")
file(REMOVE_RECURSE "${prefix}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BINARY_DIR}" --prefix "${prefix}" OUTPUT_QUIET
    COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE files "${prefix}/*")
if(files)
    message(FATAL_ERROR "quantkit installs into the project's prefix: ${files}")
endif()
