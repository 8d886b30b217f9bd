# SPDX-License-Identifier: BSD-3-Clause
# cmake -P cmake/demo.cmake: quantizes a trained network and shows what it cost and what it gained.
#
# Installs what is missing (see cmake/dependencies.cmake), builds the example in build/release and runs it.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake")

provide(REQUIRED Eigen xsimd nlohmann_json zlib OPTIONAL fashion_mnist)
if(NOT EXISTS "${build_dir}/CMakeCache.txt")
    set(only_examples -DQUANTKIT_BUILD_TESTS=OFF -DQUANTKIT_BUILD_BENCHMARKS=OFF)
endif()
configure(${only_examples})
build(--target quantize_mlp)
run_step("Running build/release/examples/quantize_mlp/quantize_mlp"
    "${build_dir}/examples/quantize_mlp/quantize_mlp")
