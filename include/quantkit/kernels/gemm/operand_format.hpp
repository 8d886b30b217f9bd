// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the groups hold that micro-kernels multiply: see the picture in micro_kernel.hpp.
#pragma once

#include <quantkit/core/config.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// Columns of a panel, bytes of a column's group of values, bytes of a group of all columns.
    inline constexpr std::size_t panel_columns = 16;
    inline constexpr std::size_t group_bytes = 4;
    inline constexpr std::size_t panel_step_bytes = panel_columns * group_bytes;

    /// The codes inside the groups of A and B. Other codes are shifted by 128 when packed, and zero points with them.
    enum class operand_format : std::uint8_t
    {
        u8_s8,   ///< kr = 4: A unsigned, B signed (vpdpbusd, usdot)
        s8_s8,   ///< kr = 4: both signed (sdot)
        s16_s16, ///< kr = 2: both in 16 bits, so that no pair of 8-bit products can saturate (pmaddwd)
        s16_s8,  ///< kr = 2: the same, but B is widened as it is loaded, from groups of 2 bytes (vpmovsxbw)
        // products in float (micro_kernel_float.hpp): A is float, sums are floats
        f32_f32,  ///< kr = 1
        f32_f16,  ///< kr = 1: B in binary16, 2 bytes
        f32_bf16, ///< kr = 1: B in bfloat16, 2 bytes
        f32_s8,   ///< kr = 1: B in int8 codes, 1 byte
        f32_u4, ///< kr = 8: B in uint4 codes, 4 bytes, the first in the lowest bits; value i of a group of A is scaled
                ///< by scale_of_nibble(i), since B's codes are multiplied where they stand in their word
        bf16_bf16, ///< kr = 2: both in bfloat16; sums are floats (micro_kernel_bf16_dot.hpp)
    };

    /// Whether A has 16 bits.
    QUANTKIT_INLINE constexpr bool widens_a(operand_format format)
    {
        return format == operand_format::s16_s16 || format == operand_format::s16_s8;
    }

    /// Values along k in one group.
    QUANTKIT_INLINE constexpr std::size_t group_values(operand_format format)
    {
        switch (format)
        {
        case operand_format::u8_s8:
        case operand_format::s8_s8:
            return 4;
        case operand_format::s16_s16:
        case operand_format::s16_s8:
        case operand_format::bf16_bf16:
            return 2;
        case operand_format::f32_u4:
            return 8;
        default:
            return 1;
        }
    }

    /// Bytes of one group of a row of A.
    QUANTKIT_INLINE constexpr std::size_t group_bytes_of_a(operand_format format)
    {
        return format == operand_format::f32_u4 ? 32 : group_bytes;
    }

    /// Bytes of one group of a column of B.
    QUANTKIT_INLINE constexpr std::size_t group_bytes_of_b(operand_format format)
    {
        switch (format)
        {
        case operand_format::s16_s8:
        case operand_format::f32_f16:
        case operand_format::f32_bf16:
            return 2;
        case operand_format::f32_s8:
            return 1;
        default:
            return group_bytes;
        }
    }

    /// What the float at place i of a group of f32_u4 is multiplied with when packed: 2^-4i; the last code of a word is
    /// shifted down, since as it stands it would be a negative integer.
    QUANTKIT_INLINE constexpr float scale_of_nibble(std::size_t i)
    {
        return i == 7 ? 1.0f : 1.0f / static_cast<float>(std::uint32_t { 1 } << (4 * i));
    }

    /// Groups of k values, the last one padded.
    QUANTKIT_INLINE constexpr std::size_t group_count(operand_format format, std::size_t k)
    {
        return (k + group_values(format) - 1) / group_values(format);
    }
}
