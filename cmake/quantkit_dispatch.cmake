# SPDX-License-Identifier: BSD-3-Clause
# quantkit::dispatch: the element-wise kernels compiled once for each instruction set, and chosen at run time. Programs
# that link it get the best that the CPU has, whatever their own flags.
#
# The first of the instruction sets runs everywhere. No kernel has a use for FMA, and AVX2 is complete without.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
    set(isas scalar sse2 avx2 avx512bw)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64|ARM64")
    set(isas scalar neon)
else()
    set(isas scalar)
endif()

set(arch_scalar scalar_arch)
set(arch_sse2 xsimd::sse2)
set(arch_avx2 xsimd::avx2)
set(arch_avx512bw xsimd::avx512bw)
set(arch_neon xsimd::neon64)

set(flags_avx2 -mavx2)
set(flags_avx512bw -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl)

set(sources "")
set(declarations "")
set(entries "")
foreach(isa IN LISTS isas)
    set(arch ${arch_${isa}})
    set(source "${CMAKE_CURRENT_BINARY_DIR}/dispatch/table_${isa}.cpp")
    configure_file(cmake/quantkit_dispatch_table.cpp.in "${source}" @ONLY)
    set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "${flags_${isa}}")
    list(APPEND sources "${source}")
    string(APPEND declarations "    const kernel_table& dispatched_table_${isa}() noexcept;\n")
    string(APPEND entries "            { isa_level::${isa}, &dispatched_table_${isa} },\n")
endforeach()
configure_file(cmake/quantkit_dispatch.cpp.in dispatch/dispatch.cpp @ONLY)

add_library(quantkit_dispatch STATIC ${sources} "${CMAKE_CURRENT_BINARY_DIR}/dispatch/dispatch.cpp")
add_library(quantkit::dispatch ALIAS quantkit_dispatch)
set_target_properties(quantkit_dispatch PROPERTIES EXPORT_NAME dispatch POSITION_INDEPENDENT_CODE ON)
target_link_libraries(quantkit_dispatch PUBLIC quantkit)
target_compile_definitions(quantkit_dispatch INTERFACE QUANTKIT_DISPATCH)
# Optimized in every build: std::max and its like, when not inlined, would be functions that the whole program shares
# with the translation unit of an instruction set that the CPU may lack.
target_compile_options(quantkit_dispatch PRIVATE -O2)
if(TARGET quantkit_warnings)
    target_link_libraries(quantkit_dispatch PRIVATE $<BUILD_INTERFACE:quantkit_warnings>)
endif()
