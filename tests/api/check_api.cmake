# SPDX-License-Identifier: BSD-3-Clause
# cmake -DROOT=... [-DINPUT=...] [-DOUTPUT=...] [-DDOXYGEN=...] -P check_api.cmake
#
# Runs Doxygen over the headers and fails on its first warning: an undocumented symbol, markup that means nothing.
cmake_minimum_required(VERSION 3.25)

if(NOT DOXYGEN)
    set(DOXYGEN doxygen)
endif()
set(input "")
if(INPUT)
    set(input "INPUT = \"${INPUT}\"\n")
endif()
if(NOT OUTPUT)
    set(OUTPUT "${ROOT}/build-api")
endif()

# As XML: a few files instead of thousands.
file(MAKE_DIRECTORY "${OUTPUT}")
file(WRITE "${OUTPUT}/Doxyfile"
    "@INCLUDE = docs/api/Doxyfile\n${input}OUTPUT_DIRECTORY = \"${OUTPUT}\"\n"
    "GENERATE_HTML = NO\nGENERATE_XML = YES\nXML_PROGRAMLISTING = NO\n")
execute_process(COMMAND "${DOXYGEN}" "${OUTPUT}/Doxyfile" WORKING_DIRECTORY "${ROOT}"
    RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT status EQUAL 0 OR NOT said STREQUAL "")
    string(REGEX MATCHALL "is not documented" undocumented "${said}")
    list(LENGTH undocumented count)
    message(FATAL_ERROR "${said}are not documented: ${count}")
endif()
