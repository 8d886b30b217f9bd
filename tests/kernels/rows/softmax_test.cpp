// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/rows/row_functions.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::for_each_lane_family;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_floats;
    using quantkit::test::require_equal;

    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

    // One column, the block +- 1, several blocks, and rows of attention.
    constexpr std::array<std::size_t, 14> widths { 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 48, 96, 100, 1000 };

    // Rows side by side in guarded memory; the gap between them must stay as it is.
    std::vector<float> softmax_of(lane_family lanes, const std::vector<float>& x, std::size_t columns, float factor,
                                  std::size_t gap = 0)
    {
        const std::size_t rows = x.size() / columns, stride = columns + gap;
        const guarded_buffer<float> input(x);
        guarded_buffer<float> output((rows - 1) * stride + columns);
        std::fill(output.begin(), output.end(), 77.0f);
        row_functions_of(lanes).softmax({ input.data(), static_cast<std::ptrdiff_t>(columns) }, factor,
                                        { output.data(), static_cast<std::ptrdiff_t>(stride) }, { rows, columns });
        std::vector<float> y;
        for (std::size_t i = 0; i < output.size(); ++i)
            if (i % stride < columns)
                y.push_back(output[i]);
            else
                REQUIRE(output[i] == 77.0f);
        return y;
    }

    // softmax(t) of one row of floats in double.
    std::vector<double> defined(const float* t, std::size_t columns)
    {
        const auto top = static_cast<double>(*std::max_element(t, t + columns));
        std::vector<double> y(columns);
        double sum = 0.0;
        for (std::size_t j = 0; j < columns; ++j)
            sum += y[j] = std::exp(static_cast<double>(t[j]) - top);
        for (double& value : y)
            value /= sum;
        return y;
    }

    void require_near_definition(const std::vector<float>& y, const std::vector<float>& t, std::size_t columns)
    {
        const auto n = static_cast<double>(columns);
        for (std::size_t first = 0; first < t.size(); first += columns)
        {
            const float top = *std::max_element(t.begin() + static_cast<std::ptrdiff_t>(first),
                                                t.begin() + static_cast<std::ptrdiff_t>(first + columns));
            const std::vector<double> exact = defined(t.data() + first, columns);
            for (std::size_t j = 0; j < columns; ++j)
            {
                const double distance = static_cast<double>(top) - static_cast<double>(t[first + j]);
                const double relative = 0x1p-24 * (2.3 * (distance + std::log(n)) + n / 16.0 + 20.0);
                const double error = std::abs(static_cast<double>(y[first + j]) - exact[j]);
                if (!(error <= relative * exact[j] + 0x1p-126))
                    FAIL("column ", j, " of ", columns, ": ", y[first + j], " instead of ", exact[j]);
            }
        }
    }
}

TEST_CASE("softmax: near the definition in double, the same bits on every family, ragged rows")
{
    for (const std::size_t columns : widths)
        for (const float spread : { 1e-3f, 1.0f, 10.0f, 100.0f })
        {
            CAPTURE(columns);
            CAPTURE(spread);
            const std::vector<float> x = random_floats(9 * columns, columns, -spread, spread); // 9: groups and a rest
            const std::vector<float> expected = softmax_of(lane_family::scalar, x, columns, 1.0f);
            require_near_definition(expected, x, columns);
            for_each_lane_family([&](lane_family lanes)
                                 { require_equal(softmax_of(lanes, x, columns, 1.0f, 3), expected); });
        }
}

TEST_CASE("softmax: each row sums up to one, and is invariant to a power-of-two shift that is exact")
{
    const std::size_t columns = 96;
    const std::vector<float> t = random_floats(columns, 1, -4.0f, 4.0f);
    std::vector<float> x;
    for (const float value : t)
        x.push_back(std::round(value * 1024.0f) / 1024.0f);
    const std::vector<float> y = softmax_of(lane_family::scalar, x, columns, 1.0f);
    double sum = 0.0;
    for (const float value : y)
        sum += static_cast<double>(value);
    CHECK(std::abs(sum - 1.0) < 1e-6);
    for (float& value : x)
        value += 512.0f;
    require_equal(softmax_of(lane_family::scalar, x, columns, 1.0f), y);
}

