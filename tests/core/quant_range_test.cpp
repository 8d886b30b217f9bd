// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>

#include <doctest/doctest.h>

#include <concepts>
#include <cstdint>
#include <limits>

namespace qk = quantkit;

TEST_CASE("the named ranges have the codes that their names say")
{
    CHECK(qk::int8_full::bounds == qk::quant_bounds { -128, 127 });
    CHECK(qk::int8_narrow::bounds == qk::quant_bounds { -127, 127 });
    CHECK(qk::uint8_full::bounds == qk::quant_bounds { 0, 255 });
    CHECK(qk::uint8_reduced::bounds == qk::quant_bounds { 0, 127 });
    CHECK(qk::int4_full::bounds == qk::quant_bounds { -8, 7 });
    CHECK(qk::int4_narrow::bounds == qk::quant_bounds { -7, 7 });
    CHECK(qk::uint4_full::bounds == qk::quant_bounds { 0, 15 });
    CHECK(qk::int16_full::bounds == qk::quant_bounds { -32768, 32767 });
    CHECK(qk::int16_narrow::bounds == qk::quant_bounds { -32767, 32767 });
    CHECK(qk::int32_full::bounds
          == qk::quant_bounds { std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max() });
}

TEST_CASE("codes are stored in the smallest type that holds them")
{
    static_assert(std::same_as<qk::int4_full::code_type, std::int8_t>);
    static_assert(std::same_as<qk::uint4_full::code_type, std::uint8_t>);
    static_assert(std::same_as<qk::signed_range<9>::code_type, std::int16_t>);
    static_assert(std::same_as<qk::unsigned_range<9>::code_type, std::uint16_t>);
    static_assert(std::same_as<qk::int32_full::code_type, std::int32_t>);
}

TEST_CASE("bits count what dense storage needs")
{
    CHECK(qk::signed_range<2>::bits == 2);
    CHECK(qk::narrow_range<2>::bits == 2); // three codes
    CHECK(qk::int4_narrow::bits == 4);
    CHECK(qk::uint8_reduced::bits == 7);
    CHECK(qk::unsigned_range<16>::bits == 16);
    CHECK(qk::int32_full::bits == 32);
}

TEST_CASE("a range is signed when it has negative codes")
{
    CHECK(qk::int4_narrow::is_signed);
    CHECK_FALSE(qk::uint8_full::is_signed);
    CHECK_FALSE(qk::quant_range<std::int8_t, 0, 100>::is_signed);
}

namespace
{
    // Ternary weights as somebody else would write them: a model of the concept without any of the library's types.
    struct ternary
    {
        using code_type = signed char;
        static constexpr int quant_min = -1;
        static constexpr int quant_max = 1;
        static constexpr qk::quant_bounds bounds { -1, 1 };
        static constexpr int bits = 2;
    };

    struct fractional : ternary
    {
        using code_type = float;
    };
}

TEST_CASE("a foreign range is a quantized_range")
{
    static_assert(qk::quantized_range<ternary>);
    static_assert(!qk::quantized_range<fractional>);
    static_assert(!qk::quantized_range<int>);
}
