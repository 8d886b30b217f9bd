# SPDX-License-Identifier: BSD-3-Clause
# Programs of two translation units with different flags, without and with quantkit::dispatch; each runs when it is built.
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    return()
endif()

function(add_mixed_flags_consumer name library same_kernels)
    foreach(unit IN ITEMS narrow wide)
        add_library(${name}_${unit} OBJECT "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/mixed_flags.cpp")
        target_compile_definitions(${name}_${unit} PRIVATE UNIT=${unit})
        target_link_libraries(${name}_${unit} PRIVATE ${library})
    endforeach()
    target_compile_options(${name}_wide PRIVATE -mavx2 -mfma)

    add_executable(${name} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/main_mixed_flags.cpp")
    target_compile_definitions(${name} PRIVATE SAME_KERNELS=${same_kernels})
    target_link_libraries(${name} PRIVATE ${name}_narrow ${name}_wide ${library})
    add_custom_command(TARGET ${name} POST_BUILD COMMAND ${name})
endfunction()

add_mixed_flags_consumer(consumer_mixed_flags quantkit::quantkit false)
if(TARGET quantkit::dispatch)
    add_mixed_flags_consumer(consumer_mixed_flags_dispatch quantkit::dispatch true)
endif()
