# SPDX-License-Identifier: BSD-3-Clause
# expect_nothing_unasked(): a project that contains quantkit and asked for nothing gets no program to build, no test, no
# install rule and no cache option but prefixed ones. To be called after quantkit was added; `cache_before` holds the
# cache's variables from before. The install rules are judged when the target `consumer` is built.
function(expect_nothing_unasked)
    get_property(targets DIRECTORY "${quantkit_SOURCE_DIR}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
        get_target_property(type ${target} TYPE)
        if(NOT type STREQUAL "INTERFACE_LIBRARY")
            message(FATAL_ERROR "quantkit adds the target ${target} (${type})")
        endif()
    endforeach()
    foreach(property IN ITEMS SUBDIRECTORIES TESTS)
        get_property(value DIRECTORY "${quantkit_SOURCE_DIR}" PROPERTY ${property})
        if(value)
            message(FATAL_ERROR "quantkit adds ${property}: ${value}")
        endif()
    endforeach()

    get_cmake_property(cache_after CACHE_VARIABLES)
    list(REMOVE_ITEM cache_after ${cache_before})
    list(FILTER cache_after EXCLUDE REGEX "^(QUANTKIT_|quantkit_|FETCHCONTENT_|CMAKE_PROJECT_)|^(Eigen3|xsimd|nlohmann_json)_DIR$")
    if(cache_after)
        message(FATAL_ERROR "quantkit defines cache variables without its prefix: ${cache_after}")
    endif()

    add_custom_command(TARGET consumer POST_BUILD COMMAND "${CMAKE_COMMAND}"
        "-DBINARY_DIR=${quantkit_BINARY_DIR}" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/expect_no_install.cmake")
endfunction()
