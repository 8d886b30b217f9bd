// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The main function of every test executable.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
