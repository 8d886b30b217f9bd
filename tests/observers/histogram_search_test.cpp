// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/histogram_search.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using qk::equal_bins;
using qk::detail::bin_interval;
using qk::detail::interval_error;

namespace
{
    equal_bins histogram_of(const std::vector<float>& values, std::size_t bins)
    {
        equal_bins histogram(bins);
        histogram.restart(qk::measured_range(values));
        histogram.add(values);
        return histogram;
    }

    /// The definition: many values in each bin, each to the middle of the nearest of 256 steps.
    double summed_error(const std::vector<double>& counts, double bin_width, bin_interval kept)
    {
        constexpr int samples = 4000;
        const double start = static_cast<double>(kept.start) * bin_width;
        const double step = bin_width * static_cast<double>(kept.end - kept.start + 1) / 256.0;
        double error = 0.0;
        for (std::size_t bin = 0; bin < counts.size(); ++bin)
            for (int i = 0; i < samples; ++i)
            {
                const double x = (static_cast<double>(bin) + (i + 0.5) / samples) * bin_width - start;
                const double middle = (std::clamp(std::floor(x / step), 0.0, 255.0) + 0.5) * step;
                error += counts[bin] / samples * (x - middle) * (x - middle);
            }
        return error;
    }
}

TEST_CASE("the error of an interval is that of its steps' middles")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 30; ++trial)
    {
        const auto bins = static_cast<std::size_t>(random.integer(2, 100));
        std::vector<double> counts(bins);
        for (double& count : counts)
            count = static_cast<double>(random.integer(0, 9));
        const auto start = static_cast<std::size_t>(random.integer(0, static_cast<int>(bins) - 1));
        const bin_interval kept { start, static_cast<std::size_t>(
                                             random.integer(static_cast<int>(start), static_cast<int>(bins) - 1)) };
        const double width = 0.01 + random.uniform();
        const double expected = summed_error(counts, width, kept);
        REQUIRE(interval_error(counts, width, kept) == doctest::Approx(expected).epsilon(0.01));
    }
}

TEST_CASE("an outlier far away is given up, the rest is kept")
{
    std::vector<float> values = test::normal_floats(100'000, 1);
    values.push_back(1000.0f);
    const qk::real_range range = qk::searched_range(histogram_of(values, 2048));
    CHECK(range.min < -3.0f);
    CHECK(range.max > 2.0f);
    CHECK(range.max < 100.0f);
}

TEST_CASE("the range lies within the histogram's, with most of the values")
{
    for (std::uint64_t seed = 0; seed < 10; ++seed)
    {
        const std::vector<float> values =
            seed % 2 == 0 ? test::floats_with_outliers(5000, seed) : test::random_floats(5000, seed, 2.0f, 9.0f);
        const equal_bins histogram = histogram_of(values, 512);
        const qk::real_range range = qk::searched_range(histogram);
        CHECK(range.min >= histogram.range.min);
        CHECK(range.max <= histogram.range.max * 1.000001f);
        const auto is_kept = [&](float x) { return range.min <= x && x <= range.max; };
        CHECK(std::count_if(values.begin(), values.end(), is_kept) > 4900);
    }
}

TEST_CASE("nothing, and a single value")
{
    CHECK(qk::searched_range(equal_bins(8)) == qk::nothing_observed);
    CHECK(qk::searched_range(histogram_of({ 2.5f, 2.5f }, 8)) == qk::real_range { 2.5f, 2.5f });
}
