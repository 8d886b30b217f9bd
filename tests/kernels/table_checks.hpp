// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Runs every operation of a kernel_table on hard values and demands the bits that another table gives.
#pragma once

#include <quantkit/kernels/kernel_table.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantkit::test
{
    using kernels::kernel_table;

    inline constexpr std::size_t table_values = 333;

    template <class Code>
    std::vector<Code> quantized(const kernel_table& table, const std::vector<float>& x)
    {
        std::vector<Code> q(x.size());
        table.codes<Code>().quantize(x.data(), q.data(), x.size(), { 0.1f, 3 }, all_codes<Code>);
        return q;
    }

    template <class Code>
    std::vector<Code> quantized_each(const kernel_table& table, const std::vector<float>& x, const own_params& params)
    {
        std::vector<Code> q(x.size());
        table.codes<Code>().quantize_each(x.data(), q.data(), x.size(), params.scale.data(), params.zero_point.data(),
                                          all_codes<Code>);
        return q;
    }

    template <class Code>
    std::vector<float> dequantized(const kernel_table& table, const std::vector<Code>& q)
    {
        std::vector<float> x(q.size());
        table.codes<Code>().dequantize(q.data(), x.data(), q.size(), { 0.1f, 3 });
        return x;
    }

    template <class Code>
    std::vector<float> dequantized_each(const kernel_table& table, const std::vector<Code>& q, const own_params& params)
    {
        std::vector<float> x(q.size());
        table.codes<Code>().dequantize_each(q.data(), x.data(), q.size(), params.scale.data(),
                                            params.zero_point.data());
        return x;
    }

    inline std::vector<float> fake_quantized(const kernel_table& table, std::vector<float> x)
    {
        table.fake_quantize(x.data(), x.data(), x.size(), { 0.1f, 3 }, all_codes<std::int8_t>);
        return x;
    }

    inline std::vector<float> fake_quantized_each(const kernel_table& table, std::vector<float> x)
    {
        const own_params params(x.size(), 0.1f, all_codes<std::int8_t>);
        table.fake_quantize_each(x.data(), x.data(), x.size(), params.scale.data(), params.zero_point.data(),
                                 all_codes<std::int8_t>);
        return x;
    }

    template <class Code>
    void require_same_codes(const kernel_table& table, const kernel_table& expected)
    {
        const std::vector<float> x = extreme_floats(table_values, 1);
        const std::vector<Code> q = random_codes<Code>(table_values, 2);
        const own_params params(table_values, 0.1f, all_codes<Code>);
        require_equal(quantized<Code>(table, x), quantized<Code>(expected, x));
        require_equal(quantized_each<Code>(table, x, params), quantized_each<Code>(expected, x, params));
        require_equal(dequantized(table, q), dequantized(expected, q));
        require_equal(dequantized_each(table, q, params), dequantized_each(expected, q, params));
        CHECK(quantized<Code>(table, { 0.4f, -1e30f }).at(0) == 7);
    }

    inline void require_same_ranges(const kernel_table& table, const kernel_table& expected)
    {
        const std::vector<float> x = extreme_floats(table_values, 3);
        CHECK(table.reduce_range(x.data(), x.size()) == expected.reduce_range(x.data(), x.size()));
        std::vector<float> min(x.size(), 1.0f), max(x.size(), -1.0f), expected_min = min, expected_max = max;
        table.reduce_range_each(x.data(), x.size(), min.data(), max.data());
        expected.reduce_range_each(x.data(), x.size(), expected_min.data(), expected_max.data());
        require_equal(min, expected_min);
        require_equal(max, expected_max);
    }

    inline void require_same_conversions(const kernel_table& table, const kernel_table& expected)
    {
        const auto check = [](auto input, auto output, auto convert, auto convert_as_expected)
        {
            auto expected_output = output;
            convert(input.data(), output.data(), input.size());
            convert_as_expected(input.data(), expected_output.data(), input.size());
            require_equal(output, expected_output);
        };
        const std::vector<float> x = extreme_floats(table_values, 4);
        const std::vector<std::uint16_t> half = random_codes<std::uint16_t>(table_values, 5);
        check(half, x, table.half_to_float, expected.half_to_float);
        check(half, x, table.bfloat16_to_float, expected.bfloat16_to_float);
        check(x, half, table.float_to_half, expected.float_to_half);
        check(x, half, table.float_to_bfloat16, expected.float_to_bfloat16);
    }

    inline void require_same_errors(const kernel_table& table, const kernel_table& expected)
    {
        const std::vector<float> x = random_floats(table_values, 6, -3.0f, 3.0f), y = fake_quantized(expected, x);
        const error_sums so_far { 1.0, 2.0, 3.0, 4.0, 0.001, 5 };
        CHECK(table.sum_errors(x.data(), y.data(), x.size(), so_far)
              == expected.sum_errors(x.data(), y.data(), x.size(), so_far));
        exact_error_sums exact, expected_exact;
        table.sum_errors_exactly(x.data(), y.data(), x.size(), exact);
        expected.sum_errors_exactly(x.data(), y.data(), x.size(), expected_exact);
        CHECK(exact == expected_exact);
    }

    inline void require_same_gradients(const kernel_table& table, const kernel_table& expected)
    {
        const qparams params { 0.02f, 3 };
        const quant_bounds bounds = all_codes<std::int8_t>;
        const std::vector<float> x = random_floats(table_values, 7, -3.0f, 3.0f),
                                 d_y = random_floats(table_values, 8, -1.0f, 1.0f);
        std::vector<float> y(x.size()), d_x = d_y, expected_d_x = d_y;
        expected.fake_quantize(x.data(), y.data(), x.size(), params, bounds);
        table.add_fake_quantize_gradient(x.data(), d_y.data(), d_x.data(), x.size(), params, bounds);
        expected.add_fake_quantize_gradient(x.data(), d_y.data(), expected_d_x.data(), x.size(), params, bounds);
        require_equal(d_x, expected_d_x);
        const qparams_gradient so_far { 0.5, -0.25 };
        CHECK(table.sum_qparams_gradient(x.data(), y.data(), d_y.data(), x.size(), params, bounds, so_far)
              == expected.sum_qparams_gradient(x.data(), y.data(), d_y.data(), x.size(), params, bounds, so_far));
    }

    inline void require_same_bits(const kernel_table& table, const kernel_table& expected)
    {
        require_same_codes<std::int8_t>(table, expected);
        require_same_codes<std::uint8_t>(table, expected);
        require_same_codes<std::int16_t>(table, expected);
        require_same_codes<std::uint16_t>(table, expected);
        require_same_codes<std::int32_t>(table, expected);
        const std::vector<float> x = extreme_floats(table_values, 3);
        require_equal(fake_quantized(table, x), fake_quantized(expected, x));
        require_equal(fake_quantized_each(table, x), fake_quantized_each(expected, x));
        require_same_ranges(table, expected);
        require_same_conversions(table, expected);
        require_same_errors(table, expected);
        require_same_gradients(table, expected);
    }
}
