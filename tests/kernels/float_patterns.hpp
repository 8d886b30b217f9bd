// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Kernels that take floats, held against core's definition for bit patterns in order: all 2^32 of them, or a sample.
#pragma once

#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/quantize.hpp>

#include "support/checks.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace quantkit::test
{
    inline constexpr std::uint64_t float_patterns = std::uint64_t { 1 } << 32;

    /// Scales and ranges as layers have them, and the extremes that check_qparams allows.
    struct pattern_case
    {
        qparams params;
        quant_bounds bounds;
        const char* reason;
    };

    template <class Code>
    std::vector<pattern_case> pattern_cases()
    {
        constexpr bool is_signed = std::is_signed_v<Code>;
        if constexpr (sizeof(Code) == 4)
            return { { { 0x1p-12f, 5 }, { -(1 << 24), 1 << 24 }, "bias, the widest bounds of the lanes" },
                     { { 1e-6f, 0 },
                       { std::numeric_limits<Code>::min(), std::numeric_limits<Code>::max() },
                       "bias, all of int32" } };
        else if constexpr (sizeof(Code) == 2)
            return { { { 3.05e-5f, 0 }, { -32767, 32767 }, "int16 activations" } };
        else if constexpr (is_signed)
            return { { { 0.00787f, 0 }, { -127, 127 }, "weights in [-1, 1]" },
                     { { 0.143f, 0 }, { -8, 7 }, "4 bits" },
                     { { 3e-39f, -128 }, { -128, 127 }, "the least scale" } };
        else
            return { { { 0.0235f, 117 }, { 0, 255 }, "activations in [-2.75, 3.25]" },
                     { { 0.5f, 0 }, { 0, 255 }, "after ReLU; exact ties" },
                     { { 1e38f, 128 }, { 0, 255 }, "a reciprocal close to subnormal" } };
    }

    /// The floats with the patterns first, first + 1, ...
    inline void fill_patterns(std::vector<float>& x, std::uint64_t first)
    {
        for (std::size_t i = 0; i < x.size(); ++i)
            x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
    }

    /// convert(x, y, count) gives definition(x[i]) for every i.
    template <class Out, class Convert, class Definition>
    void require_definition(const std::vector<float>& x, Convert convert, Definition definition)
    {
        std::vector<Out> actual(x.size()), expected(x.size());
        convert(x.data(), actual.data(), x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            expected[i] = definition(x[i]);
        require_equal(actual, expected);
    }

    /// The kernel's codes are those of core's quantize_value.
    template <class Code, class Arch, class Rounding, class Scaling>
    void require_quantized(const std::vector<float>& x, const pattern_case& c, Rounding rounding, Scaling scaling)
    {
        require_definition<Code>(
            x,
            [&](const float* in, Code* out, std::size_t count)
            { kernels::quantize(in, out, count, c.params, c.bounds, rounding, scaling, 0, Arch {}); },
            [&](float value)
            { return static_cast<Code>(quantize_value(value, c.params, c.bounds, rounding, scaling)); });
    }
}
