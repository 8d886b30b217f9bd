// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/training/learning_rate.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <stdexcept>

using namespace quantkit::training;

TEST_CASE("learning_rate: constant, and falling by a factor every few steps")
{
    CHECK(constant_rate(0.5)(1000) == 0.5);
    const learning_rate falling = step_rate(0.5, 3, 0.1);
    for (std::size_t step = 0; step < 3; ++step)
        CHECK(falling(step) == 0.5);
    CHECK(falling(3) == doctest::Approx(0.05));
    CHECK(falling(8) == doctest::Approx(0.005));
}

TEST_CASE("learning_rate: half a cosine from the first rate to the last, which stays")
{
    const learning_rate falling = cosine_rate(1.0, 4, 0.2);
    CHECK(falling(0) == 1.0);
    CHECK(falling(1) == doctest::Approx(0.2 + 0.4 * (1 + 0.70710678)));
    CHECK(falling(2) == doctest::Approx(0.6));
    CHECK(falling(4) == 0.2);
    CHECK(falling(100) == 0.2);
}

TEST_CASE("learning_rate: a warm-up rises in a line to where the schedule after it begins")
{
    const learning_rate warm = with_warm_up(4, step_rate(0.8, 2, 0.5), 0.25);
    const double expected[] = { 0.2, 0.35, 0.5, 0.65, 0.8, 0.8, 0.4 };
    for (std::size_t step = 0; step < 7; ++step)
        CHECK(warm(step) == doctest::Approx(expected[step]));
    CHECK(with_warm_up(0, constant_rate(0.8))(0) == 0.8);
}

TEST_CASE("learning_rate: schedules without a meaning are refused")
{
    CHECK_THROWS_WITH_AS(constant_rate(-1), "quantkit: a learning rate is finite and not negative, but is -1",
                         std::invalid_argument);
    CHECK_THROWS_AS(cosine_rate(1, 2, std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
    CHECK_THROWS_WITH_AS(step_rate(1, 0), "quantkit: a learning rate cannot fall every 0 steps", std::invalid_argument);
    CHECK_THROWS_WITH_AS(cosine_rate(1, 0), "quantkit: a learning rate cannot fall over 0 steps",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(with_warm_up(1, constant_rate(1), 2),
                         "quantkit: a warm-up begins with a share in [0, 1] of the rate, not 2", std::invalid_argument);
}
