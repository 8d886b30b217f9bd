// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/float8.hpp>

#include <quantkit/core/half.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace
{
    using namespace quantkit;
    using limits = std::numeric_limits<float>;

    /// The value of a pattern without its sign, if exponents went on beyond the largest finite value: the tables of the
    /// specification, in double.
    template <float8_format Format>
    double continued_value(unsigned magnitude)
    {
        constexpr bool is_e4m3 = std::same_as<Format, float8_e4m3>;
        const int mantissa_bits = is_e4m3 ? 3 : 2, bias = is_e4m3 ? 7 : 15;
        const int exponent = static_cast<int>(magnitude >> mantissa_bits);
        const double fraction = (magnitude & ((1u << mantissa_bits) - 1)) / std::ldexp(1.0, mantissa_bits);
        return exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1.0 + fraction, exponent - bias);
    }

    template <float8_format Format>
    constexpr unsigned largest = std::same_as<Format, float8_e4m3> ? 0x7e : 0x7b;

    template <float8_format Format>
    bool is_nan(unsigned pattern)
    {
        return (pattern & 0x7fu) > (std::same_as<Format, float8_e4m3> ? 0x7e : 0x7c);
    }

    /// The nearest pattern by comparing with all ties, themselves to the even one; `exceed` for the one after the last.
    template <float8_format Format>
    unsigned nearest(float x, unsigned exceed)
    {
        const double magnitude = std::abs(static_cast<double>(x));
        unsigned best = 0;
        for (unsigned pattern = 0; pattern <= largest<Format>; ++pattern)
        {
            const double tie = (continued_value<Format>(pattern) + continued_value<Format>(pattern + 1)) / 2.0;
            if (magnitude > tie || (magnitude == tie && pattern % 2 == 1))
                best = pattern + 1;
        }
        return (best > largest<Format> ? exceed : best) | (std::signbit(x) ? 0x80u : 0u);
    }

    template <float8_format Format>
    void require_nearest(float x)
    {
        CAPTURE(x);
        for (const float value : { x, -x })
        {
            REQUIRE(unsigned { float_to_float8<Format>(value) } == nearest<Format>(value, largest<Format>));
            REQUIRE(unsigned { float_to_float8<Format>(value, float8_overflow::exceed) }
                    == nearest<Format>(value, largest<Format> + 1));
        }
    }

    float next_up(float x) { return std::nextafter(x, limits::infinity()); }
    float next_down(float x) { return std::nextafter(x, -limits::infinity()); }
}

TEST_CASE_TEMPLATE("all 256 patterns have their value and come back", Format, float8_e4m3, float8_e5m2)
{
    for (unsigned pattern = 0; pattern <= 0xffu; ++pattern)
    {
        CAPTURE(pattern);
        const float value = float8_to_float<Format>(static_cast<std::uint8_t>(pattern));
        REQUIRE(std::signbit(value) == (pattern >= 0x80u));
        if (is_nan<Format>(pattern))
        {
            REQUIRE(std::isnan(value));
            REQUIRE(unsigned { float_to_float8<Format>(value) } == (pattern | 0x7fu));
            continue;
        }
        const bool is_infinity = (pattern & 0x7fu) > largest<Format>;
        const double magnitude = is_infinity ? limits::infinity() : continued_value<Format>(pattern & 0x7fu);
        REQUIRE(std::abs(static_cast<double>(value)) == magnitude);
        REQUIRE(unsigned { float_to_float8<Format>(value, float8_overflow::exceed) } == pattern);
        REQUIRE(unsigned { float_to_float8<Format>(value) } == (is_infinity ? pattern - 1 : pattern));
    }
}

TEST_CASE_TEMPLATE("around every value and every tie, the nearest pattern", Format, float8_e4m3, float8_e5m2)
{
    for (unsigned pattern = 0; pattern <= largest<Format>; ++pattern)
    {
        const double low = continued_value<Format>(pattern), high = continued_value<Format>(pattern + 1);
        for (const double exact : { low, (low + high) / 2.0 })
        {
            const auto x = static_cast<float>(exact);
            REQUIRE(static_cast<double>(x) == exact);
            for (const float near : { next_down(x), x, next_up(x) })
                require_nearest<Format>(near);
        }
    }
}

