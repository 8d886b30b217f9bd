// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The only place where the version is written; CMake and packaging read it from here.
#pragma once

#define QUANTKIT_VERSION_MAJOR 0
#define QUANTKIT_VERSION_MINOR 1
#define QUANTKIT_VERSION_PATCH 0
