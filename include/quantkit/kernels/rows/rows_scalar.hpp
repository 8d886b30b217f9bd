// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions.hpp on single values: the definition of what the vector versions compute.
#pragma once

#include <quantkit/kernels/gemm/activations_scalar.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/kernels/rows/row_functions.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quantkit::kernels::scalar_row_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    namespace lanes = scalar_lanes;
    inline constexpr std::size_t lane_count = 1;

    QUANTKIT_INLINE float load_lanes(const float* x) { return *x; }
    QUANTKIT_INLINE void store_lanes(float* y, float value) { *y = value; }
    QUANTKIT_INLINE float load_some(const float* x, std::size_t count, float fill) { return count == 0 ? fill : *x; }

    QUANTKIT_INLINE void store_some(float* y, float value, std::size_t count)
    {
        if (count != 0)
            *y = value;
    }

    QUANTKIT_INLINE float larger(float a, float b) { return a > b ? a : b; }

    QUANTKIT_INLINE float power_of_two_of(float shifted)
    {
        // the low 9 bits are those of n
        return std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) << 23) + std::bit_cast<std::uint32_t>(1.0f));
    }

    QUANTKIT_INLINE float sum_of_lanes(float x) { return x; }
    QUANTKIT_INLINE float max_of_lanes(float x) { return x; }

#define QUANTKIT_LANES QUANTKIT_INLINE
#define QUANTKIT_ROWS inline
#define QUANTKIT_UNROLL_PARTS QUANTKIT_UNROLL(1)
#include <quantkit/kernels/rows/rows.inl>
#undef QUANTKIT_UNROLL_PARTS
#undef QUANTKIT_ROWS
#undef QUANTKIT_LANES
}
