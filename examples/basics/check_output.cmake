# SPDX-License-Identifier: BSD-3-Clause
# cmake -DSOURCE=... -P check_output.cmake -- PROGRAM [ARGUMENT...]
#
# The program prints what the comment at its head says: the indented lines after "/// Prints". Of lines that begin with
# "~" the numbers, which are times, are not compared.
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

# Lines of text, with a "#" for each number of those that hold times.
function(comparable out text)
    string(REGEX REPLACE "[ \t]+\n" "\n" text "${text}")
    set(result "")
    while(text MATCHES "^([^\n]*)\n(.*)$")
        set(line "${CMAKE_MATCH_1}")
        set(text "${CMAKE_MATCH_2}")
        if(line MATCHES "^~")
            string(REGEX REPLACE "[0-9.]+" "#" line "${line}")
            string(REGEX REPLACE " +" " " line "${line}")
        endif()
        string(APPEND result "${line}\n")
    endwhile()
    set(${out} "${result}" PARENT_SCOPE)
endfunction()

file(READ "${SOURCE}" source)
if(NOT source MATCHES "/// Prints[^\n]*:\n///\n((///     [^\n]*\n)+)")
    message(FATAL_ERROR "${SOURCE} does not say what it prints")
endif()
string(REPLACE "///     " "" expected "${CMAKE_MATCH_1}")
execute_process(COMMAND ${command} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
comparable(expected "${expected}")
comparable(printed "${printed}")
if(NOT status STREQUAL "0" OR NOT printed STREQUAL expected)
    message(FATAL_ERROR "${SOURCE} says:\n${expected}\nbut the program ended with ${status} and printed:\n${printed}")
endif()
