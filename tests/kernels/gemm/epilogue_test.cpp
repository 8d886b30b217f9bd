// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>

#include "support/checks.hpp"
#include "support/finished_tiles.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::quant_bounds;
    using quantkit::test::for_each_lane_family;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_codes;
    using quantkit::test::random_floats;
    using quantkit::test::require_equal;
    using namespace quantkit::test::tiles;
    using limits = std::numeric_limits<float>;

    constexpr quant_bounds u8 { 0, 255 }, s8 { -128, 127 };

    // Stages of every kind, with one value per row and per column in memory that ends with the last panel.
    struct stages
    {
        guarded_buffer<std::int32_t> row_offsets { random_codes<std::int32_t>(first_row + max_rows, 1, -300, 300) };
        guarded_buffer<std::int32_t> offsets { random_codes<std::int32_t>(first_column + max_columns, 2, -100'000,
                                                                          100'000) };
        guarded_buffer<float> row_scales { random_floats(first_row + max_rows, 3, 1e-4f, 1e-2f) };
        guarded_buffer<float> scales { random_floats(first_column + max_columns, 4, 1e-4f, 1e-2f) };
        guarded_buffer<float> biases { random_floats(first_column + max_columns, 5, -3.0f, 3.0f) };

        const subtract_columns offset { offsets.data() };
        const subtract_outer outer_offset { row_offsets.data(), 1, offsets.data() };
        const subtract_outer shared_offset { row_offsets.data(), 0, offsets.data() };
        const subtract_outer no_offset { nullptr, 1, nullptr };
        const scale_columns scale { scales.data() };
        const scale_outer outer_scale { row_scales.data(), 1, scales.data() };
        const scale_outer shared_scale { row_scales.data(), 0, scales.data() };
        const add_columns bias { biases.data() };
        const clamp_to relu { 0.0f, limits::infinity() };
        const clamp_to relu6 { 0.0f, 6.0f };
        const quantize_to_codes to_u8 { 1.0f / 0.043f, 117, u8 };
        const quantize_to_codes to_s8 { 1.0f / 0.043f, -11, s8 };
    };

    // A stage that the library knows nothing of: depends on its place, and not linear.
    struct foreign_stage
    {
        float operator()(float x, std::size_t row, std::size_t column) const
        {
            return x < 0.0f ? x * 0.25f : x + static_cast<float>(row * 100 + column);
        }
    };
    static_assert(lane_stage<foreign_stage>);

    // A stage that only multiplies: an addition behind it invites contraction.
    struct foreign_product
    {
        const float* columns;

        float operator()(float x, std::size_t, std::size_t column) const { return x * columns[column]; }
    };

    float rounded(double exact) { return static_cast<float>(exact); }

    // A product of two floats is exact in double, so this is the float product, rounded once and never fused.
    float float_product(float a, float b) { return rounded(static_cast<double>(a) * static_cast<double>(b)); }

    std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
}

TEST_CASE_FIXTURE(stages, "integer stages by definition, modulo 2^32")
{
    using int_limits = std::numeric_limits<std::int32_t>;
    std::vector<std::int32_t> sums = random_codes<std::int32_t>(64, 7);
    sums[0] = int_limits::min();
    sums[1] = int_limits::max();
    const std::size_t row = first_row;
    std::vector<std::int32_t> by_columns, by_outer, by_shared;
    for (std::size_t j = 0; j < sums.size(); ++j)
    {
        const std::int64_t column = offsets[first_column + j];
        by_columns.push_back(static_cast<std::int32_t>(sums[j] - column));
        by_outer.push_back(static_cast<std::int32_t>(sums[j] - row_offsets[row] * column));
        by_shared.push_back(static_cast<std::int32_t>(sums[j] - row_offsets[0] * column));
    }
    require_equal(scalar_row<std::int32_t>(sums, offset), by_columns);
    require_equal(scalar_row<std::int32_t>(sums, outer_offset), by_outer);
    require_equal(scalar_row<std::int32_t>(sums, shared_offset), by_shared);
    require_equal(scalar_row<std::int32_t>(sums, no_offset), sums);
}

TEST_CASE_FIXTURE(stages, "scales by definition: each product is rounded to float once")
{
    std::vector<std::int32_t> sums = random_codes<std::int32_t>(64, 8); // also beyond 2^24, where float(x) rounds
    sums[0] = 16'777'217;
    sums[1] = std::numeric_limits<std::int32_t>::max();
    sums[2] = std::numeric_limits<std::int32_t>::min();
    std::vector<float> by_columns, by_outer, by_shared;
    for (std::size_t j = 0; j < sums.size(); ++j)
    {
        const float x = rounded(sums[j]), column = scales[first_column + j];
        by_columns.push_back(float_product(x, column));
        by_outer.push_back(float_product(x, float_product(row_scales[first_row], column)));
        by_shared.push_back(float_product(x, float_product(row_scales[0], column)));
    }
    require_equal(scalar_row<float>(sums, scale), by_columns);
    require_equal(scalar_row<float>(sums, outer_scale), by_outer);
    require_equal(scalar_row<float>(sums, shared_scale), by_shared);
}

TEST_CASE_FIXTURE(stages, "bias and clamp by definition; clamping leaves NaN")
{
    std::vector<float> x = random_floats(64, 9, -9.0f, 9.0f);
    x[0] = limits::quiet_NaN();
    x[1] = limits::infinity();
    x[2] = -limits::infinity();
    x[3] = -0.0f;
    std::vector<float> biased, clamped;
    for (std::size_t j = 0; j < x.size(); ++j)
    {
        biased.push_back(rounded(static_cast<double>(x[j]) + static_cast<double>(biases[first_column + j])));
        clamped.push_back(x[j] < 0.0f ? 0.0f : x[j] > 6.0f ? 6.0f : x[j]);
    }
    require_equal(scalar_row<float>(x, bias), biased);
    require_equal(scalar_row<float>(x, relu6), clamped);
    CHECK(std::isnan(scalar_row<float>(x, relu)[0]));
    CHECK(scalar_row<float>(x, relu)[1] == limits::infinity());
    CHECK(scalar_row<float>(x, relu)[2] == 0.0f);
}

TEST_CASE_FIXTURE(stages, "quantizing by definition, saturating; NaN gives quant_min")
{
    for (const quantize_to_codes& stage :
         { quantize_to_codes { 0.5f, 117, u8 }, quantize_to_codes { 4.0f, -11, s8 }, quantize_to_codes { 1.0f, 0, u8 },
           quantize_to_codes { 0.25f, -128, s8 }, quantize_to_codes { 2.0f, 127, s8 },
           quantize_to_codes { 1.0f, 3, { 0, 15 } } })
    {
        // factors are powers of two, so that x * factor and its ties are exact
        std::vector<float> x = quantkit::test::extreme_floats(32, 10);
        const std::vector<float> ties = quantkit::test::tie_floats(32, 11, 1.0f / stage.factor);
        x.insert(x.end(), ties.begin(), ties.end());
        std::vector<std::int32_t> expected;
        for (const float value : x)
            expected.push_back(static_cast<std::int32_t>(quantkit::test::reference::quantize(
                static_cast<double>(value), static_cast<double>(1.0f / stage.factor), stage.zero_point,
                stage.bounds.quant_min, stage.bounds.quant_max)));
        require_equal(scalar_row<std::int32_t>(x, stage), expected);
    }
}

TEST_CASE_FIXTURE(stages, "every family: sums as they are, and integer stages")
{
    require_same_bits<std::int32_t>(random_codes<std::int32_t>(max_rows * max_columns, 12));
    require_same_bits_for_integers<std::int32_t>(offset);
    require_same_bits_for_integers<std::int32_t>(outer_offset);
    require_same_bits_for_integers<std::int32_t>(shared_offset);
    require_same_bits_for_integers<std::int32_t>(offset, outer_offset);
    require_same_bits_for_integers<std::int32_t>(shared_offset, outer_offset);
    require_same_bits_for_integers<std::int32_t>(no_offset);
    require_same_bits_for_integers<std::int32_t>(offset, no_offset);
    require_same_bits<std::int32_t>(random_codes<std::int32_t>(max_rows * max_columns, 13), outer_offset, offset);
}

TEST_CASE_FIXTURE(stages, "every family: int32 lanes that fit are stored as codes")
{
    require_same_bits<std::uint8_t>(random_codes<std::int32_t>(max_rows * max_columns, 14, 0, 255));
    require_same_bits<std::int8_t>(random_codes<std::int32_t>(max_rows * max_columns, 15, -128, 127));
}

TEST_CASE_FIXTURE(stages, "every family: to float, scaled, biased and clamped in every order")
{
    require_same_bits_for_integers<float>(scale);
    require_same_bits_for_integers<float>(outer_scale);
    require_same_bits_for_integers<float>(shared_scale);
    require_same_bits_for_integers<float>(offset, scale, bias);
    require_same_bits_for_integers<float>(offset, scale, relu);
    require_same_bits_for_integers<float>(offset, outer_offset, scale, bias, relu6);
    require_same_bits_for_integers<float>(shared_offset, shared_scale, bias, relu6);
    require_same_bits_for_integers<float>(outer_offset, outer_offset, outer_scale, relu, bias);
    require_same_bits_for_integers<float>(scale, bias, bias, relu, relu6);
}

TEST_CASE_FIXTURE(stages, "every family: to codes, and back to float behind them")
{
    require_same_bits_for_integers<std::uint8_t>(scale, to_u8);
    require_same_bits_for_integers<std::int8_t>(scale, to_s8);
    require_same_bits_for_integers<std::int32_t>(scale, to_s8);
    require_same_bits_for_integers<std::uint8_t>(offset, scale, bias, relu, to_u8);
    require_same_bits_for_integers<std::int8_t>(outer_offset, outer_offset, outer_scale, bias, relu6, to_s8);
    require_same_bits_for_integers<float>(offset, scale, to_u8, offset, scale, bias);
}

TEST_CASE_FIXTURE(stages, "every family: a stage that the library does not know, anywhere among floats")
{
    require_same_bits_for_integers<float>(scale, foreign_stage {});
    require_same_bits_for_integers<float>(offset, scale, foreign_stage {}, bias, relu6);
    require_same_bits_for_integers<float>(outer_scale, bias, foreign_stage {}, foreign_stage {});
    require_same_bits_for_integers<std::uint8_t>(outer_offset, outer_scale, bias, foreign_stage {}, to_u8);
}

TEST_CASE_FIXTURE(stages, "every family: arithmetic within a foreign stage is compiled once, whatever the lanes")
{
    // Inlined into a function for an instruction set with fused multiply-add, this would be fused there and only there.
    const auto line = [](float x, std::size_t, std::size_t) { return x * 1.7f + 0.3f; };
    require_same_bits_for_integers<float>(scale, line);
    require_same_bits_for_integers<float>(offset, scale, line, bias);
}

TEST_CASE_FIXTURE(stages, "a foreign stage learns the row and the column in C, of existing elements only")
{
    for_each_lane_family(
        [&](lane_family lanes)
        {
            for (const std::size_t columns : { std::size_t { 1 }, std::size_t { 9 }, std::size_t { 21 } })
            {
                std::vector<int> seen(columns, 0);
                const auto record = [&](float x, std::size_t row, std::size_t column)
                {
                    REQUIRE(row == first_row);
                    REQUIRE(column >= first_column);
                    REQUIRE(column < first_column + columns);
                    ++seen[column - first_column];
                    return x;
                };
                const tile_of_c<float> c(1, columns, layouts[0]);
                c.finished(lanes, std::vector<std::int32_t>(padded_columns(columns), 1), columns, scale, record);
                require_equal(seen, std::vector<int>(columns, 1));
            }
        });
}

TEST_CASE_FIXTURE(stages, "every family: float sums with what float can be")
{
    const std::vector<float> extremes = quantkit::test::extreme_floats(max_rows * max_columns, 16);
    require_same_bits<float>(extremes);
    require_same_bits<float>(extremes, relu);
    require_same_bits<float>(extremes, bias, relu6);
    require_same_bits<float>(extremes, clamp_to { -1.0f, 1.0f }, bias);
    require_same_bits<std::uint8_t>(extremes, to_u8);
    require_same_bits<std::int8_t>(extremes, bias, to_s8);
    require_same_bits<float>(random_floats(max_rows * max_columns, 17, -9.0f, 9.0f), bias, relu6, foreign_stage {});
}

TEST_CASE_FIXTURE(stages, "every family: ties at .5 go to the even code")
{
    const std::vector<float> halves(first_column + max_columns, 0.5f);
    const scale_columns half { halves.data() };
    const std::vector<std::int32_t> sums = sums_up_to(600, 18);
    for (const std::int32_t zero_point : { 0, 1, 128, 255 })
    {
        const quantize_to_codes codes { 1.0f, zero_point, u8 };
        std::vector<std::uint8_t> expected;
        for (std::size_t j = 0; j < max_columns; ++j)
            expected.push_back(static_cast<std::uint8_t>(
                quantkit::test::reference::quantize(static_cast<double>(sums[j]), 2.0, zero_point, 0, 255)));
        const std::vector<std::int32_t> row(sums.begin(), sums.begin() + max_columns);
        require_equal(scalar_row<std::uint8_t>(row, half, codes), expected);
        require_same_bits<std::uint8_t>(sums, half, codes);
    }
}

TEST_CASE_FIXTURE(stages, "every family: products that round to a tie are rounded from there")
{
    // x * factor lies next to n + 1/2 and rounds to it: a fused multiply-subtract would see the difference
    quantkit::test::random_bits random(19);
    std::vector<float> x;
    const float factor = 0.1f;
    while (x.size() < max_rows * max_columns)
    {
        const double tie = static_cast<double>(random.integer(0, 200)) + 0.5;
        const float near = rounded(tie / static_cast<double>(factor));
        for (const float candidate : { near, std::nextafter(near, 0.0f), std::nextafter(near, 1e9f) })
        {
            const bool rounds_to_tie = static_cast<double>(float_product(candidate, factor)) == tie;
            if (rounds_to_tie && static_cast<double>(candidate) * static_cast<double>(factor) != tie)
                x.push_back(candidate);
        }
    }
    x.resize(max_rows * max_columns);
    const quantize_to_codes codes { factor, 0, u8 };
    std::vector<std::uint8_t> expected;
    for (std::size_t j = 0; j < max_columns; ++j)
        expected.push_back(static_cast<std::uint8_t>(
            quantkit::test::reference::round_half_even(static_cast<double>(float_product(x[j], factor)))));
    require_equal(scalar_row<std::uint8_t>(std::vector<float>(x.begin(), x.begin() + max_columns), codes), expected);
    require_same_bits<std::uint8_t>(x, codes);
}

TEST_CASE_FIXTURE(stages, "every family: no product is fused with the addition behind it")
{
    // The bias is minus the rounded product: the sum is 0, where a fused one would be the product's rounding error.
    const std::vector<std::int32_t> sums = sums_up_to(16'000'000, 20);
    const std::vector<float> ones(first_row + max_rows, 1.0f);
    const scale_outer outer { ones.data(), 1, scales.data() };
    std::vector<float> minus_product(first_column + max_columns), float_sums;
    std::vector<std::int32_t> row;
    std::size_t inexact = 0;
    for (std::size_t j = 0; j < max_columns; ++j)
    {
        const float x = rounded(sums[j]), s = scales[first_column + j];
        minus_product[first_column + j] = -float_product(x, s);
        inexact += static_cast<double>(x) * static_cast<double>(s) != static_cast<double>(float_product(x, s));
        row.push_back(sums[j]);
        float_sums.push_back(x);
    }
    REQUIRE(inexact > max_columns / 2);
    const add_columns opposite { minus_product.data() };
    const foreign_product product { scales.data() };
    const std::vector<float> zeros(max_columns, 0.0f);
    const tile_of_c<float> c(1, max_columns, layouts[0]);
    for_each_lane_family(
        [&](lane_family lanes)
        {
            require_equal(c.finished(lanes, row, max_columns, scale, opposite), zeros);
            require_equal(c.finished(lanes, row, max_columns, outer, opposite), zeros);
            require_equal(c.finished(lanes, float_sums, max_columns, product, opposite), zeros);
        });
}

TEST_CASE_FIXTURE(stages, "every family: a NaN or infinite bias reaches the result")
{
    std::vector<float> odd(first_column + max_columns, 1.0f);
    odd[first_column] = limits::quiet_NaN();
    odd[first_column + 1] = limits::infinity();
    odd[first_column + 2] = -limits::infinity();
    const add_columns odd_bias { odd.data() };
    require_same_bits_for_integers<float>(scale, odd_bias);
    require_same_bits_for_integers<float>(scale, odd_bias, relu6);
    require_same_bits_for_integers<std::uint8_t>(scale, odd_bias, to_u8);
    const std::vector<std::int32_t> row(16, 5);
    for_each_lane_family(
        [&](lane_family lanes)
        {
            const tile_of_c<float> c(1, 16, layouts[0]);
            const std::vector<float> clamped = c.finished(lanes, row, 16, scale, odd_bias, relu6);
            CHECK(std::isnan(clamped[0]));
            CHECK(bits(clamped[1]) == bits(6.0f));
            CHECK(bits(clamped[2]) == bits(0.0f));
            const tile_of_c<std::uint8_t> codes(1, 16, layouts[0]);
            const std::vector<std::uint8_t> quantized = codes.finished(lanes, row, 16, scale, odd_bias, to_u8);
            CHECK(quantized[0] == 0);
            CHECK(quantized[1] == 255);
            CHECK(quantized[2] == 0);
        });
}
