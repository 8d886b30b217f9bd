// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/mse.hpp>

#include "support/calibration_data.hpp"
#include "support/observer_divisions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using limits = std::numeric_limits<float>;

namespace
{
    constexpr std::size_t exact_count = qk::mse_observer<qk::int8_narrow>::exact_count;

    template <class Range, class Scheme>
    qk::real_range observed_range(const std::vector<float>& values, const Scheme& scheme)
    {
        qk::mse_observer<Range, Scheme> observer { scheme };
        observer.observe(values);
        return observer.range();
    }

    template <class Range, class Scheme>
    double error_of(const std::vector<float>& values, qk::real_range range, const Scheme& scheme)
    {
        return test::mean_squared_error(values, scheme(range, Range::bounds), Range::bounds);
    }

    // 1e-4: errors of the library are of floats, those here of doubles. From the histogram, the model errs by 0.2 %.
    template <class Range, class Scheme>
    void check_not_worse_than_minmax(const test::named_data& data, const Scheme& scheme)
    {
        CAPTURE(data.name);
        CAPTURE(data.values.size());
        const double tolerance = data.values.size() > exact_count ? 0.002 : 1e-4;
        const double minmax = error_of<Range>(data.values, qk::measured_range(data.values), scheme);
        const qk::real_range range = observed_range<Range>(data.values, scheme);
        REQUIRE(error_of<Range>(data.values, range, scheme) <= minmax * (1.0 + tolerance));
    }

    template <class Range, class Scheme>
    void check_as_good_as_search_of_values(const test::named_data& data, const Scheme& scheme)
    {
        CAPTURE(data.name);
        const double best = error_of<Range>(data.values, qk::mse_optimal_range<Range>(data.values, scheme), scheme);
        const qk::real_range range = observed_range<Range>(data.values, scheme);
        REQUIRE(error_of<Range>(data.values, range, scheme) <= best * 1.01);
    }
}

TEST_CASE("no range is worse than the observed one")
{
    for (const std::size_t count : { std::size_t { 1 }, std::size_t { 2 }, std::size_t { 3 }, std::size_t { 10 },
                                     std::size_t { 100 }, exact_count, exact_count + 1 })
        for (const test::named_data& data : test::calibration_data(count, count))
        {
            check_not_worse_than_minmax<qk::int8_narrow>(data, qk::symmetric {});
            check_not_worse_than_minmax<qk::int4_full>(data, qk::symmetric {});
            check_not_worse_than_minmax<qk::uint8_full>(data, qk::affine {});
            check_not_worse_than_minmax<qk::uint4_full>(data, qk::affine {});
        }
}

TEST_CASE("from the histogram as from the values, to 1 %")
{
    for (const test::named_data& data : test::calibration_data(exact_count + 4000, 1))
    {
        check_as_good_as_search_of_values<qk::int8_narrow>(data, qk::symmetric {});
        check_as_good_as_search_of_values<qk::int4_narrow>(data, qk::symmetric {});
        check_as_good_as_search_of_values<qk::signed_range<2>>(data, qk::power_of_two {});
        check_as_good_as_search_of_values<qk::uint8_full>(data, qk::affine {});
        check_as_good_as_search_of_values<qk::uint4_full>(data, qk::affine {});
    }
}

TEST_CASE("clipping pays for 4 bits: the error is halved")
{
    const std::vector<float> x = test::laplace_floats(20000, 2);
    const double minmax = error_of<qk::int4_narrow>(x, qk::measured_range(x), qk::symmetric {});
    const qk::real_range range = observed_range<qk::int4_narrow>(x, qk::symmetric {});
    CHECK(error_of<qk::int4_narrow>(x, range, qk::symmetric {}) < minmax / 2.0);
    CHECK(std::max(-range.min, range.max) == doctest::Approx(5.03).epsilon(0.1)); // ACIQ, for 16 codes
}

TEST_CASE("any division of the data gives the same range")
{
    for (const std::size_t count : { std::size_t { 50 }, exact_count - 1, exact_count, exact_count + 1 })
        for (const test::named_data& data : test::calibration_data(count, 3))
        {
            CAPTURE(data.name);
            test::check_any_division(qk::mse_observer<qk::int4_full> {}, data.values);
            test::check_any_division(qk::mse_observer<qk::uint4_full> {}, data.values);
        }
    std::vector<float> x = test::normal_floats(2 * exact_count, 4);
    for (std::size_t i = 0; i < x.size(); i += 1000)
        x[i] = i % 3000 == 0 ? limits::quiet_NaN() : i % 3000 == 1000 ? limits::infinity() : 1e-40f;
    test::check_any_division(qk::mse_observer<qk::uint8_full> {}, x);
}

TEST_CASE("one for each column and group")
{
    test::check_granular(qk::mse_observer<qk::int4_full> {}, test::floats_with_outliers(400, 5));
}

TEST_CASE("NaN and infinities are left out")
{
    std::vector<float> x = test::floats_with_outliers(2 * exact_count, 6);
    const auto ignored = { limits::quiet_NaN(), limits::infinity(), -limits::infinity() };
    for (const std::size_t count : { 2 * exact_count, std::size_t { 500 } })
    {
        x.resize(count);
        std::vector<float> with_others = x;
        with_others.insert(with_others.begin() + 100, ignored);
        const qk::real_range range = observed_range<qk::uint4_full>(x, qk::affine {});
        const qk::real_range others = observed_range<qk::uint4_full>(with_others, qk::affine {});
        CHECK(others.min == doctest::Approx(range.min).epsilon(0x1p-11));
        CHECK(others.max == doctest::Approx(range.max).epsilon(0x1p-11));
    }
    CHECK(observed_range<qk::uint4_full>(ignored, qk::affine {}) == qk::nothing_observed);
    CHECK(observed_range<qk::uint4_full>(std::vector(2 * exact_count, limits::infinity()), qk::affine {})
          == qk::nothing_observed);
    CHECK(qk::mse_observer<qk::int8_narrow> {}.range() == qk::nothing_observed);
}

TEST_CASE("constants keep their range")
{
    for (const std::size_t count : { std::size_t { 1 }, 2 * exact_count })
        for (const float value : { 0.0f, 2.7f, -3e-5f, 1e-40f, 1e30f })
        {
            CAPTURE(value);
            const std::vector<float> x(count, value);
            CHECK(observed_range<qk::int8_narrow>(x, qk::symmetric {}) == qk::real_range { value, value });
            CHECK(observed_range<qk::uint8_full>(x, qk::affine {}) == qk::real_range { value, value });
        }
}

TEST_CASE("what the scheme refuses is refused when the range is asked for")
{
    qk::mse_observer<qk::uint8_full> observer;
    observer.observe(std::vector { -limits::max(), limits::max() });
    CHECK_THROWS_WITH_AS(observer.range(),
                         "quantkit: the range [-3.4028235e+38, 3.4028235e+38] is too wide for a float scale",
                         std::invalid_argument);
}
