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
    using quantkit::test::require_close;
    using quantkit::test::require_equal;
    using limits = std::numeric_limits<float>;

    using pool_function = void (*)(const pool_window&, const float*, float*) noexcept;

    constexpr std::array<std::size_t, 8> channel_counts { 1, 7, 8, 15, 16, 17, 40, 100 };

    std::vector<float> pooled(pool_function pool, const pool_window& window, const std::vector<float>& x)
    {
        const guarded_buffer<float> input(x);
        guarded_buffer<float> output(window.time_out() * window.channels);
        std::fill(output.begin(), output.end(), 77.0f);
        pool(window, input.data(), output.data());
        return { output.begin(), output.end() };
    }

    // Calls check(values of the window that are no padding) for each element of the output, in order.
    template <class Check>
    void for_each_window(const pool_window& window, const std::vector<float>& x, Check check)
    {
        for (std::size_t t = 0; t < window.time_out(); ++t)
            for (std::size_t channel = 0; channel < window.channels; ++channel)
            {
                std::vector<double> values;
                for (std::size_t k = 0; k < window.kernel; ++k)
                {
                    const auto row = static_cast<std::ptrdiff_t>(t * window.stride + k)
                                     - static_cast<std::ptrdiff_t>(window.padding);
                    if (row >= 0 && row < static_cast<std::ptrdiff_t>(window.time_in))
                        values.push_back(
                            static_cast<double>(x[static_cast<std::size_t>(row) * window.channels + channel]));
                }
                check(values);
            }
    }

    template <class Check>
    void for_each_shape(Check check)
    {
        for (const std::size_t channels : channel_counts)
            for (const std::size_t time : { std::size_t { 1 }, std::size_t { 5 }, std::size_t { 12 } })
                for (std::size_t kernel = 1; kernel <= 5; ++kernel)
                    for (std::size_t stride = 1; stride <= 3; ++stride)
                        for (std::size_t padding = 0; padding <= kernel / 2; ++padding)
                        {
                            const pool_window window { time, channels, kernel, stride, padding };
                            if (!window.is_valid())
                                continue;
                            CAPTURE(channels);
                            CAPTURE(time);
                            CAPTURE(kernel);
                            CAPTURE(stride);
                            CAPTURE(padding);
                            check(window, random_floats(time * channels, kernel, -3.0f, 2.0f));
                        }
    }
}

TEST_CASE("a window's extents are PyTorch's")
{
    CHECK(pool_window { 96, 1, 3, 2, 1 }.time_out() == 48);
    CHECK(pool_window { 95, 1, 3, 2, 1 }.time_out() == 48);
    CHECK(pool_window { 10, 1, 4, 3, 0 }.time_out() == 3);
    CHECK(pool_window { 10, 1, 10, 1, 0 }.time_out() == 1);
    CHECK(pool_window { 1, 1, 3, 1, 1 }.is_valid());
    CHECK_FALSE(pool_window { 1, 1, 2, 1, 0 }.is_valid());
    CHECK_FALSE(pool_window { 5, 1, 2, 1, 2 }.is_valid());
    CHECK_FALSE(pool_window { 5, 1, 0, 1, 0 }.is_valid());
    CHECK_FALSE(pool_window { 5, 1, 2, 0, 0 }.is_valid());
}

TEST_CASE("max pooling by definition, on every family")
{
    for_each_shape(
        [](const pool_window& window, const std::vector<float>& x)
        {
            std::vector<float> expected;
            for_each_window(window, x,
                            [&](const std::vector<double>& values) {
                                expected.push_back(static_cast<float>(*std::max_element(values.begin(), values.end())));
                            });
            for_each_lane_family([&](lane_family lanes)
                                 { require_equal(pooled(row_functions_of(lanes).max_pool, window, x), expected); });
        });
}

TEST_CASE("mean pooling near the definition, padding counted as zeros; the same bits on every family")
{
    for_each_shape(
        [](const pool_window& window, const std::vector<float>& x)
        {
            std::vector<double> expected, bounds;
            const auto kernel = static_cast<double>(window.kernel);
            for_each_window(window, x,
                            [&](const std::vector<double>& values)
                            {
                                double sum = 0.0, magnitude = 0.0;
                                for (const double value : values)
                                {
                                    sum += value;
                                    magnitude += std::abs(value);
                                }
                                expected.push_back(sum / kernel);
                                bounds.push_back(0x1p-24 * (kernel + 1.0) * magnitude / kernel);
                            });
            const std::vector<float> y = pooled(row_functions_of(lane_family::scalar).mean_pool, window, x);
            require_close(y, expected, [&](std::size_t i) { return bounds[i]; });
            for_each_lane_family([&](lane_family lanes)
                                 { require_equal(pooled(row_functions_of(lanes).mean_pool, window, x), y); });
        });
}

TEST_CASE("the mean over all rows is the window of all rows")
{
    const std::size_t rows = 96, channels = 33;
    const std::vector<float> x = random_floats(rows * channels, 1);
    std::vector<double> expected(channels, 0.0);
    for (std::size_t i = 0; i < x.size(); ++i)
        expected[i % channels] += static_cast<double>(x[i]) / static_cast<double>(rows);
    for_each_lane_family(
        [&](lane_family lanes)
        {
            const std::vector<float> y = pooled(row_functions_of(lanes).mean_pool, { rows, channels, rows }, x);
            require_close(y, expected, 0x1p-24 * 97.0);
        });
}

TEST_CASE("max pooling: NaN wins wherever it is, -inf stays where there is nothing else")
{
    const float nan = limits::quiet_NaN(), infinity = limits::infinity();
    for_each_lane_family(
        [&](lane_family lanes)
        {
            const auto of_three = [&](float a, float b, float c)
            {
                std::vector<float> x; // 17 channels: a whole block and a rest
                for (const float row : { a, b, c })
                    x.insert(x.end(), 17, row);
                const std::vector<float> y = pooled(row_functions_of(lanes).max_pool, { 3, 17, 3 }, x);
                require_equal(y, std::vector<float>(17, y[0]));
                return y[0];
            };
            CHECK(std::isnan(of_three(nan, 1.0f, infinity)));
            CHECK(std::isnan(of_three(1.0f, nan, 2.0f)));
            CHECK(std::isnan(of_three(1.0f, infinity, nan)));
            CHECK(of_three(-infinity, -infinity, -infinity) == -infinity);
            CHECK(of_three(-infinity, -5.0f, -infinity) == -5.0f);
            CHECK_FALSE(std::signbit(of_three(0.0f, -0.0f, -0.0f)));
            CHECK(std::signbit(of_three(-0.0f, 0.0f, 0.0f)));
        });
}
