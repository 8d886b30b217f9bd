# SPDX-License-Identifier: BSD-3-Clause
# cmake -DNM=... -DOBJECTS=a.o;b.o -P check_symbols.cmake
#
# Objects that were compiled with different flags must not define the same function: the linker keeps one of them, and
# a CPU without the instruction set of that one would stop there. Nor may they define one of the standard library,
# which any other object of the program may define, too.
cmake_minimum_required(VERSION 3.25)

set(seen "")
set(shared "")
foreach(object IN LISTS OBJECTS)
    execute_process(COMMAND "${NM}" --defined-only "${object}" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " W [^\n]+" functions "${text}")
    string(REGEX MATCHALL " W [^\n]*table_entries" entries "${text}")
    if(NOT entries)
        message(FATAL_ERROR "${object} defines no kernel: the check would pass whatever the code does")
    endif()
    foreach(function IN LISTS functions)
        if(NOT function MATCHES "quantkit")
            string(APPEND shared " ${function}\n")
        endif()
        if(function IN_LIST seen)
            string(APPEND shared " ${function}\n")
        endif()
    endforeach()
    list(APPEND seen ${functions})
    list(LENGTH functions count)
    message("${object}: ${count} functions")
endforeach()
if(shared)
    message(FATAL_ERROR "defined by objects with different flags, or the standard library's:\n${shared}")
endif()
