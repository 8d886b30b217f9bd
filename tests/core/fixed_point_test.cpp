// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/fixed_point.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace qk = quantkit;
using limits = std::numeric_limits<std::int32_t>;

namespace
{
    double value_of(qk::fixed_point_multiplier multiplier)
    {
        return std::ldexp(static_cast<double>(multiplier.q31), multiplier.shift - 31);
    }

    std::int32_t saturated(double x)
    {
        return static_cast<std::int32_t>(
            std::clamp(x, static_cast<double>(limits::min()), static_cast<double>(limits::max())));
    }
}

TEST_CASE("a multiplier is kept to 31 bits")
{
    quantkit::test::random_bits random(1);
    for (int i = 0; i < 100'000; ++i)
    {
        const double multiplier = std::ldexp(0.5 + random.uniform() / 2.0, static_cast<int>(random.integer(-30, 30)));
        const qk::fixed_point_multiplier fixed = qk::to_fixed_point(multiplier);
        REQUIRE((fixed.q31 >= 1 << 30));
        REQUIRE(std::abs(value_of(fixed) - multiplier) <= multiplier * 0x1p-31);
    }
}

TEST_CASE("multipliers at the ends")
{
    CHECK(qk::to_fixed_point(0.0) == qk::fixed_point_multiplier { 0, 0 });
    CHECK(qk::to_fixed_point(1.0) == qk::fixed_point_multiplier { 1 << 30, 1 });
    CHECK(qk::to_fixed_point(0.5) == qk::fixed_point_multiplier { 1 << 30, 0 });
    CHECK(qk::to_fixed_point(1.0 - 0x1p-40) == qk::fixed_point_multiplier { 1 << 30, 1 }); // q31 rounds up to 2^31
    CHECK(qk::to_fixed_point(0x1p-32) == qk::fixed_point_multiplier { 1 << 30, -31 });
    CHECK(qk::to_fixed_point(0x1p-33) == qk::fixed_point_multiplier { 0, 0 });
    CHECK(qk::to_fixed_point(0x1.fp30) == qk::fixed_point_multiplier { 0x7c000000, 31 });
}

TEST_CASE("other multipliers are refused with their values")
{
    CHECK_THROWS_WITH_AS(qk::to_fixed_point(-0.5),
                         "quantkit: a fixed-point multiplier must lie in [0, 2^31), but is -0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::to_fixed_point(0x1p31),
                         "quantkit: a fixed-point multiplier must lie in [0, 2^31), but is 2147483648",
                         std::invalid_argument);
    CHECK_THROWS_AS(qk::to_fixed_point(std::nan("")), std::invalid_argument);
    CHECK_THROWS_AS(qk::to_fixed_point(std::numeric_limits<double>::infinity()), std::invalid_argument);
}

TEST_CASE("the doubling multiply rounds ties up and saturates its one overflow")
{
    CHECK(qk::saturating_rounding_doubling_high_mul(limits::min(), limits::min()) == limits::max());
    CHECK(qk::saturating_rounding_doubling_high_mul(1 << 30, 1) == 1);   // 1/2
    CHECK(qk::saturating_rounding_doubling_high_mul(1 << 30, -1) == 0);  // -1/2
    CHECK(qk::saturating_rounding_doubling_high_mul(1 << 30, -3) == -1); // -3/2
    CHECK(qk::saturating_rounding_doubling_high_mul(limits::max(), limits::max()) == limits::max() - 1);
}

TEST_CASE("dividing by a power of two rounds ties away from zero")
{
    quantkit::test::random_bits random(2);
    for (const std::int32_t x : { 0, 1, -1, limits::min(), limits::max(), 3, -3, 6, -6 })
        for (int exponent = 0; exponent <= 31; ++exponent)
            CHECK(qk::rounding_divide_by_pot(x, exponent) == std::round(std::ldexp(static_cast<double>(x), -exponent)));
    for (int i = 0; i < 100'000; ++i)
    {
        const auto x = static_cast<std::int32_t>(random.integer(limits::min(), limits::max()));
        const auto exponent = static_cast<std::int32_t>(random.integer(0, 31));
        REQUIRE(qk::rounding_divide_by_pot(x, exponent) == std::round(std::ldexp(static_cast<double>(x), -exponent)));
    }
}

TEST_CASE("both scalings are the product to half a unit, or to one where they round twice")
{
    quantkit::test::random_bits random(3);
    for (int i = 0; i < 200'000; ++i)
    {
        const auto acc =
            static_cast<std::int32_t>(random.integer(limits::min(), limits::max()) >> random.integer(0, 31));
        const double multiplier = std::ldexp(0.5 + random.uniform() / 2.0, static_cast<int>(random.integer(-20, 0)));
        const qk::fixed_point_multiplier fixed = qk::to_fixed_point(multiplier);
        const double exact = static_cast<double>(acc) * value_of(fixed);
        REQUIRE(qk::scaled_single_rounding(acc, fixed) == saturated(std::floor(exact + 0.5)));
        REQUIRE(std::abs(static_cast<double>(qk::scaled_double_rounding(acc, fixed)) - exact) <= 1.0);
    }
}

TEST_CASE("scaling saturates instead of overflowing")
{
    for (const double multiplier : { 1.5, 2.0, 1000.0, 0x1p29 })
    {
        const qk::fixed_point_multiplier fixed = qk::to_fixed_point(multiplier);
        CHECK(qk::scaled_single_rounding(limits::max(), fixed) == limits::max());
        CHECK(qk::scaled_single_rounding(limits::min(), fixed) == limits::min());
        CHECK(qk::scaled_double_rounding(limits::min(), fixed) <= -(1 << 30)); // acc * 2^shift saturates first
    }
}
