// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/gemm/quantize_rows.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::kernels;
    using namespace quantkit::test;
    using limits = std::numeric_limits<float>;

    // NaN skipped; -0 counts as 0; nothing leaves [+inf, -inf].
    std::array<float, 2> expected_range(const std::vector<float>& x)
    {
        float low = limits::infinity(), high = -limits::infinity();
        for (const float value : x)
        {
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        return { low == 0.0f ? 0.0f : low, high == 0.0f ? 0.0f : high };
    }

    std::vector<std::uint8_t> expected_codes(const std::vector<float>& x, qparams params, quant_bounds bounds)
    {
        std::vector<std::uint8_t> codes;
        for (const float value : x)
            codes.push_back(static_cast<std::uint8_t>(quantize_value(value, params, bounds)));
        return codes;
    }

    void check_range(const row_kernels& kernels, const std::vector<float>& values, guard_page side)
    {
        const guarded_buffer<float> x(values, side);
        const real_range range = kernels.range(x.data(), x.size());
        require_equal(std::array { range.min, range.max }, expected_range(values));
    }

    void check_codes(const row_kernels& kernels, const std::vector<float>& values, qparams params, quant_bounds bounds,
                     guard_page side)
    {
        const guarded_buffer<float> x(values, side);
        guarded_buffer<std::uint8_t> q(values.size(), side);
        kernels.quantize(x.data(), q.data(), x.size(), params, bounds);
        require_equal(q, expected_codes(values, params, bounds));
    }

    constexpr std::array sides { guard_page::after, guard_page::before };
}

TEST_CASE("the range of a row, for every count up against guard pages")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            const row_kernels kernels = row_kernels_of(lanes);
            for (const std::size_t count : counts_to_test())
                for (const guard_page side : sides)
                {
                    check_range(kernels, normal_floats(count, count), side);
                    check_range(kernels, extreme_floats(count, count), side);
                    check_range(kernels, random_floats(count, count, 1.0f, 2.0f), side);
                    check_range(kernels, random_floats(count, count, -2.0f, -1.0f), side);
                }
        });
}

TEST_CASE("NaN is skipped wherever it stands; a row of NaN alone has no range")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            const row_kernels kernels = row_kernels_of(lanes);
            const std::vector<float> ordinary = normal_floats(150, 1);
            for (std::size_t i = 0; i < ordinary.size(); ++i)
            {
                std::vector<float> x = ordinary;
                x[i] = i % 2 == 0 ? limits::quiet_NaN() : -limits::quiet_NaN();
                check_range(kernels, x, guard_page::after);
                std::vector<float> nearly_nothing(ordinary.size(), limits::quiet_NaN());
                nearly_nothing[i] = ordinary[i];
                check_range(kernels, nearly_nothing, guard_page::after);
            }
            for (const std::size_t count : counts_to_test())
                check_range(kernels, std::vector<float>(count, limits::quiet_NaN()), guard_page::after);
        });
}

TEST_CASE("the extremes are found wherever they stand, infinities and zeros of both signs too")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            const row_kernels kernels = row_kernels_of(lanes);
            for (std::size_t i = 0; i < 150; ++i)
                for (const float special :
                     { 9.0f, -9.0f, limits::infinity(), -limits::infinity(), limits::denorm_min() })
                {
                    std::vector<float> x(150, -0.0f);
                    x[i] = special;
                    check_range(kernels, x, guard_page::after);
                }
            check_range(kernels, std::vector<float>(150, -0.0f), guard_page::after);
        });
}

TEST_CASE("codes equal quantize_value, for every count up against guard pages")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            const row_kernels kernels = row_kernels_of(lanes);
            for (const std::size_t count : counts_to_test())
                for (const guard_page side : sides)
                {
                    check_codes(kernels, extreme_floats(count, count), { 0.1f, 3 }, { 0, 255 }, side);
                    check_codes(kernels, normal_floats(count, count, 20.0f), { 0.25f, 128 }, { 0, 127 }, side);
                }
        });
}

TEST_CASE("codes equal quantize_value: scales of every size, zero points, bounds, ties")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            const row_kernels kernels = row_kernels_of(lanes);
            for (const quantizing_case& c : quantizing_cases<std::uint8_t>())
            {
                CAPTURE(c.reason);
                for (const std::vector<float>& x : quantizing_inputs(331, c.params.scale))
                    check_codes(kernels, x, c.params, c.bounds, guard_page::after);
            }
        });
}

TEST_CASE("codes equal quantize_value where the product with the reciprocal rounds to a tie")
{
    // 0.00852682255 of core/rounding.hpp, and its like: x / scale is no tie, x * (1 / scale) is
    random_bits random(5);
    std::vector<float> x;
    const float scale = 0.00852682255f, factor = 1.0f / scale;
    while (x.size() < 500)
    {
        const double tie = static_cast<double>(random.integer(-128, 127)) + 0.5;
        float near = static_cast<float>(tie / static_cast<double>(factor));
        for (int step = 0; step < 3; ++step, near = std::nextafter(near, 9.0f))
            if (static_cast<double>(static_cast<float>(static_cast<double>(near) * static_cast<double>(factor))) == tie)
                x.push_back(near);
    }
    for_each_lane_family(
        [&](lane_family lanes) {
            check_codes(row_kernels_of(lanes), x, { scale, 128 }, { 0, 255 }, guard_page::after);
        });
}

TEST_CASE("folding one pair into columns: offsets modulo 2^32, scales rounded once")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            for (const std::size_t count : { std::size_t { 0 }, std::size_t { 16 }, std::size_t { 48 } })
                for (const qparams params : { qparams { 0.1f, 3 }, { 3.7f, -128 }, { 1.0f, 255 } })
                {
                    const guarded_buffer<std::int32_t> sums(random_codes<std::int32_t>(count, 6));
                    const guarded_buffer<float> scales(random_floats(count, 7, 1e-3f, 1.0f));
                    guarded_buffer<std::int32_t> offsets(count);
                    guarded_buffer<float> scaled(count);
                    row_kernels_of(lanes).fold(params, sums.data(), scales.data(), count, offsets.data(),
                                               scaled.data());
                    std::vector<std::int32_t> expected_offsets;
                    std::vector<float> expected_scales;
                    for (std::size_t j = 0; j < count; ++j)
                    {
                        expected_offsets.push_back(
                            static_cast<std::int32_t>(std::int64_t { params.zero_point } * sums[j]));
                        expected_scales.push_back(
                            static_cast<float>(static_cast<double>(params.scale) * static_cast<double>(scales[j])));
                    }
                    require_equal(offsets, expected_offsets);
                    require_equal(scaled, expected_scales);
                }
        });
}
