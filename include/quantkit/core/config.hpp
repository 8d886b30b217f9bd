// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The library's three macros, and what it refuses to be compiled for.
#pragma once

#include <bit>
#include <cassert>
#include <limits>

static_assert(std::endian::native == std::endian::little, "quantkit supports little-endian machines only");
static_assert(std::numeric_limits<float>::is_iec559, "quantkit needs IEEE 754 floats");

/// A kernel's precondition: checked in debug builds only. User errors throw instead (core/check.hpp).
#define QUANTKIT_ASSERT(condition) assert(condition)

#if defined(__GNUC__) || defined(__clang__)
/// Inlined even at -O0, so that code whose instructions depend on compiler flags leaves no shared symbol behind.
#define QUANTKIT_INLINE inline __attribute__((always_inline))
/// Compiles one function for the named instruction sets, whatever the flags of the translation unit.
#define QUANTKIT_TARGET(features) __attribute__((target(features)))
#else
#define QUANTKIT_INLINE inline
#define QUANTKIT_TARGET(features)
#endif
