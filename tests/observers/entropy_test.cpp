// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/entropy.hpp>

#include "support/calibration_data.hpp"
#include "support/observer_divisions.hpp"

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
    constexpr auto kinds = { qk::entropy_histogram::magnitudes, qk::entropy_histogram::two_sided };

    qk::real_range range_of(const std::vector<float>& values, qk::entropy_observer observer = {})
    {
        observer.observe(values);
        return observer.range();
    }

    // TensorRT's search, bin by bin and from the values themselves: the threshold, in bins.
    std::size_t best_window_by_definition(const std::vector<float>& values, std::size_t bins, std::size_t levels)
    {
        const qk::real_range all = qk::measured_range(values);
        const auto greatest = static_cast<double>(std::max(-all.min, all.max));
        std::vector<double> counts(bins);
        for (const float value : values)
        {
            const double position = std::abs(static_cast<double>(value)) / greatest * static_cast<double>(bins);
            counts[std::min(static_cast<std::size_t>(position), bins - 1)] += 1.0;
        }
        counts[0] = counts[1];
        const qk::detail::histogram_divergence divergence(counts);
        std::size_t best = bins;
        for (std::size_t window = levels; window <= bins; ++window)
            if (divergence(0, window, levels) <= divergence(0, best, levels))
                best = window;
        return best;
    }
}

TEST_CASE("the window that the values themselves give")
{
    // 256 bins: wide against those that the values are counted in, so that both histograms nearly agree.
    for (const char* name : { "gauss", "laplace", "one-sided", "after ReLU" })
        for (const test::named_data& data : test::calibration_data(30000, 1))
            if (data.name == name)
            {
                CAPTURE(data.name);
                const std::size_t window = best_window_by_definition(data.values, 256, 16);
                const qk::real_range all = qk::measured_range(data.values);
                const double greatest = static_cast<double>(std::max(-all.min, all.max));
                const double expected = greatest * static_cast<double>(window) / 256.0;
                const qk::real_range range = range_of(data.values, { 256, 16 });
                CHECK(static_cast<double>(std::max(-range.min, range.max)) == doctest::Approx(expected).epsilon(0.03));
            }
}

TEST_CASE("outliers are clipped, the many are not")
{
    std::vector<float> x = test::normal_floats(50000, 2);
    x[7] = 60.0f;
    for (const qk::entropy_histogram kind : kinds)
    {
        const qk::real_range range = range_of(x, { 2048, 128, kind });
        CHECK(range.max < 10.0f);
        CHECK(range.max > 3.0f);
        CHECK(range.min < -3.0f);
    }
}

TEST_CASE("zeros do not decide")
{
    std::vector<float> x = test::normal_floats(30000, 3);
    for (float& value : x)
        value = std::abs(value);
    std::vector<float> with_zeros = x;
    with_zeros.insert(with_zeros.end(), 100000, 0.0f);
    for (const qk::entropy_histogram kind : kinds)
        CHECK(range_of(with_zeros, { 2048, 128, kind }).max == range_of(x, { 2048, 128, kind }).max);
}

TEST_CASE("never beyond what was observed, and one bin of the histogram at least")
{
    for (const std::size_t count : { 1u, 2u, 3u, 40u, 2000u })
        for (const test::named_data& data : test::calibration_data(count, 4))
            for (const qk::entropy_histogram kind : kinds)
            {
                CAPTURE(data.name);
                CAPTURE(count);
                const qk::real_range all = qk::measured_range(data.values);
                const qk::real_range range = range_of(data.values, { 2048, 128, kind });
                REQUIRE(range.min >= all.min);
                REQUIRE(range.max <= all.max);
                REQUIRE(range.min <= range.max);
                const float greatest = std::max(-all.min, all.max);
                REQUIRE(std::max(-range.min, range.max) >= greatest * 127.0f / 2048.0f);
            }
}

TEST_CASE("any division of the data gives the same range")
{
    for (const qk::entropy_histogram kind : kinds)
    {
        for (const test::named_data& data : test::calibration_data(3000, 5))
        {
            CAPTURE(data.name);
            test::check_any_division(qk::entropy_observer { 2048, 128, kind }, data.values, 2);
        }
        test::check_any_division(qk::entropy_observer { 2048, 128, kind }, test::extreme_floats(3000, 6), 2);
    }
}

TEST_CASE("one for each column and group")
{
    test::check_granular(qk::entropy_observer { 128, 8 }, test::floats_with_outliers(400, 7));
}

TEST_CASE("NaN and infinities are left out")
{
    std::vector<float> x = test::laplace_floats(10000, 8);
    const qk::real_range range = range_of(x);
    x.insert(x.begin() + 300, { limits::quiet_NaN(), limits::infinity(), -limits::infinity() });
    const qk::real_range others = range_of(x);
    CHECK(others.min == doctest::Approx(range.min).epsilon(0.05)); // the ends are those of bins then
    CHECK(others.max == doctest::Approx(range.max).epsilon(0.05));
    for (const qk::entropy_histogram kind : kinds)
    {
        CHECK(range_of({}, { 2048, 128, kind }) == qk::nothing_observed);
        CHECK(range_of({ limits::quiet_NaN(), limits::infinity() }, { 2048, 128, kind }) == qk::nothing_observed);
    }
}

TEST_CASE("constants keep their range")
{
    for (const qk::entropy_histogram kind : kinds)
        for (const float value : { 0.0f, 2.7f, -3e-5f, 1e-40f, 1e30f, limits::max() })
            CHECK(range_of(std::vector<float>(1001, value), { 2048, 128, kind }) == qk::real_range { value, value });
}

TEST_CASE("levels that do not fit are refused")
{
    CHECK_THROWS_WITH_AS(range_of({ 1.0f }, { 100, 128 }),
                         "quantkit: levels must lie in [2, 100], the number of bins, but is 128",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(range_of({ 1.0f }, { 2048, 1 }),
                         "quantkit: levels must lie in [2, 2048], the number of bins, but is 1", std::invalid_argument);
}
