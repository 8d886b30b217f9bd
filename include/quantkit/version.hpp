// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The only place where the version is written; CMake and packaging read it from here.
#pragma once

/// The first part of the version, 0 until interfaces stay as they are.
#define QUANTKIT_VERSION_MAJOR 0
/// The second part.
#define QUANTKIT_VERSION_MINOR 1
/// The third part.
#define QUANTKIT_VERSION_PATCH 0
