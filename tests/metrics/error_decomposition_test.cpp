// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/metrics/error_decomposition.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    using floats = std::vector<float>;

    struct defined_error
    {
        long double squared = 0, clipping = 0, rounding = 0, cross = 0, sum = 0, absolute = 0;

        void add(float x, float y, qk::qparams params, qk::quant_bounds bounds)
        {
            const float low = params.scale * static_cast<float>(bounds.quant_min - params.zero_point);
            const float high = params.scale * static_cast<float>(bounds.quant_max - params.zero_point);
            const long double value = x, clamped = std::min(std::max(x, low), high), approximation = y;
            squared += (value - approximation) * (value - approximation);
            clipping += (value - clamped) * (value - clamped);
            rounding += (clamped - approximation) * (clamped - approximation);
            cross += (value - clamped) * (clamped - approximation);
            sum += value - approximation;
            absolute += std::abs(value - approximation);
        }
    };

    void check_equal(const qk::error_decomposition& actual, const defined_error& expected)
    {
        // Few terms, each with a rounding of 2^-63 relative to its magnitude, in the definition.
        const auto check = [](double value, long double wanted, long double magnitude)
        { CHECK(std::abs(value - static_cast<double>(wanted)) <= 1e-14 * static_cast<double>(magnitude)); };
        check(actual.squared_error(), expected.squared, expected.squared);
        check(actual.squared_clipping_error(), expected.clipping, expected.clipping);
        check(actual.squared_rounding_error(), expected.rounding, expected.rounding);
        check(actual.cross_term(), expected.cross, expected.clipping + expected.rounding);
        check(actual.bias_shift() * static_cast<double>(actual.count()), expected.sum, expected.absolute);
    }

    /// squared error = clipping + rounding + 2 cross, with not one bit left over.
    void check_sum_rule(const qk::error_decomposition& error, const qk::exact_sum& cross)
    {
        qk::exact_sum rest = error.total.exact_squared_error();
        rest -= error.clipping.exact_squared_error();
        rest -= error.rounding.exact_squared_error();
        rest -= cross;
        rest -= cross;
        CHECK(rest == qk::exact_sum {});
        CHECK(error.cross_term() == cross.value());
    }

    /// sum of (x - c) (c - y), from products of floats.
    qk::exact_sum exact_cross(const floats& x, const floats& y, float low, float high)
    {
        qk::exact_sum cross;
        for (std::size_t i = 0; i < x.size(); ++i)
        {
            const double a = static_cast<double>(x[i]), b = static_cast<double>(y[i]);
            const double c = static_cast<double>(std::clamp(x[i], low, high));
            cross.add(a * c);
            cross.add(-(a * b));
            cross.add(-(c * c));
            cross.add(c * b);
        }
        return cross;
    }

    constexpr qk::qparams narrow_params { 0.0125f, 3 }; // +-1.6: clips a tenth of normal values
}

TEST_CASE("the sum rule holds exactly, and nearest codes have no cross term")
{
    for (const std::size_t count : { std::size_t { 0 }, std::size_t { 1 }, std::size_t { 63 }, std::size_t { 5000 } })
    {
        const floats x = test::normal_floats(count, 1);
        const auto nearest = qk::decompose_error(x, narrow_params, qk::int8_full::bounds);
        check_sum_rule(nearest.whole, qk::exact_sum {});
        CHECK(nearest.parts.size() == 1);
        CHECK(nearest.parts[0] == nearest.whole);
        CHECK(nearest.whole.count() == count);

        // Another approximation: everything is shifted, also what is clipped.
        floats y = x;
        for (float& value : y)
            value = 0.9f * value + 0.01f;
        const auto shifted = qk::decompose_error(x, y, narrow_params, qk::int8_full::bounds);
        const float low = 0.0125f * -131.0f, high = 0.0125f * 124.0f;
        check_sum_rule(shifted.whole, exact_cross(x, y, low, high));
        CHECK((count < 5000 || std::abs(shifted.whole.cross_term()) > 1.0));
    }
}

