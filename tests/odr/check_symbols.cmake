# SPDX-License-Identifier: BSD-3-Clause
# cmake -DNM=... -DOBJECTS=a.o;b.o [-DOBJDUMP=...] [-DDEFINED=...] [-DJUDGED=...] -P check_symbols.cmake
#
# Objects that were compiled with different flags must not define the same function: the linker keeps one of them, and
# a CPU without the instruction set of that one would stop there. Nor may they define one of the standard library or of
# Eigen, which any other object of the program may define, too.
#
# DEFINED  what each object must define, so that the check cannot pass on an empty one; compiled_kernels unless given
# JUDGED   only functions whose names match are judged; all unless given
# OBJDUMP  allows what no library can keep from being emitted, where it is the same code whatever the flags: destructors
#          that the compiler wrote, which free memory, what clang calls where a noexcept function throws, and Eigen's
#          throw of std::bad_alloc. Their instructions must not name a vector register.
cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED DEFINED)
    set(DEFINED compiled_kernels)
endif()
if(NOT DEFINED JUDGED)
    set(JUDGED ".")
endif()

# GNU's and LLVM's objdump name the option differently.
set(one_function --disassemble)
if(OBJDUMP MATCHES "llvm")
    set(one_function --disassemble-symbols)
endif()

# Whether a function may be shared.
function(is_harmless function object out)
    set(${out} FALSE PARENT_SCOPE)
    if(OBJDUMP AND function MATCHES "D[012]Ev$|^__clang_call_terminate$|^_ZN5Eigen8internal19throw_std_bad_allocEv$")
        execute_process(COMMAND "${OBJDUMP}" -d "${one_function}=${function}" "${object}" OUTPUT_VARIABLE text
            COMMAND_ERROR_IS_FATAL ANY)
        if(NOT text MATCHES "[xyz]mm[0-9]")
            set(${out} TRUE PARENT_SCOPE)
        endif()
    endif()
endfunction()

set(seen "")
set(shared "")
foreach(object IN LISTS OBJECTS)
    execute_process(COMMAND "${NM}" --defined-only "${object}" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " W [^\n]+" functions "${text}")
    list(TRANSFORM functions REPLACE " W " "")
    if(NOT functions MATCHES "${DEFINED}")
        message(FATAL_ERROR "${object} defines no ${DEFINED}: the check would pass whatever the code does")
    endif()
    list(FILTER functions INCLUDE REGEX "${JUDGED}")
    foreach(function IN LISTS functions)
        if(function IN_LIST seen OR NOT function MATCHES "quantkit")
            is_harmless("${function}" "${object}" harmless)
            if(NOT harmless)
                string(APPEND shared " ${function}\n")
            endif()
        endif()
    endforeach()
    list(APPEND seen ${functions})
    list(LENGTH functions count)
    message("${object}: ${count} functions")
endforeach()
if(shared)
    message(FATAL_ERROR "defined by objects with different flags, or the standard library's:\n${shared}")
endif()
