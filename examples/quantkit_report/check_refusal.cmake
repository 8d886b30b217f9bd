# SPDX-License-Identifier: BSD-3-Clause
# cmake -DSTATUS=N -DMESSAGE=REGEX -P check_refusal.cmake -- PROGRAM [ARGUMENT...]: ends so, and says so on its error
# output, with the program's name in front.
cmake_minimum_required(VERSION 3.25)

set(command "")
set(is_command FALSE)
foreach(i RANGE ${CMAKE_ARGC})
    if(is_command AND i LESS CMAKE_ARGC)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
        set(is_command TRUE)
    endif()
endforeach()
execute_process(COMMAND ${command} OUTPUT_QUIET ERROR_VARIABLE errors RESULT_VARIABLE status)
if(NOT status STREQUAL STATUS OR NOT errors MATCHES "^quantkit_report: .*${MESSAGE}")
    message(FATAL_ERROR "status ${STATUS} and '${MESSAGE}' were expected, but the status is ${status}:\n${errors}")
endif()