TEST_CASE_TEMPLATE("any float, the nearest pattern", Format, float8_e4m3, float8_e5m2)
{
    for (std::uint64_t word = 0; word < 0x7f80'0000u; word += 99'991)
        require_nearest<Format>(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
    require_nearest<Format>(limits::max());
    require_nearest<Format>(limits::denorm_min());
    quantkit::test::random_bits random(3);
    for (int i = 0; i < 5000; ++i)
        require_nearest<Format>(
            static_cast<float>(std::ldexp(random.uniform(), static_cast<int>(random.next() % 40) - 20)));
}

TEST_CASE("the specification's table of extremes")
{
    CHECK(float8_to_float<float8_e4m3>(0x7e) == 448.0f);
    CHECK(float8_to_float<float8_e4m3>(0x08) == 0x1p-6f);
    CHECK(float8_to_float<float8_e4m3>(0x07) == 0.875f * 0x1p-6f);
    CHECK(float8_to_float<float8_e4m3>(0x01) == 0x1p-9f);
    CHECK(float8_to_float<float8_e5m2>(0x7b) == 57344.0f);
    CHECK(float8_to_float<float8_e5m2>(0x04) == 0x1p-14f);
    CHECK(float8_to_float<float8_e5m2>(0x03) == 0.75f * 0x1p-14f);
    CHECK(float8_to_float<float8_e5m2>(0x01) == 0x1p-16f);
    CHECK(float8_to_float<float8_e5m2>(0xfc) == -limits::infinity());
}

TEST_CASE("overflow saturates or exceeds from the tie on")
{
    constexpr auto exceed = float8_overflow::exceed;
    CHECK(float_to_float8<float8_e4m3>(464.0f, exceed) == 0x7e); // the tie goes to the even 448
    CHECK(float_to_float8<float8_e4m3>(next_up(464.0f), exceed) == 0x7f);
    CHECK(float_to_float8<float8_e4m3>(-1e9f, exceed) == 0xff);
    CHECK(float_to_float8<float8_e4m3>(-1e9f) == 0xfe);
    CHECK(float_to_float8<float8_e5m2>(next_down(61440.0f), exceed) == 0x7b);
    CHECK(float_to_float8<float8_e5m2>(61440.0f, exceed) == 0x7c);
    CHECK(float_to_float8<float8_e5m2>(61440.0f) == 0x7b);
    CHECK(float_to_float8<float8_e4m3>(limits::infinity()) == 0x7e);
    CHECK(float_to_float8<float8_e4m3>(limits::infinity(), exceed) == 0x7f);
    CHECK(float_to_float8<float8_e5m2>(-limits::infinity()) == 0xfb);
    CHECK(float_to_float8<float8_e5m2>(-limits::infinity(), exceed) == 0xfc);
}

TEST_CASE_TEMPLATE("every NaN becomes the NaN of its sign, whatever its payload", Format, float8_e4m3, float8_e5m2)
{
    for (const std::uint32_t payload : { 1u, 0x000fffffu, 0x00400000u, 0x007fffffu })
        for (const auto overflow : { float8_overflow::saturate, float8_overflow::exceed })
        {
            CHECK(float_to_float8<Format>(std::bit_cast<float>(0x7f800000u | payload), overflow) == 0x7f);
            CHECK(float_to_float8<Format>(std::bit_cast<float>(0xff800000u | payload), overflow) == 0xff);
        }
}

TEST_CASE("e5m2 is the upper half of binary16")
{
    for (unsigned pattern = 0; pattern <= 0xffu; ++pattern)
        if (!is_nan<float8_e5m2>(pattern))
            CHECK(float8_to_float<float8_e5m2>(static_cast<std::uint8_t>(pattern))
                  == half_to_float(static_cast<std::uint16_t>(pattern << 8)));
}

TEST_CASE("conversions are constant expressions")
{
    static_assert(float8_to_float<float8_e4m3>(0x38) == 1.0f && float_to_float8<float8_e4m3>(1.0f) == 0x38);
    static_assert(float8_to_float<float8_e5m2>(0x3c) == 1.0f && float_to_float8<float8_e5m2>(1.0f) == 0x3c);
}