TEST_CASE("all parts are those of the definition, for each parameter, in any layout")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 200; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const floats x = test::normal_floats(count, random.next()), y = test::normal_floats(count, random.next());
        const test::strided_tensor<float> strided(shape, test::random_strides(shape, random), x);
        const test::strided_tensor<float> approximation(shape, test::random_strides(shape, random), y);
        test::for_each_granularity(
            shape, random,
            [&](auto granularity)
            {
                const std::ptrdiff_t parameters = qk::element_count(qk::parameter_shape(shape, granularity));
                qk::qparams_list params;
                for (std::ptrdiff_t i = 0; i < parameters; ++i)
                    params.push_back({ 0.05f + 0.01f * static_cast<float>(i), static_cast<std::int32_t>(i % 5) });
                const auto bounds = qk::int4_full::bounds;
                const auto actual =
                    qk::decompose_error(strided.view(), approximation.view(), params, bounds, granularity);
                std::vector<defined_error> expected(params.size());
                defined_error whole;
                for (std::size_t i = 0; i < count; ++i)
                {
                    const auto parameter = static_cast<std::size_t>(test::parameter_of(
                        shape, test::indices_of(shape, static_cast<std::ptrdiff_t>(i)), granularity));
                    expected[parameter].add(x[i], y[i], params[parameter], bounds);
                    whole.add(x[i], y[i], params[parameter], bounds);
                }
                REQUIRE(actual.parts.size() == expected.size());
                for (std::size_t i = 0; i < expected.size(); ++i)
                    check_equal(actual.parts[i], expected[i]);
                check_equal(actual.whole, whole);
            });
    }
}

TEST_CASE("codes of a quantizer, their real values and the parameters alone say the same")
{
    const floats values = test::floats_with_outliers(40 * 30, 5);
    const qk::tensor_view<const float> x(values.data(), { 40, 30 });
    const auto check = [&](auto granularity)
    {
        const auto quantized = qk::quantize<qk::int8_narrow>(x, granularity);
        const auto of_codes = qk::decompose_error(x, quantized);
        const auto of_params = qk::decompose_error(x, quantized.params(), qk::int8_narrow::bounds, granularity);
        CHECK(of_codes.whole == of_params.whole);
        CHECK(of_codes.parts == of_params.parts);
        CHECK(of_codes.whole.cross_term() == 0.0);
    };
    check(qk::per_tensor {});
    check(qk::per_axis { 0 });
    check(qk::per_axis { 1 });
    check(qk::per_group { 1, 7 });
}

TEST_CASE("only clipping, only rounding, only a shift")
{
    const qk::qparams params { 0.5f, 0 };
    const auto bounds = qk::int4_full::bounds; // -4 to 3.5
    const auto clipped = qk::decompose_error(floats { 5.5f, -6.0f, 1.0f }, params, bounds).whole;
    CHECK(clipped.squared_error() == 8.0);
    CHECK(clipped.squared_clipping_error() == 8.0);
    CHECK(clipped.squared_rounding_error() == 0.0);
    CHECK(clipped.bias_shift() == 0.0);
    const auto rounded = qk::decompose_error(floats { 0.125f, -0.125f, 3.5f }, params, bounds).whole;
    CHECK(rounded.squared_clipping_error() == 0.0);
    CHECK(rounded.squared_rounding_error() == 2 * 0.125 * 0.125);
    CHECK(rounded.bias_share() == 0.0);
    const auto shifted = qk::decompose_error(floats { 1, 2, 3 }, floats { 0.75f, 1.75f, 2.75f }, params, bounds).whole;
    CHECK(shifted.bias_shift() == 0.25);
    CHECK(shifted.bias_share() == 1.0);
    const auto half = qk::decompose_error(floats { 1, 2 }, floats { 0.5f, 2 }, params, bounds).whole;
    CHECK(half.bias_share() == 0.5);
    const auto nothing = qk::decompose_error(floats {}, params, bounds).whole;
    CHECK(nothing.squared_error() == 0.0);
    CHECK(nothing.bias_shift() == 0.0);
    CHECK(nothing.bias_share() == 0.0);
}

TEST_CASE("infinities and NaN")
{
    const float infinity = std::numeric_limits<float>::infinity();
    const auto infinite = qk::decompose_error(floats { infinity, 1 }, narrow_params, qk::int8_full::bounds).whole;
    CHECK(infinite.squared_error() == static_cast<double>(infinity));
    CHECK(infinite.squared_clipping_error() == static_cast<double>(infinity));
    CHECK(infinite.squared_rounding_error() <= 0.0125 * 0.0125);
    CHECK(std::isnan(infinite.cross_term()));
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(qk::decompose_error(floats { nan }, narrow_params, qk::int8_full::bounds).whole.squared_error()));
}

TEST_CASE("what does not fit is refused with its values")
{
    const floats x(6);
    const qk::tensor_view<const float> matrix(x.data(), { 2, 3 });
    const auto bounds = qk::int8_full::bounds;
    CHECK_THROWS_WITH_AS(qk::decompose_error(matrix, x, narrow_params, bounds),
                         "quantkit: a tensor has the shape [2, 3], but its approximation has [6]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::decompose_error(matrix, narrow_params, bounds, qk::per_axis { 0 }),
                         "quantkit: a tensor of shape [2, 3] needs 2 pairs of scale and zero_point, but has 1",
                         std::invalid_argument);
    CHECK_THROWS_AS(qk::decompose_error(x, qk::qparams { 0.0f, 0 }, bounds), std::invalid_argument);
}
