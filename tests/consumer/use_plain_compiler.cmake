# SPDX-License-Identifier: BSD-3-Clause
# cmake -DCOMPILER=... "-DFLAGS=-std=... ..." -DPREFIX=... -DSOURCE=... -DPROGRAM=... -P use_plain_compiler.cmake
#
# A compiler, pkg-config and no build system.
cmake_minimum_required(VERSION 3.25)
set(ENV{PKG_CONFIG_PATH} "${PREFIX}/share/pkgconfig")
execute_process(COMMAND pkg-config --cflags quantkit OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
if(flags MATCHES "-std=|-m|-O|-W")
    message(FATAL_ERROR "quantkit.pc chooses flags for its users: ${flags}")
endif()
separate_arguments(asked UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND "${COMPILER}" ${asked} ${flags} "${SOURCE}" -o "${PROGRAM}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${PROGRAM}" COMMAND_ERROR_IS_FATAL ANY)
