# SPDX-License-Identifier: BSD-3-Clause
# The element-wise kernels emit what the compiler flags allow, so their tests are built once for each set of flags.
#
# quantkit_add_arch_tests(path) adds <path>@<arch> for each of QUANTKIT_TEST_ARCHS. An instruction set that this CPU or
# compiler lacks shows up as a skipped test, never as a passed one; the test "isa_coverage" lists what ran.
#
# Products choose among instruction sets when they run, up to the one that QUANTKIT_ISA names: quantkit_add_isa_tests(name
# command...) adds <name>@<isa> for each of QUANTKIT_LESSER_ISAS, skipped where the CPU lacks it.

set(quantkit_flags_avx2 -mavx2 -mfma)
set(quantkit_flags_avx512 -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl -mfma)
set(quantkit_flags_native -march=native)

set(quantkit_features_avx2 avx2 fma)
set(quantkit_features_avx512 avx512f avx512cd avx512bw avx512dq avx512vl fma)
set(quantkit_features_native "")

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(default_archs avx2 avx512)
else()
    set(default_archs "")
endif()
set(QUANTKIT_TEST_ARCHS "${default_archs}" CACHE STRING
    "Instruction sets (avx2, avx512, native) for which the kernel tests are built besides the flags of the build")

# An empty result if tests for the arch can be built and run here, else the reason.
function(quantkit_why_not arch out)
    set(conditions true)
    foreach(feature IN LISTS quantkit_features_${arch})
        string(APPEND conditions " && __builtin_cpu_supports(\"${feature}\")")
    endforeach()
    file(CONFIGURE OUTPUT probe_${arch}.cpp CONTENT "int main() { return ${conditions} ? 0 : 1; }\n")

    string(MAKE_C_IDENTIFIER "QUANTKIT_HAS_FLAGS_${arch}" has_flags)
    list(JOIN quantkit_flags_${arch} " " flags)
    check_cxx_compiler_flag("${flags}" ${has_flags})
    if(NOT DEFINED quantkit_flags_${arch})
        set(${out} "no such arch in cmake/quantkit_archs.cmake" PARENT_SCOPE)
    elseif(NOT ${has_flags})
        set(${out} "the compiler does not know ${flags}" PARENT_SCOPE)
    else()
        try_run(runs compiles "${CMAKE_CURRENT_BINARY_DIR}/probe" "${CMAKE_CURRENT_BINARY_DIR}/probe_${arch}.cpp")
        if(NOT compiles OR NOT runs EQUAL 0)
            set(${out} "the CPU does not have ${quantkit_features_${arch}}" PARENT_SCOPE)
        else()
            set(${out} "" PARENT_SCOPE)
        endif()
    endif()
endfunction()

# A test that cannot run here, and why.
function(quantkit_add_skipped_test name why)
    add_test(NAME ${name} COMMAND "${CMAKE_COMMAND}" -E echo "SKIPPED: ${why}")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "SKIPPED" LABELS "${ARGN}")
endfunction()

include(CheckCXXCompilerFlag)
set(coverage "kernel tests run with the flags of this build")
foreach(arch IN LISTS QUANTKIT_TEST_ARCHS)
    quantkit_why_not(${arch} quantkit_missing_${arch})
    if(quantkit_missing_${arch})
        string(APPEND coverage "\n  ${arch}: SKIPPED, ${quantkit_missing_${arch}}")
    else()
        string(APPEND coverage "\n  ${arch}: also run with ${quantkit_flags_${arch}}")
    endif()
endforeach()
message(STATUS "${coverage}")
add_test(NAME isa_coverage COMMAND "${CMAKE_COMMAND}" -E echo "${coverage}")
set_tests_properties(isa_coverage PROPERTIES SKIP_REGULAR_EXPRESSION "SKIPPED" LABELS isa)

function(quantkit_add_arch_tests path)
    foreach(arch IN LISTS QUANTKIT_TEST_ARCHS)
        if(quantkit_missing_${arch})
            quantkit_add_skipped_test(${path}@${arch} "${quantkit_missing_${arch}}" isa)
        else()
            quantkit_add_test(${path} ARCH ${arch})
        endif()
    endforeach()
endfunction()

# Those of kernels/isa.hpp that this CPU has, or the emulator of another.
file(CONFIGURE OUTPUT cpu_isas.cpp @ONLY CONTENT [[
#include <quantkit/kernels/isa.hpp>

#include <cstdio>

int main()
{
    for (std::size_t i = 0; i < quantkit::isa_names.size(); ++i)
        if (quantkit::cpu_has(static_cast<quantkit::isa_level>(i)))
            std::printf("%s;", quantkit::isa_names[i].data());
}
]])
try_run(quantkit_isas_run quantkit_isas_compile "${CMAKE_CURRENT_BINARY_DIR}/probe"
    "${CMAKE_CURRENT_BINARY_DIR}/cpu_isas.cpp" CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${PROJECT_SOURCE_DIR}/include"
    CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON RUN_OUTPUT_VARIABLE quantkit_cpu_isas)
if(NOT quantkit_isas_compile OR NOT quantkit_isas_run EQUAL 0)
    message(FATAL_ERROR "cannot ask the CPU for its instruction sets")
endif()
message(STATUS "instruction sets of this CPU: ${quantkit_cpu_isas}")

# All but the best of each kind of processor, which needs no QUANTKIT_ISA.
set(QUANTKIT_LESSER_ISAS scalar)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND QUANTKIT_LESSER_ISAS sse2 avx2 avxvnni avx512bw avx512vnni)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    list(APPEND QUANTKIT_LESSER_ISAS neon neon_dotprod)
endif()

function(quantkit_add_isa_tests name)
    foreach(isa IN LISTS QUANTKIT_LESSER_ISAS)
        if(isa IN_LIST quantkit_cpu_isas)
            add_test(NAME ${name}@${isa} COMMAND ${ARGN})
            set_tests_properties(${name}@${isa} PROPERTIES ENVIRONMENT QUANTKIT_ISA=${isa} LABELS isa)
        else()
            quantkit_add_skipped_test(${name}@${isa} "the CPU does not have ${isa}" isa)
        endif()
    endforeach()
endfunction()
