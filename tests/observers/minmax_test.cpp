// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/minmax.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace qk = quantkit;

TEST_CASE("the range grows with every batch")
{
    qk::minmax_observer observer;
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector { 2.0f, 3.0f });
    CHECK(observer.range() == qk::real_range { 2.0f, 3.0f });
    observer.observe(std::vector { 2.5f });
    CHECK(observer.range() == qk::real_range { 2.0f, 3.0f });
    observer.observe(std::vector { -1.0f, 2.5f });
    CHECK(observer.range() == qk::real_range { -1.0f, 3.0f });
    observer.reset();
    CHECK(observer.range() == qk::nothing_observed);
}

TEST_CASE("a batch without values changes nothing")
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    qk::minmax_observer observer;
    observer.observe(std::vector<float> {});
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector { 1.0f, nan });
    observer.observe(std::vector<float> {});
    observer.observe(std::vector { nan, nan });
    CHECK(observer.range() == qk::real_range { 1.0f, 1.0f });
}

TEST_CASE("merged observers have seen everything, in any division and order")
{
    const std::vector<float> x = quantkit::test::floats_with_outliers(1000, 1);
    qk::minmax_observer whole;
    whole.observe(x);
    for (std::size_t cut = 0; cut <= x.size(); cut += 111)
    {
        qk::minmax_observer first, second;
        first.observe(std::span(x).first(cut));
        second.observe(std::span(x).subspan(cut));
        second.merge(first);
        second.merge(qk::minmax_observer {});
        CHECK(second.range() == whole.range());
    }
}
