# SPDX-License-Identifier: BSD-3-Clause
# cmake -P cmake/demo.cmake: quantizes a trained network, shows what it cost and what it gained, and writes a report of
# a trained encoder: which of its layers bear few bits, and the best plan in a third of the bytes.
#
# Installs what is missing (see cmake/dependencies.cmake), builds the examples in build/release and runs them.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake")

provide(REQUIRED Eigen xsimd nlohmann_json zlib OPTIONAL fashion_mnist)
if(NOT EXISTS "${build_dir}/CMakeCache.txt")
    set(only_examples -DQUANTKIT_BUILD_TESTS=OFF -DQUANTKIT_BUILD_BENCHMARKS=OFF)
endif()
configure(${only_examples})
build(--target quantize_mlp quantkit_report)
run_step("Running build/release/examples/quantize_mlp/quantize_mlp"
    "${build_dir}/examples/quantize_mlp/quantize_mlp")

set(report "${build_dir}/report.html")
set(encoder "${source_dir}/examples/weather/informer_small")
run_step("Running build/release/examples/quantkit_report/quantkit_report"
    "${build_dir}/examples/quantkit_report/quantkit_report" "${encoder}/graph.json" "${encoder}/model.safetensors"
    "${source_dir}/examples/weather/data/features.npy" --budget-bytes 300000 --samples 96 --quiet -o "${report}")
message(STATUS "Open the report in a browser: ${report}")
