# SPDX-License-Identifier: BSD-3-Clause
# cmake -P cmake/test.cmake: builds everything and runs all tests.
#
# Installs what is missing (see cmake/dependencies.cmake) and builds in build/release.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake")

provide(REQUIRED Eigen xsimd nlohmann_json zlib doctest benchmark OPTIONAL fashion_mnist)
configure(-DQUANTKIT_BUILD_TESTS=ON -DQUANTKIT_BUILD_BENCHMARKS=ON -DQUANTKIT_BUILD_EXAMPLES=ON)
build()
run_step("Testing" "${CMAKE_CTEST_COMMAND}" --test-dir "${build_dir}" --output-on-failure --parallel ${cores})
