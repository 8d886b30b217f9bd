// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/gemm/quantize_rows_s16.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"
#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::qparams;
    using quantkit::quant_bounds;
    using quantkit::test::for_each_lane_family;
    using quantkit::test::guarded_buffer;
    using quantkit::test::require_equal;

    // quantize_value() of each, and the function of each lane family.
    void check(const std::vector<float>& x, qparams params, quant_bounds bounds)
    {
        std::vector<std::int16_t> expected;
        for (const float value : x)
            expected.push_back(static_cast<std::int16_t>(quantkit::quantize_value(value, params, bounds)));
        const guarded_buffer<float> values(x);
        for_each_lane_family(
            [&](lane_family lanes)
            {
                guarded_buffer<std::int16_t> codes(x.size());
                quantize_s16_of(lanes)(values.data(), codes.data(), x.size(), params, bounds);
                require_equal(codes, expected);
            });
    }

    constexpr quant_bounds narrow = quantkit::int16_narrow::bounds, full = quantkit::int16_full::bounds;
}

TEST_CASE("codes equal quantize_value for every count, also of extremes and ties")
{
    for (const auto& ragged : quantkit::test::ragged_counts)
    {
        const std::size_t count = ragged.count;
        CAPTURE(ragged.reason);
        check(quantkit::test::normal_floats(count, count), { 1e-4f, 0 }, narrow);
        check(quantkit::test::extreme_floats(count, count), { 0.5f, 0 }, full);
        check(quantkit::test::tie_floats(count, count, 0.25f, 40'000), { 0.25f, 0 }, narrow);
        check(quantkit::test::normal_floats(count, count, 1e-30f), { 0x1p-100f, 0 }, narrow);
        check(quantkit::test::normal_floats(count, count), { 1e-3f, -77 }, quantkit::narrow_range<12>::bounds);
    }
}

TEST_CASE("strips hold each row's codes by its own params, and zeros behind an odd k")
{
    constexpr std::size_t m = 5, k = 37;
    const std::vector<float> x = quantkit::test::normal_floats(m * k, 3);
    const std::vector<qparams> params { { 1e-3f, 0 }, { 2e-3f, 0 }, { 3e-4f, 0 }, { 1.0f, 0 }, { 1e-5f, 0 } };
    std::vector<float> columns(m * k); // the same matrix, column by column
    for (std::size_t i = 0; i < m * k; ++i)
        columns[i % k * m + i / k] = x[i];
    for_each_lane_family(
        [&](lane_family lanes)
        {
            for (const bool by_rows : { true, false })
            {
                const matrix_view<const float> a = by_rows ? matrix_view<const float> { x.data(), k, 1 }
                                                           : matrix_view<const float> { columns.data(), 1, m };
                const s16_rows rows { { a, params.data(), 1, narrow, row_kernels_of(lanes) }, quantize_s16_of(lanes) };
                const std::size_t stride = packed_row_stride(operand_format::s16_s16, k);
                guarded_buffer<std::byte> packed((m - 1) * stride), scratch(rows.scratch_bytes(k));
                std::fill(packed.begin(), packed.end(), std::byte { 99 });
                const strip_view strip =
                    rows.strip(1, m - 1, k, operand_format::s16_s16, packed.data(), nullptr, scratch.data());
                REQUIRE(strip.rows == packed.data());
                for (std::size_t row = 1; row < m; ++row)
                {
                    std::vector<std::int16_t> expected(k + 1);
                    for (std::size_t p = 0; p < k; ++p)
                        expected[p] =
                            static_cast<std::int16_t>(quantkit::quantize_value(x[row * k + p], params[row], narrow));
                    std::vector<std::int16_t> codes(k + 1);
                    std::copy_n(strip.rows + (row - 1) * strip.stride, codes.size() * 2,
                                reinterpret_cast<std::byte*>(codes.data()));
                    require_equal(codes, expected);
                }
            }
        });
}
