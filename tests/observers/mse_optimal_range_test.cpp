// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/mse_optimal_range.hpp>

#include "support/calibration_data.hpp"
#include "support/layouts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using limits = std::numeric_limits<float>;

namespace
{
    // Somebody else's scheme: the upper end counts, and the lowest code is 0.
    struct upper_end
    {
        qk::qparams operator()(qk::real_range range, qk::quant_bounds bounds) const
        {
            const float steps = static_cast<float>(bounds.quant_max - bounds.quant_min);
            return { std::max(range.max, 1e-6f) / steps, bounds.quant_min };
        }
    };

    template <class Scheme>
    double error_of(const std::vector<float>& x, qk::real_range range, qk::quant_bounds bounds, const Scheme& scheme)
    {
        return test::mean_squared_error(x, scheme(range, bounds), bounds);
    }

    template <class Scheme>
    void check_not_worse_than_minmax(const test::named_data& data, qk::quant_bounds bounds, const Scheme& scheme)
    {
        CAPTURE(data.name);
        CAPTURE(data.values.size());
        CAPTURE(bounds.quant_max);
        const qk::real_range range = qk::mse_optimal_range(data.values, bounds, scheme);
        const double minmax = error_of(data.values, qk::measured_range(data.values), bounds, scheme);
        // The library's errors are of floats, these of doubles: 2^-22 of a value beside a step of 2^-16 of it.
        REQUIRE(error_of(data.values, range, bounds, scheme) <= minmax * (1.0 + 1e-4));
    }

    // The least error of 2000 ranges, of which both ends are moved as one.
    template <class Scheme>
    double least_error_of_factors(const std::vector<float>& x, qk::quant_bounds bounds, const Scheme& scheme)
    {
        const qk::real_range all = qk::measured_range(x);
        double least = std::numeric_limits<double>::infinity();
        for (int i = 1; i <= 2000; ++i)
        {
            const float factor = static_cast<float>(i) / 2000.0f;
            least = std::min(least, error_of(x, { all.min * factor, all.max * factor }, bounds, scheme));
        }
        return least;
    }

    // The least error of 100 x 100 ranges.
    template <class Scheme>
    double least_error_of_ends(const std::vector<float>& x, qk::quant_bounds bounds, const Scheme& scheme)
    {
        const qk::real_range all = qk::measured_range(x);
        double least = std::numeric_limits<double>::infinity();
        for (int i = 1; i <= 100; ++i)
            for (int j = 1; j <= 100; ++j)
            {
                const float low = static_cast<float>(i) / 100.0f, high = static_cast<float>(j) / 100.0f;
                if (const qk::real_range range { all.min * low, all.max * high }; range.min <= range.max)
                    least = std::min(least, error_of(x, range, bounds, scheme));
            }
        return least;
    }
}

TEST_CASE("no range is worse than the tensor's own")
{
    for (const std::size_t count : { 1u, 2u, 3u, 7u, 50u, 1500u })
        for (const test::named_data& data : test::calibration_data(count, count))
        {
            check_not_worse_than_minmax(data, qk::int8_narrow::bounds, qk::symmetric {});
            check_not_worse_than_minmax(data, qk::int4_full::bounds, qk::symmetric {});
            check_not_worse_than_minmax(data, qk::uint8_full::bounds, qk::affine {});
            check_not_worse_than_minmax(data, qk::uint4_full::bounds, qk::affine {});
            check_not_worse_than_minmax(data, qk::signed_range<2>::bounds, qk::power_of_two {});
            check_not_worse_than_minmax(data, qk::uint8_full::bounds, upper_end {});
        }
}

TEST_CASE("where clipping pays, it is found")
{
    // For 4 bits, one value of 30 makes the step so wide that nearly all others become 0.
    const std::vector<float> x = test::normal_floats(4000, 1);
    std::vector<float> one_outlier = x;
    one_outlier[17] = 30.0f;
    const qk::quant_bounds bounds = qk::int4_narrow::bounds;
    const double minmax = error_of(one_outlier, qk::measured_range(one_outlier), bounds, qk::symmetric {});
    const qk::real_range range = qk::mse_optimal_range<qk::int4_narrow>(one_outlier);
    CHECK(range.max < 10.0f);
    CHECK(error_of(one_outlier, range, bounds, qk::symmetric {}) < minmax / 3.0);
    CHECK(qk::mse_optimal_range<qk::int4_narrow>(x).max == doctest::Approx(2.5).epsilon(0.15));
}

TEST_CASE("the least error of a grid of ranges, to 2 %")
{
    for (const test::named_data& data : test::calibration_data(300, 3))
    {
        CAPTURE(data.name);
        const auto check = [&](qk::quant_bounds bounds, const auto& scheme, double least)
        {
            const qk::real_range range = qk::mse_optimal_range(data.values, bounds, scheme);
            CHECK(error_of(data.values, range, bounds, scheme) <= least * 1.02);
        };
        const auto check_factors = [&](qk::quant_bounds bounds, const auto& scheme)
        { check(bounds, scheme, least_error_of_factors(data.values, bounds, scheme)); };
        check_factors(qk::int8_narrow::bounds, qk::symmetric {});
        check_factors(qk::int4_full::bounds, qk::symmetric {});
        check_factors(qk::signed_range<2>::bounds, qk::symmetric {});
        check(qk::uint4_full::bounds, qk::affine {},
              least_error_of_ends(data.values, qk::uint4_full::bounds, qk::affine {}));
    }
}

TEST_CASE("NaN and infinities are left out")
{
    const std::vector<float> x = test::floats_with_outliers(500, 4);
    std::vector<float> with_others = x;
    for (const float other : { limits::quiet_NaN(), limits::infinity(), -limits::infinity() })
        with_others.insert(with_others.begin() + 100, other);
    CHECK(qk::mse_optimal_range<qk::uint8_full>(with_others) == qk::mse_optimal_range<qk::uint8_full>(x));
    CHECK(qk::mse_optimal_range<qk::uint8_full>(std::vector { limits::quiet_NaN(), limits::infinity() })
          == qk::nothing_observed);
    CHECK(qk::mse_optimal_range<qk::uint8_full>(std::vector<float> {}) == qk::nothing_observed);
}

TEST_CASE("constant values keep their range")
{
    for (const float value : { 0.0f, 2.7f, -3e-5f, 1e-40f, 1e30f })
        CHECK(qk::mse_optimal_range<qk::int8_narrow>(std::vector<float>(5, value)) == qk::real_range { value, value });
}

TEST_CASE("the memory layout cannot be seen")
{
    test::random_bits random(5);
    for (int trial = 0; trial < 50; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random, false);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const std::vector<float> values = test::normal_floats(count, random.next());
        const test::strided_tensor<float> x(shape, test::random_strides(shape, random), values);
        const qk::tensor_view<const float> dense(values.data(), shape);
        REQUIRE(qk::mse_optimal_range<qk::uint4_full>(x.view()) == qk::mse_optimal_range<qk::uint4_full>(dense));
    }
}

TEST_CASE("what the scheme refuses is refused")
{
    CHECK_THROWS_WITH_AS(qk::mse_optimal_range<qk::uint8_full>(std::vector { -limits::max(), limits::max() }),
                         "quantkit: the range [-3.4028235e+38, 3.4028235e+38] is too wide for a float scale",
                         std::invalid_argument);
}
