# SPDX-License-Identifier: BSD-3-Clause
# cmake -DBUILD_DIR=... -DPREFIX=... -P install_and_move.cmake
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE "${PREFIX}" "${PREFIX}.before")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${PREFIX}.before" OUTPUT_QUIET
    COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${PREFIX}.before" "${PREFIX}")
