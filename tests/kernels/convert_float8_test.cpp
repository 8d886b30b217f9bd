// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/convert_float8.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    /// Each pattern, over and over, so that every one comes at every place of a batch.
    std::vector<std::uint8_t> patterns(std::size_t count)
    {
        std::vector<std::uint8_t> patterns(count);
        for (std::size_t i = 0; i < count; ++i)
            patterns[i] = static_cast<std::uint8_t>(i * 37);
        return patterns;
    }

    /// Around every value and every tie, of both signs; then every exponent and NaN with any mantissa.
    template <class Format>
    std::vector<float> interesting_floats()
    {
        std::vector<float> x;
        for (unsigned pattern = 0; pattern <= 0xff; ++pattern)
        {
            const auto bits = std::bit_cast<std::uint32_t>(float8_to_float<Format>(static_cast<std::uint8_t>(pattern)));
            const std::uint32_t half_a_step = 1u << (22 - Format::mantissa_bits);
            for (const std::uint32_t near : { bits, bits + half_a_step })
                for (const std::uint32_t word : { near - 1, near, near + 1 })
                    x.push_back(std::bit_cast<float>(word));
        }
        for (std::uint64_t word = 0; word < (std::uint64_t { 1 } << 32); word += 40'933)
            x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
        return x;
    }

    template <class Format, class Arch>
    void check_to_float(std::size_t count, guard_page side)
    {
        const guarded_buffer<std::uint8_t> in(patterns(count), side);
        guarded_buffer<float> out(count, side);
        kernels::float8_to_float<Format>(in.data(), out.data(), count, Arch {});
        std::vector<float> expected;
        for (const std::uint8_t pattern : in)
            expected.push_back(float8_to_float<Format>(pattern));
        require_equal(out, expected);
    }

    template <class Format, class Arch>
    void check_from_float(std::span<const float> values, float8_overflow overflow, guard_page side)
    {
        const guarded_buffer<float> in(values, side);
        guarded_buffer<std::uint8_t> out(values.size(), side);
        kernels::float_to_float8<Format>(in.data(), out.data(), values.size(), overflow, Arch {});
        std::vector<std::uint8_t> expected;
        for (const float value : values)
            expected.push_back(float_to_float8<Format>(value, overflow));
        require_equal(out, expected);
    }

    template <class Format, class Arch>
    void check_both_ways()
    {
        const std::vector<float> x = interesting_floats<Format>();
        for (const auto overflow : { float8_overflow::saturate, float8_overflow::exceed })
        {
            check_from_float<Format, Arch>(x, overflow, guard_page::after);
            for (const std::size_t count : counts_to_test())
                for (const guard_page side : { guard_page::after, guard_page::before })
                {
                    check_to_float<Format, Arch>(count, side);
                    check_from_float<Format, Arch>(std::span(x).subspan(777, count), overflow, side);
                }
        }
    }
}

TEST_CASE_TEMPLATE_DEFINE("e4m3 to float and back has the bits of core's definition", Arch, e4m3)
{
    check_both_ways<float8_e4m3, Arch>();
}

TEST_CASE_TEMPLATE_DEFINE("e5m2 to float and back has the bits of core's definition", Arch, e5m2)
{
    check_both_ways<float8_e5m2, Arch>();
}

TEST_CASE_TEMPLATE_APPLY(e4m3, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(e5m2, compiled_archs);
