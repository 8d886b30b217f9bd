// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/convert_half.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    std::vector<std::uint16_t> all_patterns()
    {
        std::vector<std::uint16_t> patterns(65536);
        std::iota(patterns.begin(), patterns.end(), std::uint16_t { 0 });
        return patterns;
    }

    /// Around every value that 16 bits can hold, by the definition that reads them: the value, its neighbours, the tie
    /// with the next value and the neighbours of the tie; NaNs with low and high payloads among them. Then any bits.
    template <class Definition>
    std::vector<float> floats_around(Definition value_of)
    {
        std::vector<float> x;
        for (const std::uint16_t pattern : all_patterns())
        {
            const std::uint32_t bits = std::bit_cast<std::uint32_t>(value_of(pattern));
            const auto next = std::bit_cast<std::uint32_t>(value_of(static_cast<std::uint16_t>(pattern + 1)));
            const std::uint32_t tie = bits + (next - bits) / 2;
            for (const std::uint32_t near : { bits - 1, bits, bits + 1, tie - 1, tie, tie + 1 })
                x.push_back(std::bit_cast<float>(near));
        }
        for (std::uint64_t word = 0; word < (std::uint64_t { 1 } << 32); word += 4093)
            x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(word)));
        return x;
    }

    template <class T>
    std::span<const T> part_of(const std::vector<T>& values, std::size_t first, std::size_t count)
    {
        return std::span<const T>(values).subspan(first, count);
    }

    template <class Arch>
    void check_to_float(void (*convert)(const std::uint16_t*, float*, std::size_t, Arch) noexcept,
                        float (*definition)(std::uint16_t))
    {
        const std::vector<std::uint16_t> patterns = all_patterns();
        std::vector<float> x(patterns.size()), expected(patterns.size());
        for (std::size_t i = 0; i < patterns.size(); ++i)
            expected[i] = definition(patterns[i]);
        convert(patterns.data(), x.data(), x.size(), Arch {});
        require_equal(x, expected);

        for (const std::size_t count : counts_to_test())
            for (const guard_page side : { guard_page::after, guard_page::before })
            {
                CAPTURE(count);
                const std::size_t first = 31'000 % (patterns.size() - count);
                const guarded_buffer<std::uint16_t> in(part_of(patterns, first, count), side);
                guarded_buffer<float> out(count, side);
                convert(in.data(), out.data(), count, Arch {});
                require_equal(out, part_of(expected, first, count));
            }
    }

    template <class Arch>
    void check_from_float(void (*convert)(const float*, std::uint16_t*, std::size_t, Arch) noexcept,
                          std::uint16_t (*definition)(float), float (*value_of)(std::uint16_t))
    {
        const std::vector<float> x = floats_around(value_of);
        std::vector<std::uint16_t> patterns(x.size()), expected(x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            expected[i] = definition(x[i]);
        convert(x.data(), patterns.data(), x.size(), Arch {});
        require_equal(patterns, expected);

        for (const std::size_t count : counts_to_test())
            for (const guard_page side : { guard_page::after, guard_page::before })
            {
                CAPTURE(count);
                const guarded_buffer<float> in(part_of(x, 180'000, count), side);
                guarded_buffer<std::uint16_t> out(count, side);
                convert(in.data(), out.data(), count, Arch {});
                require_equal(out, part_of(expected, 180'000, count));
            }
    }
}

TEST_CASE_TEMPLATE_DEFINE("binary16 to float and back has the bits of core's definition", Arch, half)
{
    check_to_float<Arch>(&kernels::half_to_float<Arch>, &half_to_float);
    check_from_float<Arch>(&kernels::float_to_half<Arch>, &float_to_half, &half_to_float);
}

TEST_CASE_TEMPLATE_DEFINE("bfloat16 to float and back has the bits of core's definition", Arch, bfloat16)
{
    check_to_float<Arch>(&kernels::bfloat16_to_float<Arch>, &bfloat16_to_float);
    check_from_float<Arch>(&kernels::float_to_bfloat16<Arch>, &float_to_bfloat16, &bfloat16_to_float);
}

TEST_CASE_TEMPLATE_APPLY(half, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(bfloat16, compiled_archs);
