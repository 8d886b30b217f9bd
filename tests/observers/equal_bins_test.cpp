// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/equal_bins.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using qk::equal_bins;

namespace
{
    equal_bins bins_over(std::size_t bins, qk::real_range range, const std::vector<float>& values = {})
    {
        equal_bins histogram(bins);
        histogram.restart(range);
        histogram.add(values);
        return histogram;
    }

    double total(const equal_bins& histogram)
    {
        return std::accumulate(histogram.counts.begin(), histogram.counts.end(), 0.0);
    }

    /// The definition, step by step: every fine step of the new histogram is there.
    std::vector<double> grown_counts(const equal_bins& old, float low, std::size_t rate, std::size_t steps_per_bin)
    {
        const std::size_t bins = old.counts.size();
        const double fine = (old.high() - old.low()) / static_cast<double>(bins * rate);
        const auto first = static_cast<std::size_t>(std::round((old.low() - static_cast<double>(low)) / fine));
        std::vector<double> steps(bins * steps_per_bin + bins * rate), counts(bins);
        for (std::size_t step = 0; step < bins * rate; ++step)
            steps[first + step] = old.counts[step / rate] / static_cast<double>(rate);
        for (std::size_t step = 0; step < steps.size(); ++step)
            counts[std::min(step / steps_per_bin, bins - 1)] += steps[step];
        return counts;
    }
}

TEST_CASE("values are counted in equal bins, the last one closed")
{
    const std::vector<float> values { 0.0f, 0.24f, 0.25f, 0.5f, 0.99f, 1.0f };
    CHECK(bins_over(4, { 0.0f, 1.0f }, values).counts == std::vector<double> { 2, 1, 1, 2 });
}

TEST_CASE("a single value has bins from one below to one above it")
{
    CHECK(bins_over(4, { 3.0f, 3.0f }, { 3.0f, 3.0f }).counts == std::vector<double> { 0, 0, 2, 0 });
    for (const float value : { 1e9f, -1e30f, std::numeric_limits<float>::max() })
        CHECK(bins_over(4, { value, value }, { value, value, value }).counts == std::vector<double> { 0, 0, 3, 0 });
}

TEST_CASE("NaN and values outside are left out, and restarting forgets")
{
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    equal_bins histogram = bins_over(2, { 0.0f, 1.0f }, { nan, -0.1f, 1.1f, infinity, -infinity, 0.1f });
    CHECK(histogram.counts == std::vector<double> { 1, 0 });
    histogram.restart({ -1.0f, 0.0f });
    CHECK(histogram.counts == std::vector<double> { 0, 0 });
    CHECK(histogram.range == qk::real_range { -1.0f, 0.0f });
}

TEST_CASE("growing: the old counts, spread over fine steps and collected again")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 500; ++trial)
    {
        const auto bins = static_cast<std::size_t>(random.integer(2, 40));
        const auto rate = static_cast<std::size_t>(random.integer(1, 9));
        const float low = static_cast<float>(random.normal()), width = 0.1f + static_cast<float>(random.uniform());
        const equal_bins old = bins_over(bins, { low, low + width }, test::random_floats(300, random.next(), -5, 5));
        const float below = static_cast<float>(random.uniform()), above = static_cast<float>(4.0 * random.uniform());
        const qk::real_range batch { low - below, low + width + above };

        equal_bins grown = old;
        grown.grow(batch, rate);
        const double old_width = old.high() - old.low();
        const auto steps = static_cast<std::size_t>(std::ceil(
            (static_cast<double>(batch.max) - static_cast<double>(batch.min)) / old_width * static_cast<double>(rate)));
        const std::vector<double> expected = grown_counts(old, batch.min, rate, steps);
        for (std::size_t bin = 0; bin < bins; ++bin)
            REQUIRE(grown.counts[bin] == doctest::Approx(expected[bin]).epsilon(1e-9));
        REQUIRE(total(grown) == doctest::Approx(total(old)));
        REQUIRE(grown.range.min == batch.min);
        REQUIRE(grown.range.max >= batch.max);
        REQUIRE(grown.range.max <= batch.max + width * 1.0001f / static_cast<float>(rate) + 1e-6f);
    }
}

TEST_CASE("a batch inside the range changes nothing")
{
    const equal_bins old = bins_over(16, { -1.0f, 1.0f }, test::random_floats(100, 1));
    equal_bins same = old;
    same.grow({ -1.0f, 0.5f }, 128);
    same.grow({ -1.0f, 1.0f }, 128);
    same.grow(qk::nothing_observed, 128);
    CHECK(same.range == old.range);
    CHECK(same.counts == old.counts);
}

TEST_CASE("from the narrowest to the widest range, without as many steps in memory")
{
    using limits = std::numeric_limits<float>;
    for (const qk::real_range narrow :
         { qk::real_range { 0.0f, limits::denorm_min() }, qk::real_range { 1.0f, std::nextafter(1.0f, 2.0f) } })
        for (const qk::real_range wide :
             { qk::real_range { limits::lowest(), limits::max() }, qk::real_range { -1e-30f, 1e30f } })
        {
            equal_bins histogram = bins_over(2048, narrow, { narrow.min, narrow.max, narrow.max });
            histogram.grow(wide, 128);
            CHECK(total(histogram) == doctest::Approx(3.0));
            CHECK(histogram.range.min == wide.min);
            CHECK(histogram.range.max >= wide.max);
            CHECK(std::isfinite(histogram.range.max));
        }
}
