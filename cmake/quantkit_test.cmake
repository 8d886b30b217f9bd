# SPDX-License-Identifier: BSD-3-Clause
# quantkit_add_test(path [ARCH name]): one doctest program from tests/<path>_test.cpp, registered as test <path>, or
# as <path>@<name> when it is built with the flags of an instruction set (cmake/quantkit_archs.cmake).

# The main function, compiled once, with what every test includes and knows.
add_library(quantkit_test_main OBJECT support/main.cpp)
target_link_libraries(quantkit_test_main PUBLIC quantkit::io doctest::doctest PRIVATE quantkit_warnings)
target_include_directories(quantkit_test_main PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_definitions(quantkit_test_main PUBLIC
    QUANTKIT_GOLDEN_DEFAULT="${CMAKE_CURRENT_SOURCE_DIR}/golden/data"
    QUANTKIT_MODELS_DEFAULT="${QUANTKIT_MODELS}"
    QUANTKIT_EXAMPLES="${PROJECT_SOURCE_DIR}/examples")

# Most of the time goes into optimizing, and little of it comes back: only the kernels' tests for one instruction set
# each, the benchmarks and the examples are built with what a release asks for.
set(quantkit_test_optimization $<$<CONFIG:Release>:-O1>)

# All layers of networks in double, for the tests that check gradients (training/gradient_check.hpp).
add_library(quantkit_double_networks STATIC EXCLUDE_FROM_ALL training/double_networks.cpp)
target_link_libraries(quantkit_double_networks PRIVATE quantkit quantkit_warnings)
target_compile_options(quantkit_double_networks PRIVATE ${quantkit_test_optimization})

# What nearly every test includes, parsed once for all tests that share the same flags.
if(QUANTKIT_TEST_PCH)
    file(CONFIGURE OUTPUT empty.cpp CONTENT "")
    add_library(quantkit_test_pch OBJECT "${CMAKE_CURRENT_BINARY_DIR}/empty.cpp")
    target_link_libraries(quantkit_test_pch PRIVATE quantkit_test_main quantkit_warnings)
    target_compile_options(quantkit_test_pch PRIVATE ${quantkit_test_optimization})
    target_precompile_headers(quantkit_test_pch PRIVATE <doctest/doctest.h> <xsimd/xsimd.hpp> <Eigen/Core>
        <algorithm> <filesystem> <string> <vector>)
endif()

# Tests of sessions and of networks in training, which take what is long to compile from quantkit::model, whose
# definition the precompiled header does not have.
set(quantkit_model_tests
    "^model/|^faults/model|^fuzz/corpus$|whole_model|^sensitivity/(simulated|trained)|^report/model_values$")
set(quantkit_network_tests
    "^training/(fake_quant_network|fit|network|qat|whole_models)$|/gradient_sensitivity$|/qat_step_golden$")

function(quantkit_add_test path)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "ARCH" "")
    set(name "${path}")
    if(test_ARCH)
        string(APPEND name "@${test_ARCH}")
    endif()
    string(REGEX REPLACE "[/@]" "." target "test.${name}")

    if(path STREQUAL "report/model_values" AND NOT TARGET quantkit::model)
        return()
    endif()
    add_executable(${target} "${path}_test.cpp")
    target_link_libraries(${target} PRIVATE quantkit_test_main quantkit_warnings)
    add_test(NAME ${name} COMMAND ${target})
    if(path MATCHES "_golden$")
        set_tests_properties(${name} PROPERTIES LABELS golden)
    endif()
    if(test_ARCH)
        target_compile_options(${target} PRIVATE ${quantkit_flags_${test_ARCH}})
        set_tests_properties(${name} PROPERTIES LABELS isa)
    else()
        target_compile_options(${target} PRIVATE ${quantkit_test_optimization})
        if(path MATCHES "${quantkit_model_tests}|${quantkit_network_tests}")
            target_link_libraries(${target} PRIVATE quantkit::model)
        elseif(QUANTKIT_TEST_PCH)
            target_precompile_headers(${target} REUSE_FROM quantkit_test_pch)
        endif()
    endif()
    if(path MATCHES "^training/(fake_quant_network|layers|losses|network)$")
        target_link_libraries(${target} PRIVATE quantkit_double_networks)
    endif()
    if(path MATCHES "_long$") # says SKIPPED unless QUANTKIT_LONG_TESTS is set
        set_tests_properties(${name} PROPERTIES LABELS long SKIP_REGULAR_EXPRESSION "SKIPPED")
    endif()
endfunction()
