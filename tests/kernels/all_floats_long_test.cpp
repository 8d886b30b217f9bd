// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All 2^32 floats through every kernel that takes one and keeps a few bits of it, with the flags of this build. Takes
/// minutes, so it runs only where QUANTKIT_LONG_TESTS is set.
#include "kernels/float_patterns.hpp"

#include <quantkit/core/float8.hpp>
#include <quantkit/core/half.hpp>
#include <quantkit/kernels/convert_float8.hpp>
#include <quantkit/kernels/convert_half.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;
    using arch = kernels::default_arch;

    /// check(x) for consecutive blocks of all floats; says so and does nothing unless it was asked for.
    template <class Check>
    void for_all_floats(Check check)
    {
        if (std::getenv("QUANTKIT_LONG_TESTS") == nullptr)
        {
            MESSAGE("SKIPPED: set QUANTKIT_LONG_TESTS=1 to run it; it takes minutes");
            return;
        }
        std::vector<float> x(std::size_t { 1 } << 16);
        for (std::uint64_t first = 0; first < float_patterns; first += x.size())
        {
            fill_patterns(x, first);
            check(x);
        }
    }

    template <class Code>
    void check_quantize()
    {
        for (const pattern_case& c : pattern_cases<Code>())
        {
            CAPTURE(c.reason);
            for_all_floats([&](const std::vector<float>& x)
                           { require_quantized<Code, arch>(x, c, half_even {}, by_reciprocal {}); });
        }
    }

    template <class Format>
    void check_float8(float8_overflow overflow)
    {
        for_all_floats(
            [&](const std::vector<float>& x)
            {
                require_definition<std::uint8_t>(
                    x,
                    [&](const float* in, std::uint8_t* out, std::size_t count)
                    { kernels::float_to_float8<Format>(in, out, count, overflow, arch {}); },
                    [&](float value) { return float_to_float8<Format>(value, overflow); });
            });
    }
}

TEST_CASE("int8 codes of all floats") { check_quantize<std::int8_t>(); }
TEST_CASE("uint8 codes of all floats") { check_quantize<std::uint8_t>(); }
TEST_CASE("int16 codes of all floats") { check_quantize<std::int16_t>(); }
TEST_CASE("int32 codes of all floats") { check_quantize<std::int32_t>(); }

TEST_CASE("all floats as binary16 and bfloat16")
{
    for_all_floats(
        [](const std::vector<float>& x)
        {
            require_definition<std::uint16_t>(
                x,
                [](const float* in, std::uint16_t* out, std::size_t count)
                { kernels::float_to_half(in, out, count, arch {}); },
                &float_to_half);
            require_definition<std::uint16_t>(
                x,
                [](const float* in, std::uint16_t* out, std::size_t count)
                { kernels::float_to_bfloat16(in, out, count, arch {}); },
                &float_to_bfloat16);
        });
}

TEST_CASE("all floats as e4m3 and e5m2")
{
    check_float8<float8_e4m3>(float8_overflow::saturate);
    check_float8<float8_e5m2>(float8_overflow::exceed);
}
