// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the quantizing kernels are tested with: parameters, policies that are not the library's, and inputs.
#pragma once

#include <quantkit/core/concepts.hpp>

#include "support/random.hpp"
#include "support/shapes.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quantkit::test
{
    /// Rounds up: a policy that the kernels know nothing of.
    struct upward
    {
        float operator()(float x, std::uint64_t) const
        {
            if (!(x > -0x1p23f && x < 0x1p23f))
                return x;
            const auto whole = static_cast<float>(static_cast<std::int32_t>(x));
            return whole + (whole < x ? 1.0f : 0.0f);
        }
    };
    static_assert(rounding_policy<upward>);

    /// Half a step where x * factor would be one: a policy that the kernels know nothing of.
    struct by_twice_the_scale
    {
        static float factor(float scale) { return 0.5f / scale; }
        static float scaled(float x, float factor) { return x * factor; }
    };
    static_assert(scaling_policy<by_twice_the_scale>);

    struct quantizing_case
    {
        qparams params;
        quant_bounds bounds;
        const char* reason;
    };

    template <class Code>
    constexpr quant_bounds all_codes { std::numeric_limits<Code>::min(), std::numeric_limits<Code>::max() };

    template <class Code>
    std::vector<quantizing_case> quantizing_cases()
    {
        constexpr quant_bounds all = all_codes<Code>;
        constexpr std::int32_t middle = std::signed_integral<Code> ? 0 : all.quant_max / 2 + 1;
        std::vector<quantizing_case> cases {
            { { 1.0f, middle }, all, "unit scale" },
            { { 0.1f, middle + 3 }, all, "odd zero point" },
            { { 0.00852682255f, middle + 4 }, { middle, middle + 15 }, "four bits, even zero point" },
            { { 0.5f, all.quant_min }, all, "zero point at quant_min" },
            { { 0.5f, all.quant_max }, all, "zero point at quant_max" },
            { { 3e-39f, middle }, all, "subnormal scale, reciprocal just finite" },
            { { 1e38f, middle }, all, "reciprocal close to subnormal" },
            { { 0.25f, middle }, { middle, middle + 1 }, "two codes" },
            { { 0.25f, all.quant_min }, { middle, middle + 99 }, "zero point outside the bounds" },
        };
        if constexpr (std::same_as<Code, std::int32_t>)
        {
            constexpr std::int32_t last = 1 << 24;
            cases.push_back({ { 0.001f, 0 }, { -last, last }, "the widest bounds that float holds" });
            cases.push_back({ { 0.001f, 0 }, { -last - 1, last }, "one more than float holds" });
            cases.push_back({ { 0.001f, 5 }, { -1000, 1000 }, "small bounds in a wide code" });
        }
        return cases;
    }

    /// Values around the range of the case: ordinary, ties (exact for scales that are powers of two), extremes.
    inline std::vector<std::vector<float>> quantizing_inputs(std::size_t count, float scale)
    {
        const float reach = scale < 1e30f ? scale * 300.0f : scale;
        return { random_floats(count, count, -reach, reach), tie_floats(count, count, scale < 1e30f ? scale : 1.0f),
                 extreme_floats(count, count) };
    }

    /// Scales of several sizes, and zero points within the bounds.
    struct own_params
    {
        std::vector<float> scale;
        std::vector<std::int32_t> zero_point;

        own_params(std::size_t count, float around, quant_bounds bounds)
            : scale(random_floats(count, 11, around, 2.0f * around))
            , zero_point(random_codes<std::int32_t>(count, 12, bounds.quant_min, bounds.quant_max))
        {
        }
    };

    /// Every small count, then a few large ones.
    inline std::vector<std::size_t> counts_to_test()
    {
        std::vector<std::size_t> counts;
        for (std::size_t count = 0; count <= every_count_up_to; ++count)
            counts.push_back(count);
        for (const ragged_count& ragged : ragged_counts)
            if (ragged.count > every_count_up_to)
                counts.push_back(ragged.count);
        return counts;
    }
}
