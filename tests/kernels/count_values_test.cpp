// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/count_values.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using limits = std::numeric_limits<float>;
    constexpr std::size_t all_counters = std::size_t { kernels::counter_pages } * kernels::counters_per_page;

    /// The pattern's upper 20 bits; NaN is wherever it is in the second half of a page.
    std::size_t expected_counter(float x)
    {
        const float value = x == 0.0f ? 0.0f : x;
        return std::bit_cast<std::uint32_t>(value) / 4096;
    }

    /// Pages in any order, with one of another owner before them.
    struct counter_table
    {
        std::array<std::uint32_t, kernels::counter_pages> offsets {};
        std::vector<std::uint32_t> counters = std::vector<std::uint32_t>(all_counters + kernels::counters_per_page);

        explicit counter_table(std::uint64_t seed)
        {
            for (std::uint32_t page = 0; page < kernels::counter_pages; ++page)
                offsets[page] = place_of(page, seed) * kernels::counters_per_page - page * kernels::counters_per_page;
        }

        static std::uint32_t place_of(std::uint32_t page, std::uint64_t seed)
        {
            return 1 + (page ^ static_cast<std::uint32_t>(seed % kernels::counter_pages));
        }

        std::uint32_t count_of(float x, std::uint64_t seed) const
        {
            const auto counter = static_cast<std::uint32_t>(expected_counter(x));
            const std::uint32_t page = counter / kernels::counters_per_page, bin = counter % kernels::counters_per_page;
            return counters[std::size_t { place_of(page, seed) } * kernels::counters_per_page + bin];
        }

        std::vector<std::uint32_t> in_order(std::uint64_t seed) const
        {
            std::vector<std::uint32_t> sorted;
            for (std::uint32_t page = 0; page < kernels::counter_pages; ++page)
            {
                const auto first =
                    counters.begin() + std::ptrdiff_t { place_of(page, seed) } * kernels::counters_per_page;
                sorted.insert(sorted.end(), first, first + kernels::counters_per_page);
            }
            return sorted;
        }
    };

    template <class Arch>
    std::size_t count_all(const float* x, std::size_t count, counter_table& table)
    {
        return kernels::count_values(x, count, table.offsets.data(), table.counters.data(), Arch {});
    }
}

TEST_CASE_TEMPLATE_DEFINE("every count, up against guard pages", Arch, counts)
{
    counter_table table(37);
    std::vector<std::uint32_t> expected(all_counters);
    for (const std::size_t count : counts_to_test())
    {
        std::vector<float> values = count % 2 == 0 ? extreme_floats(count, count) : normal_floats(count, count);
        std::erase_if(values, [](float x) { return std::isnan(x); });
        for (const float value : values)
            ++expected[expected_counter(value)];
        const guarded_buffer<float> x(values, count % 4 < 2 ? guard_page::after : guard_page::before);
        REQUIRE(count_all<Arch>(x.data(), x.size(), table) == x.size());
    }
    require_equal(table.in_order(37), expected);
}

TEST_CASE_TEMPLATE_DEFINE("zeros share a counter, NaN and infinity do not", Arch, special_values)
{
    const float signalling = std::bit_cast<float>(0x7f800001u), negative_signalling = std::bit_cast<float>(0xff800001u);
    const std::vector<float> values { 0.0f,
                                      -0.0f,
                                      limits::denorm_min(),
                                      -limits::denorm_min(),
                                      limits::infinity(),
                                      -limits::infinity(),
                                      limits::quiet_NaN(),
                                      signalling,
                                      negative_signalling };
    counter_table table(0);
    REQUIRE(count_all<Arch>(values.data(), values.size(), table) == values.size());
    const std::vector<std::uint32_t> counts = table.in_order(0);
    CHECK(counts[0] == 3); // both zeros and the least subnormal
    CHECK(counts[0x80000] == 1);
    CHECK(counts[0x7f800] == 1);
    CHECK(counts[0xff800] == 1);
    std::uint32_t nans = 0;
    for (std::size_t bin = 1; bin < kernels::counters_per_page; ++bin)
        nans += counts[0x7f800 + bin] + counts[0xff800 + bin];
    CHECK(nans == 3);
}

TEST_CASE_TEMPLATE_DEFINE("it stops shortly before the first value that has no counters, wherever it is", Arch,
                          absent_pages)
{
    counter_table table(5);
    table.offsets[expected_counter(-3.0f) / kernels::counters_per_page] = kernels::no_counters;
    std::uint32_t before = 0;
    for (std::size_t place = 0; place < 200; ++place)
    {
        std::vector<float> x(200, 1.5f);
        x[place] = -3.0f;
        const std::size_t counted = count_all<Arch>(x.data(), x.size(), table);
        REQUIRE(counted <= place);
        REQUIRE(place - counted < kernels::counted_together);
        REQUIRE(table.count_of(1.5f, 5) == before + counted);
        before += static_cast<std::uint32_t>(counted);
    }
}

TEST_CASE_TEMPLATE_APPLY(counts, kernels::compiled_archs);
TEST_CASE_TEMPLATE_APPLY(special_values, kernels::compiled_archs);
TEST_CASE_TEMPLATE_APPLY(absent_pages, kernels::compiled_archs);
