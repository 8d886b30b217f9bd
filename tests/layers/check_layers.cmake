# SPDX-License-Identifier: BSD-3-Clause
# cmake -DINCLUDE_DIR=<folder that holds quantkit/> -P check_layers.cmake
#
# Fails unless every #include under INCLUDE_DIR points to the same layer or to one below it, and every dependency is
# included only by the layers that may know it.
cmake_minimum_required(VERSION 3.25)

# layer: the layers that it may include besides itself
set(below_core "")
set(below_kernels core)
set(below_observers core kernels)
set(below_metrics core kernels)
set(below_calibration core kernels observers)
set(below_io core)
set(below_tensor core kernels observers metrics)
set(below_model ${below_tensor} tensor calibration io)
set(below_ptq ${below_model} model)
set(below_training ${below_model} model)
set(below_sensitivity ${below_model} model ptq training)
set(below_report ${below_sensitivity} sensitivity)

# dependency: the layers that may include it
set(users_of_xsimd kernels)
set(users_of_nlohmann io report)
set(users_of_Eigen tensor model ptq training sensitivity report)
set(users_of_unsupported ${users_of_Eigen})

set(violations "")
file(GLOB_RECURSE headers RELATIVE "${INCLUDE_DIR}/quantkit" "${INCLUDE_DIR}/quantkit/*.hpp")
foreach(header IN LISTS headers)
    if(NOT header MATCHES "^([a-z_]+)/")
        continue() # the umbrella and the version belong to no layer
    endif()
    set(layer ${CMAKE_MATCH_1})
    if(NOT DEFINED below_${layer})
        string(APPEND violations "  ${header}: no layer is called ${layer}\n")
        continue()
    endif()

    file(STRINGS "${INCLUDE_DIR}/quantkit/${header}" lines REGEX "^[ \t]*#[ \t]*include")
    foreach(line IN LISTS lines)
        if(line MATCHES "#[ \t]*include[ \t]*\"")
            string(APPEND violations "  ${header}: quoted include, write <quantkit/...>: ${line}\n")
        elseif(line MATCHES "<quantkit/([a-z_]+)/")
            if(NOT CMAKE_MATCH_1 IN_LIST below_${layer} AND NOT CMAKE_MATCH_1 STREQUAL layer)
                string(APPEND violations "  ${header}: ${layer} must not know ${CMAKE_MATCH_1}: ${line}\n")
            endif()
        elseif(line MATCHES "<quantkit/quantkit.hpp>")
            string(APPEND violations "  ${header}: a header must not include the umbrella\n")
        elseif(line MATCHES "<(xsimd|nlohmann|Eigen|unsupported)/")
            if(NOT layer IN_LIST users_of_${CMAKE_MATCH_1})
                string(APPEND violations "  ${header}: ${layer} must not know ${CMAKE_MATCH_1}: ${line}\n")
            endif()
        endif()
    endforeach()
endforeach()

list(LENGTH headers count)
if(count EQUAL 0)
    message(FATAL_ERROR "no headers under ${INCLUDE_DIR}/quantkit")
elseif(violations)
    message(FATAL_ERROR "an include may only point downward:\n${violations}")
endif()
message("${count} headers: every include points downward")