TEST_CASE("softmax: the factor of any sign multiplies in float first")
{
    const std::size_t columns = 37;
    const std::vector<float> x = quantkit::test::floats_with_outliers(4 * columns, 2);
    for (const float factor : { 0.125f, 0.1f, -0.3f, 0.0f })
    {
        CAPTURE(factor);
        std::vector<float> t;
        for (const float value : x)
            t.push_back(static_cast<float>(static_cast<double>(value) * static_cast<double>(factor)));
        for_each_lane_family(
            [&](lane_family lanes)
            {
                const std::vector<float> y = softmax_of(lanes, x, columns, factor);
                require_near_definition(y, t, columns);
                require_equal(y, softmax_of(lanes, t, columns, 1.0f));
            });
    }
}

TEST_CASE("softmax: in place")
{
    for (const std::size_t columns : { std::size_t { 5 }, std::size_t { 96 }, std::size_t { 100 } })
    {
        const std::vector<float> x = random_floats(6 * columns, 3, -5.0f, 5.0f);
        for_each_lane_family(
            [&](lane_family lanes)
            {
                guarded_buffer<float> y(x, quantkit::test::guard_page::before);
                const auto stride = static_cast<std::ptrdiff_t>(columns);
                row_functions_of(lanes).softmax({ y.data(), stride }, 0.5f, { y.data(), stride }, { 6, columns });
                require_equal(y, softmax_of(lanes, x, columns, 0.5f));
            });
    }
}

TEST_CASE("softmax: a column masked with -inf is 0, rows with nothing else, NaN or +inf are NaN")
{
    for_each_lane_family(
        [&](lane_family lanes)
        {
            for (const std::size_t columns : { std::size_t { 3 }, std::size_t { 16 }, std::size_t { 21 } })
                for (std::size_t odd = 0; odd < columns; ++odd)
                {
                    const auto with = [&](float fill, float value)
                    {
                        std::vector<float> row(columns, fill);
                        row[odd] = value;
                        return softmax_of(lanes, row, columns, 1.0f);
                    };
                    const auto all_nan = [](const std::vector<float>& y)
                    { return std::all_of(y.begin(), y.end(), [](float value) { return std::isnan(value); }); };
                    const std::vector<float> masked = with(2.0f, -infinity);
                    for (std::size_t j = 0; j < columns; ++j)
                        if (j == odd)
                            REQUIRE(masked[j] == 0.0f);
                        else
                            REQUIRE(masked[j] == doctest::Approx(1.0 / static_cast<double>(columns - 1)));
                    std::vector<float> one_hot(columns, 0.0f);
                    one_hot[odd] = 1.0f;
                    require_equal(with(-infinity, -3.0f), one_hot);
                    require_equal(with(std::numeric_limits<float>::lowest(), 1.0f), one_hot);
                    REQUIRE(all_nan(with(1.0f, not_a_number)));
                    REQUIRE(all_nan(with(1.0f, -not_a_number)));
                    REQUIRE(all_nan(with(1.0f, infinity)));
                    REQUIRE(all_nan(with(-infinity, not_a_number)));
                    REQUIRE(all_nan(with(-infinity, -infinity)));
                }
        });
}

TEST_CASE("softmax: values that are too small to be normal become 0, the next ones do not")
{
    for_each_lane_family(
        [](lane_family lanes)
        {
            const std::vector<float> y = softmax_of(lanes, { 0.0f, -87.0f, -88.0f, -1e30f }, 4, 1.0f);
            CHECK(y[0] == 1.0f);
            CHECK(y[1] >= std::numeric_limits<float>::min());
            CHECK(y[2] == 0.0f);
            CHECK(y[3] == 0.0f);
        });
}
