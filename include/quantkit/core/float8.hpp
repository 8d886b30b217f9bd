// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The two 8-bit floats of the Open Compute Project as bit patterns: exact to float, round to nearest even from float.
///
///     format       exponent mantissa  bias  largest  least normal  least subnormal  infinity  NaN
///     float8_e4m3         4        3     7      448          2^-6             2^-9        no  s.1111.111
///     float8_e5m2         5        2    15    57344         2^-14            2^-16       yes  s.11111.01 to .11
///
/// source  OCP 8-bit Floating Point Specification (OFP8), revision 1.0; Micikevicius et al. 2022, arXiv:2209.05433.
///         float8_e4m3 is what ONNX and PyTorch call float8_e4m3fn.
#pragma once

#include <quantkit/core/config.hpp>

#include <bit>
#include <concepts>
#include <cstdint>

namespace quantkit
{
    /// Finite values only: the exponent 15 is an ordinary one but for its last mantissa, which is NaN.
    struct float8_e4m3
    {
        static constexpr int mantissa_bits = 3, exponent_bias = 7;
        static constexpr std::uint8_t largest = 0x7e; ///< the pattern of the largest finite value
        static constexpr bool has_infinity = false;
    };

    /// The upper half of a binary16, with its infinities and NaNs.
    struct float8_e5m2
    {
        static constexpr int mantissa_bits = 2, exponent_bias = 15;
        static constexpr std::uint8_t largest = 0x7b;
        static constexpr bool has_infinity = true;
    };

    template <class Format>
    concept float8_format = std::same_as<Format, float8_e4m3> || std::same_as<Format, float8_e5m2>;

    /// What becomes of a value that rounds beyond the largest one, and of an infinity.
    enum class float8_overflow
    {
        saturate, ///< the largest finite value of the same sign
        exceed    ///< infinity of the same sign, or NaN where the format has none
    };

    /// The bits that both directions need, derived from the format.
    template <float8_format Format>
    struct float8_layout
    {
        static constexpr int shift = 23 - Format::mantissa_bits;
        static constexpr std::uint8_t nan = 0x7f;
        /// What follows the largest value: infinity, or NaN where there is none.
        static constexpr std::uint8_t beyond = Format::largest + 1;
        /// From the exponent field of the format to that of float, in place in a float.
        static constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - Format::exponent_bias) << 23;
        static constexpr std::uint32_t least_normal = rebias + (1u << 23);
        /// The distance of subnormals: 2^(1 - bias - mantissa_bits), an exact float.
        static constexpr float step =
            std::bit_cast<float>(static_cast<std::uint32_t>(128 - Format::exponent_bias - Format::mantissa_bits) << 23);
        /// Adding it leaves the multiple of `step` that is nearest to the other summand in the low mantissa bits.
        static constexpr float aligner = step * 0x1p23f;
    };

}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Exact for all 256 patterns; a NaN becomes quiet and keeps its sign.
    template <float8_format Format>
    constexpr float float8_to_float(std::uint8_t bits)
    {
        using layout = float8_layout<Format>;
        const std::uint32_t sign = (bits & 0x80u) << 24, magnitude = bits & 0x7fu;
        if (magnitude > Format::largest)
        {
            const bool is_infinity = Format::has_infinity && magnitude == layout::beyond;
            return std::bit_cast<float>(sign | (is_infinity ? 0x7f800000u : 0x7fc00000u));
        }
        if (magnitude < 1u << Format::mantissa_bits) // zero or subnormal
            return std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * layout::step)
                                        | sign);
        return std::bit_cast<float>(sign | ((magnitude << layout::shift) + layout::rebias));
    }

    /// Round to nearest, ties to even. A value overflows where it would round to the next value if exponents went on:
    /// float8_e4m3 above 464, float8_e5m2 from 61440 on. NaN becomes the pattern 0x7f or 0xff, as its sign is.
    template <float8_format Format>
    constexpr std::uint8_t float_to_float8(float x, float8_overflow overflow = float8_overflow::saturate)
    {
        using layout = float8_layout<Format>;
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
        const std::uint32_t sign = bits >> 24 & 0x80u, magnitude = bits & 0x7fffffffu;
        if (magnitude > 0x7f800000u)
            return static_cast<std::uint8_t>(sign | layout::nan);
        if (magnitude < layout::least_normal)
        {
            const float aligned = std::bit_cast<float>(magnitude) + layout::aligner;
            return static_cast<std::uint8_t>(
                sign | (std::bit_cast<std::uint32_t>(aligned) - std::bit_cast<std::uint32_t>(layout::aligner)));
        }
        const std::uint32_t odd = magnitude >> layout::shift & 1u;
        const std::uint32_t rounded =
            (magnitude - layout::rebias + ((1u << (layout::shift - 1)) - 1) + odd) >> layout::shift;
        if (rounded > Format::largest)
            return static_cast<std::uint8_t>(
                sign | (overflow == float8_overflow::saturate ? Format::largest : layout::beyond));
        return static_cast<std::uint8_t>(sign | rounded);
    }
}
