# SPDX-License-Identifier: BSD-3-Clause
# cmake -DCOMPILER=... -DSOURCE=... -DINCLUDE_DIRS=... -P check_refused.cmake
#
# The file must compile with -DRIGHT, so that nothing but the wrong use can be the reason, and fail without it. Where
# compiler flags are the wrong use, the second line names them after "// refused with: ", and only the refusal has them.
cmake_minimum_required(VERSION 3.25)

file(STRINGS "${SOURCE}" first_lines LIMIT_COUNT 2)
list(GET first_lines 0 first_line)
list(GET first_lines 1 second_line)
if(NOT first_line MATCHES "^// expect: (.+)$")
    message(FATAL_ERROR "${SOURCE}: the first line must be '// expect: text of the error'")
endif()
set(expected "${CMAKE_MATCH_1}")

set(wrong_flags "")
if(second_line MATCHES "^// refused with: (.+)$")
    separate_arguments(wrong_flags UNIX_COMMAND "${CMAKE_MATCH_1}")
endif()

set(command "${COMPILER}" -std=c++20 -fsyntax-only)
foreach(dir IN LISTS INCLUDE_DIRS)
    list(APPEND command -isystem "${dir}")
endforeach()

execute_process(COMMAND ${command} -DRIGHT "${SOURCE}" RESULT_VARIABLE result ERROR_VARIABLE text)
if(result)
    message(FATAL_ERROR "${SOURCE}: the right use does not compile:\n${text}")
endif()
execute_process(COMMAND ${command} ${wrong_flags} "${SOURCE}" RESULT_VARIABLE result ERROR_VARIABLE text)
if(NOT result)
    message(FATAL_ERROR "${SOURCE}: the wrong use compiles")
endif()
string(FIND "${text}" "${expected}" position)
if(position EQUAL -1)
    message(FATAL_ERROR "${SOURCE}: refused, but without '${expected}':\n${text}")
endif()
