// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/histogram_distance.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

using quantkit::histogram_kl_divergence;
using quantkit::histogram_overlap;

namespace
{
    constexpr double infinite = std::numeric_limits<double>::infinity();
    using counts = std::vector<std::uint64_t>;
}

TEST_CASE("against the definitions, whatever the histograms count with")
{
    for (std::uint64_t seed = 0; seed < 20; ++seed)
    {
        const std::vector<std::int32_t> p = quantkit::test::random_codes<std::int32_t>(64, seed, 0, 1000);
        const std::vector<float> q = quantkit::test::random_floats(64, seed + 100, 0.1f, 3.0f);
        const long double p_total = std::accumulate(p.begin(), p.end(), 0.0L);
        const long double q_total = std::accumulate(q.begin(), q.end(), 0.0L);
        long double kl = 0, overlap = 0;
        for (std::size_t i = 0; i < p.size(); ++i)
        {
            const long double a = p[i] / p_total, b = q[i] / q_total;
            kl += p[i] == 0 ? 0 : a * std::log(a / b);
            overlap += std::min(a, b);
        }
        CHECK(histogram_kl_divergence(p, q) == doctest::Approx(static_cast<double>(kl)).epsilon(1e-12));
        CHECK(histogram_overlap(p, std::span(q)) == doctest::Approx(static_cast<double>(overlap)).epsilon(1e-12));
    }
}

TEST_CASE("the same shape, disjoint ones, and histograms without counts")
{
    const counts p { 1, 2, 3, 0 }, doubled { 2, 4, 6, 0 }, last { 0, 0, 0, 7 }, none { 0, 0, 0, 0 };
    CHECK(histogram_kl_divergence(p, doubled) == 0.0);
    CHECK(histogram_overlap(p, doubled) == 1.0);
    CHECK(histogram_kl_divergence(p, last) == infinite);
    CHECK(histogram_overlap(p, last) == 0.0);
    CHECK(histogram_kl_divergence(none, p) == 0.0);
    CHECK(histogram_kl_divergence(p, none) == infinite);
    CHECK(histogram_overlap(none, p) == 0.0);
    CHECK(histogram_kl_divergence(counts {}, counts {}) == 0.0);
    CHECK(histogram_kl_divergence(counts { 1, 0 }, counts { 1, 1 }) == doctest::Approx(std::log(2.0)));
}

TEST_CASE("what does not fit is refused with its values")
{
    const counts two { 1, 2 }, three { 1, 2, 3 };
    CHECK_THROWS_WITH_AS(histogram_overlap(two, three), "quantkit: histograms of 2 and 3 bins cannot be compared",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(histogram_overlap(two, std::array<float, 2> { 1, -0.5f }),
                         "quantkit: bin 1 of a histogram holds -0.5", std::invalid_argument);
    CHECK_THROWS_WITH_AS(histogram_kl_divergence(std::array<double, 2> { infinite, 1 }, two),
                         "quantkit: bin 0 of a histogram holds inf", std::invalid_argument);
    CHECK_THROWS_AS(histogram_kl_divergence(two, std::array<float, 2> { std::nanf(""), 1 }), std::invalid_argument);
}
