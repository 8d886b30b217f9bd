// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// IEEE binary16 and bfloat16 as bit patterns: exact to float, round to nearest even from float.
///
/// Subnormals are kept, overflow gives infinity (binary16: from 65520 on), a NaN stays a quiet NaN of the same sign.
#pragma once

#include <bit>
#include <cstdint>

namespace quantkit
{
    /// Exact for all 65,536 patterns; a signalling NaN becomes quiet, as the instructions of x86 and ARM make it.
    constexpr float half_to_float(std::uint16_t bits)
    {
        const std::uint32_t sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
        if (magnitude > 0x7c00u) // NaN
            return std::bit_cast<float>(sign | 0x7fc00000u | (magnitude & 0x3ffu) << 13);
        if (magnitude == 0x7c00u)
            return std::bit_cast<float>(sign | 0x7f800000u);
        if (magnitude < 0x0400u) // zero, subnormal: magnitude * 2^-24
            return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f) | sign);
        return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
    }

    /// Round to nearest, ties to even.
    constexpr std::uint16_t float_to_half(float value)
    {
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
        const std::uint32_t sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
        if (magnitude > 0x7f800000u) // NaN
            return static_cast<std::uint16_t>(sign | 0x7e00u | (magnitude >> 13 & 0x3ffu));
        if (magnitude >= 0x477ff000u) // 65520: rounds to infinity
            return static_cast<std::uint16_t>(sign | 0x7c00u);
        if (magnitude < 0x38800000u) // below 2^-14: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits
        {
            const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
            return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(aligned) - 0x3f000000u));
        }
        const std::uint32_t rounded = magnitude + 0x0fffu + (magnitude >> 13 & 1u);
        return static_cast<std::uint16_t>(sign | ((rounded - (112u << 23)) >> 13));
    }

    /// Exact for all 65,536 patterns.
    constexpr float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t { bits } << 16); }

    /// Round to nearest, ties to even.
    constexpr std::uint16_t float_to_bfloat16(float value)
    {
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
        if ((bits & 0x7fffffffu) > 0x7f800000u) // NaN: rounding could carry it into infinity
            return static_cast<std::uint16_t>(bits >> 16 | 0x0040u);
        return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
    }
}
