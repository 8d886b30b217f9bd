// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/half.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

namespace
{
    // The definition of binary16, in double.
    double half_value(std::uint16_t bits)
    {
        const double sign = (bits & 0x8000u) != 0 ? -1.0 : 1.0;
        const int exponent = bits >> 10 & 0x1f;
        const double fraction = (bits & 0x3ffu) / 1024.0;
        if (exponent == 31)
            return fraction == 0.0 ? sign * limits::infinity() : limits::quiet_NaN();
        return exponent == 0 ? sign * std::ldexp(fraction, -14) : sign * std::ldexp(1.0 + fraction, exponent - 15);
    }

    bool is_half_nan(std::uint16_t bits) { return (bits & 0x7fffu) > 0x7c00u; }
    bool is_bfloat16_nan(std::uint16_t bits) { return (bits & 0x7fffu) > 0x7f80u; }

    float next_up(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + 1); }
    float next_down(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) - 1); }
}

TEST_CASE("all 65536 binary16 patterns have their value and come back")
{
    for (unsigned pattern = 0; pattern <= 0xffffu; ++pattern)
    {
        const auto bits = static_cast<std::uint16_t>(pattern);
        const float value = qk::half_to_float(bits);
        if (is_half_nan(bits))
        {
            REQUIRE(std::isnan(value));
            REQUIRE(is_half_nan(qk::float_to_half(value)));
            REQUIRE((qk::float_to_half(value) & 0x8000u) == (bits & 0x8000u));
            continue;
        }
        REQUIRE(static_cast<double>(value) == half_value(bits));
        REQUIRE(std::signbit(value) == ((bits & 0x8000u) != 0));
        REQUIRE(qk::float_to_half(value) == bits);
    }
}

TEST_CASE("all 65536 bfloat16 patterns have their value and come back")
{
    for (unsigned pattern = 0; pattern <= 0xffffu; ++pattern)
    {
        const auto bits = static_cast<std::uint16_t>(pattern);
        const float value = qk::bfloat16_to_float(bits);
        REQUIRE(std::bit_cast<std::uint32_t>(value) == pattern << 16);
        if (is_bfloat16_nan(bits))
            REQUIRE(is_bfloat16_nan(qk::float_to_bfloat16(value)));
        else
            REQUIRE(qk::float_to_bfloat16(value) == bits);
    }
}

TEST_CASE("between any two neighbouring binary16 values the tie goes to the even one")
{
    for (unsigned pattern = 0; pattern < 0x7bffu; ++pattern)
    {
        const auto low = static_cast<std::uint16_t>(pattern), high = static_cast<std::uint16_t>(pattern + 1);
        const float tie = (qk::half_to_float(low) + qk::half_to_float(high)) / 2.0f; // exact: 12 bits
        REQUIRE(qk::float_to_half(tie) == (pattern % 2 == 0 ? low : high));
        REQUIRE(qk::float_to_half(next_down(tie)) == low);
        REQUIRE(qk::float_to_half(next_up(tie)) == high);
        REQUIRE(qk::float_to_half(-tie) == ((pattern % 2 == 0 ? low : high) | 0x8000u));
    }
}

TEST_CASE("between any two neighbouring bfloat16 values the tie goes to the even one")
{
    for (unsigned pattern = 0; pattern < 0x7f80u; ++pattern)
    {
        const float tie = std::bit_cast<float>(pattern << 16 | 0x8000u);
        REQUIRE(qk::float_to_bfloat16(tie) == (pattern % 2 == 0 ? pattern : pattern + 1));
        REQUIRE(qk::float_to_bfloat16(next_down(tie)) == pattern);
        REQUIRE(qk::float_to_bfloat16(next_up(tie)) == pattern + 1);
    }
}

TEST_CASE("binary16 overflows to infinity from 65520 on")
{
    CHECK(qk::float_to_half(65504.0f) == 0x7bff);
    CHECK(qk::float_to_half(next_down(65520.0f)) == 0x7bff);
    CHECK(qk::float_to_half(65520.0f) == 0x7c00);
    CHECK(qk::float_to_half(-limits::max()) == 0xfc00);
    CHECK(qk::float_to_half(limits::infinity()) == 0x7c00);
    CHECK(qk::float_to_bfloat16(limits::max()) == 0x7f80);
}

TEST_CASE("binary16 underflows to a zero of the same sign")
{
    CHECK(qk::float_to_half(0x1p-25f) == 0x0000); // tie between 0 and 2^-24
    CHECK(qk::float_to_half(next_up(0x1p-25f)) == 0x0001);
    CHECK(qk::float_to_half(-limits::denorm_min()) == 0x8000);
}

TEST_CASE("no NaN becomes infinity, whatever its payload")
{
    quantkit::test::random_bits random(7);
    for (int i = 0; i < 100'000; ++i)
    {
        const auto payload = static_cast<std::uint32_t>(random.integer(1, 0x7fffff));
        const auto nan = std::bit_cast<float>(0x7f800000u | payload);
        REQUIRE(is_half_nan(qk::float_to_half(nan)));
        REQUIRE(is_bfloat16_nan(qk::float_to_bfloat16(nan)));
    }
    CHECK(is_bfloat16_nan(qk::float_to_bfloat16(std::bit_cast<float>(0x7fffffffu))));
    CHECK(is_half_nan(qk::float_to_half(std::bit_cast<float>(0x7f800001u))));
}
