// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/histogram_error.hpp>

#include "support/calibration_data.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using limits = std::numeric_limits<float>;

namespace
{
    // The definition: values spread evenly over each bin, at 400 places of it.
    double spread_error(const qk::value_histogram& seen, qk::qparams params, qk::quant_bounds bounds)
    {
        constexpr int places = 400;
        double sum = 0.0;
        seen.for_each_bin(
            [&](const qk::value_bin& bin)
            {
                for (int i = 0; i < places; ++i)
                {
                    const double x = bin.lower + (bin.upper - bin.lower) * (i + 0.5) / places;
                    const double y = test::reference::fake_quantize(
                        x, static_cast<double>(params.scale), params.zero_point, bounds.quant_min, bounds.quant_max);
                    sum += (x - y) * (x - y) * static_cast<double>(bin.count) / places;
                }
            });
        return sum;
    }

    template <class Scheme>
    void check_spread_error(const std::vector<float>& values, qk::quant_bounds bounds, const Scheme& scheme)
    {
        qk::value_histogram seen;
        seen.observe(values);
        const qk::detail::histogram_error error(seen, bounds);
        REQUIRE(error.count() == static_cast<double>(values.size()));
        const qk::real_range all = qk::measured_range(values);
        double square = 0.0;
        for (const float value : values)
            square += static_cast<double>(value) * static_cast<double>(value);
        for (const float factor : { 1.0f, 0.9f, 0.5f, 0.11f, 0.003f })
        {
            const qk::qparams params = scheme({ all.min * factor, all.max * factor }, bounds);
            // 400 places integrate a parabola to 2^-17 of its value; differences of running sums lose some 2^-50.
            const double expected = spread_error(seen, params, bounds);
            REQUIRE(error(params) >= expected * (1.0 - 1e-4) - square * 1e-14);
            REQUIRE(error(params) <= expected * (1.0 + 1e-4) + square * 1e-14);
        }
    }
}

TEST_CASE("values spread evenly over their bins")
{
    for (const test::named_data& data : test::calibration_data(150, 1))
    {
        CAPTURE(data.name);
        check_spread_error(data.values, qk::int8_narrow::bounds, qk::symmetric {});
        check_spread_error(data.values, qk::uint8_full::bounds, qk::affine {});
        check_spread_error(data.values, qk::signed_range<2>::bounds, qk::symmetric {});
        check_spread_error(data.values, qk::int16_full::bounds, qk::affine {}); // several codes a bin
    }
}

TEST_CASE("many values: the error that the quantizer makes, to 0.5 %")
{
    for (const test::named_data& data : test::calibration_data(20000, 2))
    {
        CAPTURE(data.name);
        if (data.name == "constant" || data.name == "zeros")
            continue; // rounding errors of doubles alone
        qk::value_histogram seen;
        seen.observe(data.values);
        const qk::real_range all = qk::measured_range(data.values);
        for (const qk::quant_bounds bounds : { qk::uint8_full::bounds, qk::int4_full::bounds })
        {
            const qk::qparams params = qk::affine {}({ all.min * 0.7f, all.max * 0.7f }, bounds);
            const double expected = test::mean_squared_error(data.values, params, bounds) * 20000.0;
            CHECK(qk::detail::histogram_error(seen, bounds)(params) == doctest::Approx(expected).epsilon(0.005));
        }
    }
}

TEST_CASE("values that are codes cost nothing, constants are exact")
{
    qk::value_histogram seen;
    seen.observe(std::vector<float>(7, 3.0f));
    const qk::detail::histogram_error error(seen, qk::int8_full::bounds);
    CHECK(error({ 1.0f, 0 }) == 0.0);
    CHECK(error({ 1.0f, -126 }) == 0.0);
    CHECK(error({ 2.0f, 0 }) == 7.0); // 3 / 2 rounds to 2, a tie
    CHECK(error({ 0.0078125f, 0 }) == doctest::Approx(7.0 * (3.0 - 127.0 / 128.0) * (3.0 - 127.0 / 128.0)));
}

TEST_CASE("infinities and NaN cost nothing")
{
    qk::value_histogram seen;
    seen.observe(std::vector { 3.0f, limits::infinity(), -limits::infinity(), limits::quiet_NaN() });
    const qk::detail::histogram_error error(seen, qk::int8_full::bounds);
    CHECK(error.count() == 1.0);
    CHECK(error({ 1.0f, 0 }) < 1e-5);
    CHECK(qk::detail::histogram_error(qk::value_histogram {}, qk::int8_full::bounds)({ 1.0f, 0 }) == 0.0);
}
