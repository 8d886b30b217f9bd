// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/rounding.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

TEST_CASE("ties: the even integer, or away from zero")
{
    for (int whole = -300; whole <= 300; ++whole)
    {
        const float tie = static_cast<float>(whole) + 0.5f;
        CHECK(qk::round_half_even(tie) == static_cast<float>(whole % 2 == 0 ? whole : whole + 1));
        CHECK(qk::round_half_away(tie) == std::round(tie));
    }
}

TEST_CASE("the neighbours of a tie go to their nearest integer")
{
    CHECK(qk::round_half_even(0.49999997f) == 0.0f);
    CHECK(qk::round_half_away(0.49999997f) == 0.0f); // adding 0.5 first would give 1
    CHECK(qk::round_half_even(0.50000006f) == 1.0f);
    CHECK(qk::round_half_even(2.4999998f) == 2.0f);
    CHECK(qk::round_half_even(2.5000002f) == 3.0f);
    CHECK(qk::round_half_away(-0.49999997f) == 0.0f);
    CHECK(qk::round_half_even(8388607.5f) == 8388608.0f);
    CHECK(qk::round_half_even(8388606.5f) == 8388606.0f);
}

TEST_CASE("what is an integer already, or no number, passes through")
{
    for (const float x : { 0x1p23f, 0x1p24f, 3e9f, 1e30f, limits::max(), limits::infinity() })
    {
        CHECK(qk::round_half_even(x) == x);
        CHECK(qk::round_half_even(-x) == -x);
        CHECK(qk::round_half_away(-x) == -x);
        CHECK(qk::stochastic {}(x, 0) == x);
    }
    CHECK(std::isnan(qk::round_half_even(limits::quiet_NaN())));
    CHECK(std::isnan(qk::round_half_away(limits::quiet_NaN())));
    CHECK(std::isnan(qk::stochastic {}(limits::quiet_NaN(), 0)));
    CHECK(qk::round_half_even(limits::denorm_min()) == 0.0f);
}

TEST_CASE("random bit patterns round as std::nearbyint and std::round do")
{
    quantkit::test::random_bits random(3);
    for (int i = 0; i < 200'000; ++i)
    {
        const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
        const auto y = std::bit_cast<double>(random.next());
        if (!std::isnan(x))
        {
            REQUIRE(qk::round_half_even(x) == std::nearbyint(x));
            REQUIRE(qk::round_half_away(x) == std::round(x));
        }
        if (!std::isnan(y))
            REQUIRE(qk::round_half_even(y) == std::nearbyint(y));
        const double near = random.normal() * 1000.0;
        REQUIRE(qk::round_half_even(near) == std::nearbyint(near));
    }
}

TEST_CASE("stochastic rounding takes one of the two neighbours and keeps integers")
{
    quantkit::test::random_bits random(4);
    const qk::stochastic rounding { 99 };
    for (std::uint64_t i = 0; i < 100'000; ++i)
    {
        const auto x = static_cast<float>(random.normal() * 20.0);
        const float rounded = rounding(x, i);
        REQUIRE((rounded == std::floor(x) || rounded == std::ceil(x)));
        REQUIRE(rounding(std::floor(x), i) == std::floor(x));
    }
}

TEST_CASE("the mean of stochastic rounding is the value itself")
{
    // n draws of a 0/1 variable: deviation at most 1 / (2 sqrt(n)) = 0.0005; six of them
    constexpr int count = 1'000'000;
    for (const float x : { 0.1f, 0.5f, -0.25f, 7.9f, -3.001f })
    {
        double sum = 0.0;
        const qk::stochastic rounding { 5 };
        for (std::uint64_t i = 0; i < count; ++i)
            sum += static_cast<double>(rounding(x, i));
        CHECK(std::abs(sum / count - static_cast<double>(x)) < 0.003);
    }
}

TEST_CASE("stochastic rounding depends on seed and index only, also beyond 2^32")
{
    const auto differing = [](auto make)
    {
        int different = 0;
        for (std::uint64_t i = 0; i < 1000; ++i)
            different += qk::stochastic { 1 }(0.5f, i) != make(i);
        return different;
    };
    CHECK(differing([](std::uint64_t i) { return qk::stochastic { 1 }(0.5f, i); }) == 0);
    CHECK(differing([](std::uint64_t i) { return qk::stochastic { 2 }(0.5f, i); }) > 400);
    CHECK(differing([](std::uint64_t i) { return qk::stochastic { 1 + (1ull << 32) }(0.5f, i); }) > 400);
    CHECK(differing([](std::uint64_t i) { return qk::stochastic { 1 }(0.5f, i + (1ull << 32)); }) > 400);
}

TEST_CASE("uniform numbers are multiples of 2^-24 below 1")
{
    for (std::uint64_t i = 0; i < 100'000; ++i)
    {
        const float u = qk::stochastic { 12 }.uniform(i);
        REQUIRE((u >= 0.0f && u < 1.0f && u * 0x1p24f == std::floor(u * 0x1p24f)));
    }
}

namespace
{
    // Rounds down at even indices and up at odd ones: a policy that only its user knows.
    struct alternating
    {
        float operator()(float x, std::uint64_t index) const { return index % 2 == 0 ? std::floor(x) : std::ceil(x); }
    };

    struct without_index
    {
        float operator()(float x) const { return x; }
    };

    // Steps of a scale that is the binary logarithm of the step.
    struct by_exponent
    {
        static float factor(float scale) { return scale; }
        static float scaled(float x, float factor) { return std::ldexp(x, -static_cast<int>(std::log2(factor))); }
    };
}

TEST_CASE("foreign policies are used as they are")
{
    static_assert(qk::rounding_policy<alternating> && qk::scaling_policy<by_exponent>);
    static_assert(!qk::rounding_policy<without_index> && !qk::scaling_policy<alternating>);
    CHECK(qk::quantize_value(2.5f, { 1.0f, 0 }, qk::int8_full::bounds, alternating {}, qk::by_reciprocal {}, 0) == 2);
    CHECK(qk::quantize_value(2.5f, { 1.0f, 0 }, qk::int8_full::bounds, alternating {}, qk::by_reciprocal {}, 1) == 3);
    CHECK(qk::quantize_value(5.0f, { 0.25f, 1 }, qk::int8_full::bounds, qk::half_even {}, by_exponent {}) == 21);
}
