// SPDX-License-Identifier: BSD-3-Clause
#include "../support/random.hpp"

#include <quantkit/core/qparams.hpp>
#include <quantkit/training/fake_quantize.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using training::channel_layout;

namespace
{
    constexpr quant_bounds bounds { -4, 3 };

    /// The channel of each element of a [3, 4, 5] tensor along an axis.
    std::size_t channel_of(std::size_t i, std::ptrdiff_t axis)
    {
        return axis == 0 ? i / 20 : axis == 1 ? i / 5 % 4 : i % 5;
    }
}

TEST_CASE("layout_of: any axis of any shape")
{
    const auto is = [](channel_layout got, std::size_t outer, std::size_t channels, std::size_t inner)
    { return got.outer == outer && got.channels == channels && got.inner == inner; };
    CHECK(is(training::layout_of({ 3, 4, 5 }, {}), 1, 1, 60));
    CHECK(is(training::layout_of({ 3, 4, 5 }, 0), 1, 3, 20));
    CHECK(is(training::layout_of({ 3, 4, 5 }, 1), 3, 4, 5));
    CHECK(is(training::layout_of({ 3, 4, 5 }, 2), 12, 5, 1));
    CHECK(is(training::layout_of({ 0, 4 }, 1), 0, 4, 1));
    CHECK_EQ(training::layout_of({ 3, 4, 5 }, 1).values_per_channel(), 15u);
    CHECK_THROWS_AS(training::layout_of({ 3, 4 }, 2), std::invalid_argument);
}

TEST_CASE("fake_quantize: values and gradients channel by channel, along every axis")
{
    const std::vector<float> x = test::random_floats(60, 1, -3.0f, 3.0f), d_y = test::random_floats(60, 2, -1.0f, 1.0f);
    for (const std::ptrdiff_t axis : { 0, 1, 2 })
    {
        const channel_layout layout = training::layout_of({ 3, 4, 5 }, axis);
        qparams_list params;
        for (std::size_t c = 0; c < layout.channels; ++c)
            params.push_back({ 0.3f + 0.1f * static_cast<float>(c), static_cast<std::int32_t>(c) - 2 });
        std::vector<float> y(60), d_x(60, 1.0f);
        training::fake_quantize(x.data(), y.data(), layout, params, bounds);
        training::fake_quantize_backward(x.data(), d_y.data(), d_x.data(), layout, params, bounds);
        const auto gradients =
            training::fake_quantize_qparams_backward({ x.data(), y.data(), d_y.data() }, layout, params, bounds);

        std::vector<double> d_scale(layout.channels), d_zero_point(layout.channels);
        for (std::size_t i = 0; i < 60; ++i)
        {
            const std::size_t c = channel_of(i, axis);
            CHECK_EQ(y[i], dequantize_value(quantize_value(x[i], params[c], bounds), params[c]));
            const double scale = static_cast<double>(params[c].scale), g = static_cast<double>(d_y[i]);
            const double code =
                std::nearbyint(static_cast<double>(x[i] * (1.0f / params[c].scale))) + params[c].zero_point;
            const bool is_inside = code >= bounds.quant_min && code <= bounds.quant_max;
            CHECK_EQ(d_x[i], 1.0f + (is_inside ? d_y[i] : 0.0f));
            d_scale[c] += g * static_cast<double>(is_inside ? y[i] - x[i] : y[i]) / scale;
            d_zero_point[c] -= is_inside ? 0.0 : g * scale;
        }
        for (std::size_t c = 0; c < layout.channels; ++c)
        {
            CHECK_EQ(gradients[c].scale, doctest::Approx(d_scale[c]).epsilon(1e-5));
            CHECK_EQ(gradients[c].zero_point, doctest::Approx(d_zero_point[c]).epsilon(1e-5));
        }
    }
}

TEST_CASE("code_of_zero_point: the nearest code, ties to even, within the bounds")
{
    CHECK_EQ(training::code_of_zero_point(1.5f, bounds), 2);
    CHECK_EQ(training::code_of_zero_point(-1.5f, bounds), -2);
    CHECK_EQ(training::code_of_zero_point(0.49f, bounds), 0);
    CHECK_EQ(training::code_of_zero_point(1e9f, bounds), 3);
    CHECK_EQ(training::code_of_zero_point(-1e9f, bounds), -4);
}

TEST_CASE("lsq_gradient_factor: the paper's")
{
    CHECK_EQ(training::lsq_gradient_factor(100, { -8, 7 }), doctest::Approx(1 / std::sqrt(700.0)));
    CHECK_EQ(training::lsq_gradient_factor(4, { -2, 0 }), 0.5); // no positive code: as if it were 1
}

TEST_CASE("check_channels: what does not fit is refused with the numbers")
{
    const channel_layout layout { 1, 3, 2 };
    CHECK_THROWS_WITH_AS(training::check_channels(layout, qparams { 1.0f, 0 }, bounds),
                         "quantkit: 3 channels have 1 pairs of scale and zero_point", std::invalid_argument);
    const qparams one { 1.0f, 0 };
    CHECK_THROWS_WITH_AS(training::check_channels(layout, { one, one, one }, { 0, 1 << 24 }),
                         "quantkit: codes from 0 to 16777216 are more than floats can count", std::invalid_argument);
    CHECK_THROWS_AS(training::check_channels(layout, { one, { 0.0f, 0 }, one }, bounds), std::invalid_argument);
    CHECK_THROWS_AS(training::check_channels(layout, { one, { 1.0f, 4 }, one }, bounds), std::invalid_argument);
    CHECK_NOTHROW(training::check_channels(layout, { one, one, one }, bounds));
}
