// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/finite_range.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

namespace
{
    qk::real_range range_of(const std::vector<float>& values)
    {
        qk::value_histogram seen;
        seen.observe(values);
        return qk::detail::finite_range(seen);
    }
}

TEST_CASE("exact without infinities")
{
    CHECK(range_of({ 1.2345678f, -7e-39f, limits::quiet_NaN() }) == qk::real_range { -7e-39f, 1.2345678f });
    CHECK(range_of({ limits::lowest(), limits::max() }) == qk::real_range { limits::lowest(), limits::max() });
}

TEST_CASE("the edges of the outer bins with infinities")
{
    const qk::real_range above = range_of({ -1.5f, 3.0001f, limits::infinity() });
    CHECK(above.min == -1.5f);
    CHECK(above.max >= 3.0001f);
    CHECK(above.max <= 3.0001f * (1.0f + 0x1p-11f));
    const qk::real_range below = range_of({ -limits::infinity(), -2.9f, 5.25f, limits::max() });
    CHECK(below.min <= -2.9f);
    CHECK(below.min >= -2.9f * (1.0f + 0x1p-11f));
    CHECK(below.max == limits::max());
    CHECK(range_of({ limits::infinity(), limits::max() }).max == limits::max());
}

TEST_CASE("nothing finite")
{
    CHECK(range_of({}) == qk::nothing_observed);
    CHECK(range_of({ limits::quiet_NaN() }) == qk::nothing_observed);
    CHECK(range_of({ limits::infinity() }) == qk::nothing_observed);
    CHECK(range_of({ -limits::infinity(), limits::infinity() }) == qk::nothing_observed);
}
