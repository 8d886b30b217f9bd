// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/moving_average.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace qk = quantkit;

TEST_CASE("the first batch's own range, then a step towards each next one's")
{
    qk::moving_average_observer observer { .averaging_constant = 0.25f };
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector { -1.0f, 3.0f });
    CHECK(observer.range() == qk::real_range { -1.0f, 3.0f });
    observer.observe(std::vector { -5.0f, -1.0f });
    CHECK(observer.range() == qk::real_range { -2.0f, 2.0f });
    observer.reset();
    CHECK(observer.range() == qk::nothing_observed);
    CHECK(observer.averaging_constant == 0.25f);
}

TEST_CASE("every step is rounded to float twice: the product, then the sum")
{
    qk::moving_average_observer observer;
    volatile float expected = 0.0f; // volatile: no fused multiply-add, whatever the flags
    for (std::uint64_t batch = 0; batch < 1000; ++batch)
    {
        const std::vector<float> x = quantkit::test::normal_floats(20, batch);
        observer.observe(x);
        const float max = *std::max_element(x.begin(), x.end());
        if (batch == 0)
            expected = max;
        else
        {
            const volatile float step = 0.01f * (max - expected);
            expected = expected + step;
        }
        REQUIRE(observer.range().max == expected);
    }
}

TEST_CASE("a batch without values changes nothing, also before the first one")
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    qk::moving_average_observer observer { .averaging_constant = 0.5f };
    observer.observe(std::vector<float> {});
    observer.observe(std::vector { nan });
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector { 1.0f, 2.0f });
    observer.observe(std::vector<float> {});
    CHECK(observer.range() == qk::real_range { 1.0f, 2.0f });
}

TEST_CASE("the averaging constant is checked, with its value")
{
    const auto text = [](const char* value)
    { return std::string("quantkit: averaging_constant must lie in (0, 1], but is ") + value; };
    const std::vector<float> batch { 1.0f };
    const auto observe = [&](float constant) { qk::moving_average_observer { constant }.observe(batch); };
    CHECK_NOTHROW(observe(1.0f));
    CHECK_THROWS_WITH_AS(observe(0.0f), text("0").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(observe(1.5f), text("1.5").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(observe(std::numeric_limits<float>::quiet_NaN()), text("nan").c_str(), std::invalid_argument);
}

TEST_CASE("averages of different batches cannot be merged")
{
    static_assert(!qk::mergeable_observer<qk::moving_average_observer>);
    static_assert(qk::batch_range_observer<qk::moving_average_observer>);
}
