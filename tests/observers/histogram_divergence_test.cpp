// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/histogram_divergence.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace test = quantkit::test;
using quantkit::detail::histogram_divergence;

namespace
{
    constexpr double infinity = std::numeric_limits<double>::infinity();

    double total(const std::vector<double>& counts) { return std::accumulate(counts.begin(), counts.end(), 0.0); }

    // Bin by bin, from the description of the algorithm.
    double divergence_by_definition(const std::vector<double>& counts, std::size_t first, std::size_t last,
                                    std::size_t levels)
    {
        const std::size_t bins = last - first;
        std::vector<double> p(counts.begin() + static_cast<std::ptrdiff_t>(first),
                              counts.begin() + static_cast<std::ptrdiff_t>(last));
        std::vector<double> level_counts(levels), level_bins(levels), q(bins);
        for (std::size_t k = 0; k < bins; ++k)
        {
            level_counts[k * levels / bins] += p[k];
            level_bins[k * levels / bins] += p[k] > 0.0 ? 1.0 : 0.0;
        }
        for (std::size_t k = 0; k < bins; ++k)
            if (p[k] > 0.0)
                q[k] = level_counts[k * levels / bins] / level_bins[k * levels / bins];
        if (total(p) <= total(counts) / 2.0)
            return infinity;
        for (std::size_t k = 0; k < counts.size(); ++k)
            if (k < first)
                p.front() += counts[k];
            else if (k >= last)
                p.back() += counts[k];
        double divergence = 0.0;
        for (std::size_t k = 0; k < bins; ++k)
            if (p[k] > 0.0)
                divergence += p[k] / total(p) * std::log(p[k] / total(p) / (q[k] / total(q)));
        return divergence;
    }

    std::vector<double> random_counts(std::size_t bins, test::random_bits& random)
    {
        std::vector<double> counts(bins);
        for (double& count : counts)
            count = random.integer(0, 3) == 0 ? 0.0 : static_cast<double>(random.integer(0, 50)) * 0.25;
        counts[bins / 2] += 1.0;
        return counts;
    }
}

TEST_CASE("the slides' example: 8 bins in 2 levels")
{
    // P = [1 0 2 3 5 3 1 7]: 6 and 16 counts on 3 and 4 bins that are not empty.
    const histogram_divergence divergence({ 1, 0, 2, 3, 5, 3, 1, 7 });
    double expected = 0.0;
    for (const double p : { 1.0, 2.0, 3.0 })
        expected += p / 22.0 * std::log(p / 2.0);
    for (const double p : { 5.0, 3.0, 1.0, 7.0 })
        expected += p / 22.0 * std::log(p / 4.0);
    CHECK(divergence(0, 8, 2) == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("the definition, bin by bin")
{
    test::random_bits random(1);
    int finite = 0;
    for (int trial = 0; trial < 3000; ++trial)
    {
        const auto bins = static_cast<std::size_t>(random.integer(2, 40));
        const std::vector<double> counts = random_counts(bins, random);
        const histogram_divergence divergence(counts);
        const auto first = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(bins) / 3));
        const auto last = static_cast<std::size_t>(
            random.integer(static_cast<std::int64_t>(first) + 2, static_cast<std::int64_t>(bins)));
        const auto levels = static_cast<std::size_t>(random.integer(1, static_cast<std::int64_t>(last - first)));
        const double expected = divergence_by_definition(counts, first, last, levels);
        const double actual = divergence(first, last, levels);
        finite += std::isfinite(expected) ? 1 : 0;
        REQUIRE(std::isfinite(actual) == std::isfinite(expected));
        if (std::isfinite(expected))
            REQUIRE(actual == doctest::Approx(expected).epsilon(1e-10));
    }
    CHECK(finite > 500);
}

TEST_CASE("without loss where every level is one bin, or its bins are equal")
{
    CHECK(histogram_divergence({ 1, 0, 2, 3 })(0, 4, 4) == doctest::Approx(0.0));
    CHECK(histogram_divergence({ 2, 2, 0, 5 })(0, 4, 2) == doctest::Approx(0.0));
    CHECK(histogram_divergence({ 2, 2, 4, 5 })(0, 4, 2) > 1e-3);
}

TEST_CASE("windows that no quantization could stand for")
{
    CHECK(histogram_divergence({ 5, 5, 0, 5 })(0, 3, 2) == infinity); // outside values on an empty bin
    CHECK(histogram_divergence({ 5, 0, 5, 5 })(1, 4, 2) == infinity);
    CHECK(histogram_divergence({ 1, 1, 1, 1 })(0, 2, 2) == infinity); // half of the values
    CHECK(std::isfinite(histogram_divergence({ 1, 1, 1, 1 })(0, 3, 2)));
    CHECK(histogram_divergence({ 0, 0, 1 })(0, 2, 2) == infinity);
    CHECK(histogram_divergence({ 0, 0 })(0, 2, 2) == infinity);
}
