// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>

#include "support/random.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

TEST_CASE("valid qparams pass, others throw with their values")
{
    constexpr qk::quant_bounds bounds = qk::int8_narrow::bounds;
    CHECK_NOTHROW(qk::check_qparams({ 0.5f, -127 }, bounds));
    CHECK_NOTHROW(qk::check_qparams({ limits::max(), 127 }, bounds));
    CHECK_NOTHROW(qk::check_qparams({ 2.95e-39f, 0 }, bounds));

    const auto text = [](const char* scale)
    { return std::string("quantkit: scale must be positive and finite, with a finite reciprocal, but is ") + scale; };
    CHECK_THROWS_WITH_AS(qk::check_qparams({ 0.0f, 0 }, bounds), text("0").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::check_qparams({ -0.5f, 0 }, bounds), text("-0.5").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::check_qparams({ limits::infinity(), 0 }, bounds), text("inf").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::check_qparams({ limits::quiet_NaN(), 0 }, bounds), text("nan").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::check_qparams({ 1e-39f, 0 }, bounds), text("1e-39").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::check_qparams({ 1.0f, -128 }, bounds),
                         "quantkit: zero_point -128 lies outside [-127, 127]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::check_qparams({ 1.0f, 128 }, bounds), "quantkit: zero_point 128 lies outside [-127, 127]",
                         std::invalid_argument);
}

TEST_CASE("ties go to the even step before the zero point is added")
{
    constexpr qk::qparams params { 1.0f, 3 };
    constexpr qk::quant_bounds bounds = qk::uint8_full::bounds;
    CHECK(qk::quantize_value(0.5f, params, bounds) == 3);
    CHECK(qk::quantize_value(1.5f, params, bounds) == 5);
    CHECK(qk::quantize_value(-0.5f, params, bounds) == 3);
    CHECK(qk::quantize_value(-1.5f, params, bounds) == 1);
    CHECK(qk::quantize_value(0.5f, params, bounds, qk::half_away {}) == 4);
}

TEST_CASE("multiplying by the reciprocal and dividing differ next to a tie")
{
    constexpr qk::qparams params { 0.00852682255f, 0 };
    constexpr float x = -0.873999357f;
    CHECK(qk::quantize_value(x, params, qk::int8_full::bounds) == -102);
    CHECK(qk::quantize_value(x, params, qk::int8_full::bounds, qk::half_even {}, qk::by_division {}) == -103);
}

TEST_CASE("values beyond the range saturate, NaN gives quant_min")
{
    constexpr qk::qparams params { 0.1f, 10 };
    for (const float huge : { 1e3f, 3e9f, 1e30f, limits::max(), limits::infinity() })
    {
        CHECK(qk::quantize_value(huge, params, qk::uint8_full::bounds) == 255);
        CHECK(qk::quantize_value(-huge, params, qk::uint8_full::bounds) == 0);
        CHECK(qk::quantize_value(huge, params, qk::int4_full::bounds) == 7);
    }
    CHECK(qk::quantize_value(limits::quiet_NaN(), params, qk::uint8_full::bounds) == 0);
    CHECK(qk::quantize_value(-0.0f, params, qk::uint8_full::bounds) == 10);
    CHECK(qk::quantize_value(limits::denorm_min(), params, qk::uint8_full::bounds) == 10);
}

TEST_CASE("the full int32 range saturates without overflow")
{
    constexpr qk::quant_bounds bounds = qk::int32_full::bounds;
    for (const std::int32_t zero_point : { bounds.quant_min, -1, 0, bounds.quant_max })
    {
        CHECK(qk::quantize_value(3e9f, { 1.0f, zero_point }, bounds)
              == (zero_point == bounds.quant_min ? bounds.quant_min + 3'000'000'000 : bounds.quant_max));
        CHECK(qk::quantize_value(-1e30f, { 1.0f, zero_point }, bounds) == bounds.quant_min);
        CHECK(qk::quantize_value(limits::infinity(), { 1.0f, zero_point }, bounds) == bounds.quant_max);
    }
    CHECK(qk::dequantize_value(bounds.quant_max, { 1.0f, bounds.quant_min }) == 0x1p32f);
}

TEST_CASE("quantize_value agrees with the formula in double, but next to ties")
{
    quantkit::test::random_bits random(1);
    for (int i = 0; i < 100'000; ++i)
    {
        const auto scale =
            static_cast<float>(std::ldexp(0.5 + random.uniform(), -static_cast<int>(random.integer(0, 12))));
        const auto zero_point = static_cast<std::int32_t>(random.integer(-128, 127));
        const auto x = static_cast<float>(random.normal() * 100.0 * static_cast<double>(scale));
        const std::int64_t expected = quantkit::test::reference::quantize(x, scale, zero_point, -128, 127);
        const std::int64_t actual = qk::quantize_value(x, { scale, zero_point }, qk::int8_full::bounds);
        const double steps = std::abs(static_cast<double>(x) / static_cast<double>(scale));
        if (quantkit::test::reference::tie_distance(x, scale) > steps * 0x1p-22)
            REQUIRE(actual == expected);
        else
            REQUIRE(std::abs(actual - expected) <= 1);
    }
}

TEST_CASE("every code survives being dequantized and quantized again")
{
    for (const float scale : { 0.1f, 1.0f, 3.7e-5f, 1e30f, 1e-30f })
        for (int zero_point = -128; zero_point <= 127; zero_point += 51)
            for (int q = -128; q <= 127; ++q)
            {
                const qk::qparams params { scale, zero_point };
                REQUIRE(qk::quantize_value(qk::dequantize_value(q, params), params, qk::int8_full::bounds) == q);
            }
}

TEST_CASE("both directions can be computed by the compiler")
{
    static_assert(qk::quantize_value(0.26f, { 0.1f, 0 }, { -8, 7 }) == 3);
    static_assert(qk::dequantize_value(3, { 0.5f, 1 }) == 1.0f);
}
