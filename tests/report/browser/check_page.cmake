# SPDX-License-Identifier: BSD-3-Clause
# cmake -DCHROMIUM=... -DPAGE=... [-DMOST_BYTES=N] [-DEXPECT_FAULTS=a;b] -P check_page.cmake
#
# Opens a copy of the page in Chromium, 1280 and 390 pixels wide, without a network, and fails with what check_page.js
# finds: what overflows or overlaps, charts without titles and axes, errors. The page may name no other address.
cmake_minimum_required(VERSION 3.25)

file(READ "${PAGE}" page)
get_filename_component(name "${PAGE}" NAME_WE)
set(folder "${CMAKE_CURRENT_BINARY_DIR}/browser_${name}")
file(REMOVE_RECURSE "${folder}")
file(MAKE_DIRECTORY "${folder}")
set(faults "")

file(SIZE "${PAGE}" bytes)
if(MOST_BYTES AND bytes GREATER MOST_BYTES)
    string(APPEND faults "fault: it has ${bytes} bytes\n")
endif()
string(REPLACE "http://www.w3.org/2000/svg" "" addresses "${page}") # a name, not an address
foreach(address IN ITEMS "://" "@import" "src=")
    string(FIND "${addresses}" "${address}" position)
    if(NOT position EQUAL -1)
        string(APPEND faults "fault: it has '${address}'\n")
    endif()
endforeach()

file(READ "${CMAKE_CURRENT_LIST_DIR}/check_page.js" script)
string(REPLACE "<head>" "<head><script>${script}</script>" page "${page}")
set(checked "${name}.html")
file(WRITE "${folder}/${checked}" "${page}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/frames.html.in" "${folder}/frames.html" @ONLY)
execute_process(
    COMMAND "${CHROMIUM}" --headless=new --no-sandbox --disable-gpu --disable-extensions --no-first-run
        "--user-data-dir=${folder}/profile" --proxy-server=127.0.0.1:9 "--host-resolver-rules=MAP * ~NOTFOUND"
        --window-size=1400,2000 --timeout=60000 --virtual-time-budget=20000 --enable-logging=stderr
        --dump-dom "file://${folder}/frames.html"
    OUTPUT_VARIABLE found ERROR_VARIABLE messages RESULT_VARIABLE status TIMEOUT 120)
file(REMOVE_RECURSE "${folder}/profile")
if(NOT status STREQUAL "0")
    message(FATAL_ERROR "${CHROMIUM} ended with ${status}:\n${messages}")
endif()
foreach(width IN ITEMS 1280 390)
    if(NOT found MATCHES "looked at [0-9]+ charts at ${width} px")
        string(APPEND faults "fault: nobody looked at it at ${width} px\n")
    endif()
endforeach()
string(REGEX MATCHALL "fault at [0-9]+ px[^\n]*\n" seen "${found}")
list(JOIN seen "" seen)
string(REGEX MATCHALL "[^\n]*CONSOLE[^\n]*\n" logged "${messages}")
list(JOIN logged "" logged)
string(APPEND faults "${seen}${logged}")

if(EXPECT_FAULTS)
    foreach(fault IN LISTS EXPECT_FAULTS)
        if(NOT faults MATCHES "${fault}")
            message(FATAL_ERROR "'${fault}' was not found, but:\n${faults}")
        endif()
    endforeach()
elseif(faults)
    message(FATAL_ERROR "${PAGE}:\n${faults}")
endif()
