# SPDX-License-Identifier: BSD-3-Clause
# cmake -DSCRIPT=.../dependencies.cmake -DSEARCH_PREFIXES=... -P provide.cmake: what demo.cmake and test.cmake do first.
cmake_minimum_required(VERSION 3.25)
include("${SCRIPT}")
provide(REQUIRED Eigen)
message("options: ${configure_options}")
