// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/calibration/range_stability.hpp>

#include <quantkit/observers/minmax.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;

TEST_CASE("a range at rest is stable after as many batches as asked for")
{
    range_stability stable(0.1f, 3);
    CHECK_FALSE(stable.is_stable());
    CHECK_FALSE(stable.update({ -1.0f, 1.0f }));
    CHECK_FALSE(stable.update({ -1.0f, 1.0f }));
    CHECK_FALSE(stable.update({ -1.1f, 1.0f })); // 0.1 of a width of 2.1
    CHECK(stable.update({ -1.1f, 1.1f }));
    CHECK(stable.is_stable());
}

TEST_CASE("either end that moves starts the count anew")
{
    for (const real_range moved : { real_range { -2.0f, 1.0f }, real_range { -1.0f, 2.0f } })
    {
        range_stability stable(0.1f, 2);
        stable.update({ -1.0f, 1.0f });
        stable.update({ -1.0f, 1.0f });
        CHECK_FALSE(stable.update(moved));
        CHECK_FALSE(stable.update(moved));
        CHECK(stable.update(moved));
        CHECK_FALSE(stable.update({ -1.0f, 1.0f }));
    }
}

TEST_CASE("a slow drift is no rest")
{
    range_stability stable(0.01f, 5);
    float max = 1.0f;
    for (int batch = 0; batch < 100; ++batch, max *= 1.004f) // 2 % in five batches
        CHECK_FALSE(stable.update({ 0.0f, max }));
}

TEST_CASE("equal values are stable with any tolerance, also none")
{
    range_stability stable(0.0f, 1);
    CHECK_FALSE(stable.update({ 0.5f, 0.5f }));
    CHECK(stable.update({ 0.5f, 0.5f }));
    CHECK_FALSE(stable.update({ 0.5f, std::nextafter(0.5f, 1.0f) }));
}

TEST_CASE("what is not finite is never at rest")
{
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float missing = std::numeric_limits<float>::quiet_NaN();
    for (const real_range range : { nothing_observed, real_range { -infinity, infinity }, real_range { 0.0f, infinity },
                                    real_range { missing, missing } })
    {
        range_stability stable(0.5f, 1);
        for (int batch = 0; batch < 5; ++batch)
            CHECK_FALSE(stable.update(range));
    }
    constexpr float most = std::numeric_limits<float>::max();
    range_stability wide(0.5f, 1);
    wide.update({ -most, most });
    CHECK(wide.update({ -most, most }));
}

TEST_CASE("all of several ranges must be at rest")
{
    range_stability stable(0.1f, 1);
    std::vector<real_range> ranges { { 0.0f, 1.0f }, { -5.0f, 5.0f } };
    stable.update(ranges);
    ranges[1].max = 9.0f;
    CHECK_FALSE(stable.update(ranges));
    CHECK(stable.update(ranges));
    CHECK_THROWS_WITH_AS(stable.update(real_range {}), "quantkit: there are 1 ranges, but before there were 2",
                         std::invalid_argument);
}

TEST_CASE("a min-max observer comes to rest")
{
    minmax_observer observer;
    range_stability stable(0.01f, 10);
    std::size_t batch = 0;
    while (batch < 1000 && !stable.update(observer.range()))
        observer.observe(quantkit::test::random_floats(100, ++batch));
    CHECK((batch > 10 && batch < 200));
    CHECK(observer.range().max > 0.95f);
}

TEST_CASE("rules that make no sense are refused")
{
    CHECK_THROWS_WITH_AS(range_stability(-0.5f), "quantkit: a tolerance must not be negative, but is -0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(range_stability(0.1f, 0), "quantkit: a range is stable after at least one batch, not after 0",
                         std::invalid_argument);
}
