// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/count_values.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using limits = std::numeric_limits<float>;
    constexpr std::size_t block = kernels::detail::counted_block;
    constexpr std::size_t all_counters = std::size_t { kernels::counter_pages } * kernels::counters_per_page;

    /// The pattern's upper 20 bits; NaN is wherever it is in the second half of a page.
    std::size_t expected_counter(float x)
    {
        const float value = x == 0.0f ? 0.0f : x;
        return std::bit_cast<std::uint32_t>(value) / 4096;
    }

    /// Pages in any order, behind one of another owner; the windows are what a test says.
    struct counter_table
    {
        std::uint32_t seed;
        std::array<std::uint32_t, kernels::counter_pages> offsets {};
        std::vector<std::uint32_t> counters = std::vector<std::uint32_t>(first_page + all_counters);
        kernels::counter_window positive {}, negative {};

        static constexpr std::uint32_t first_page = kernels::zero_counters + kernels::counters_per_page;

        /// The order is 0, 1, ... with seed 0.
        explicit counter_table(std::uint32_t order)
            : seed(order)
        {
            for (std::uint32_t page = 0; page < kernels::counter_pages; ++page)
                offsets[page] = place_of(page) - page * kernels::counters_per_page;
        }

        std::uint32_t place_of(std::uint32_t page) const
        {
            return first_page + (page ^ seed) * kernels::counters_per_page;
        }

        /// All values from low to high, which must be in neighbouring pages here.
        kernels::counter_window window(float low, float high) const
        {
            const auto first = static_cast<std::int32_t>(expected_counter(low));
            return { first, static_cast<std::int32_t>(expected_counter(high)),
                     static_cast<std::int32_t>(offsets[expected_counter(low) / kernels::counters_per_page]) };
        }

        /// The counters by their numbers.
        std::vector<std::uint32_t> in_order() const
        {
            std::vector<std::uint32_t> sorted;
            for (std::uint32_t page = 0; page < kernels::counter_pages; ++page)
            {
                const auto first = counters.begin() + static_cast<std::ptrdiff_t>(place_of(page));
                sorted.insert(sorted.end(), first, first + kernels::counters_per_page);
            }
            sorted[0] += std::accumulate(counters.begin(), counters.begin() + kernels::zero_counters, 0u);
            return sorted;
        }

        bool left_other_page_alone() const
        {
            return std::all_of(counters.begin() + kernels::zero_counters, counters.begin() + first_page,
                               [](std::uint32_t count) { return count == 0; });
        }
    };

    template <class Arch>
    kernels::counted_values count_all(const float* x, std::size_t count, counter_table& table)
    {
        const kernels::counter_layout layout { table.offsets.data(), table.positive, table.negative };
        return kernels::count_values(x, count, layout, table.counters.data(), Arch {});
    }

    /// Counts values of every number, with guard pages around them, as the definition does.
    template <class Arch>
    void require_counted(counter_table table, bool with_extremes)
    {
        std::vector<std::uint32_t> expected(all_counters);
        for (const std::size_t count : counts_to_test())
        {
            std::vector<float> values = with_extremes ? extreme_floats(count, count) : normal_floats(count, count);
            std::erase_if(values, [](float x) { return std::isnan(x); });
            for (std::size_t i = 0; i < values.size(); i += 7)
                values[i] = i % 2 == 0 ? 0.0f : -0.0f;
            for (const float value : values)
                ++expected[expected_counter(value)];
            const guarded_buffer<float> x(values, count % 4 < 2 ? guard_page::after : guard_page::before);
            REQUIRE(count_all<Arch>(x.data(), x.size(), table).count == x.size());
        }
        require_equal(table.in_order(), expected);
        CHECK(table.left_other_page_alone());
    }
}

TEST_CASE_TEMPLATE_DEFINE("every count, up against guard pages", Arch, counts)
{
    for (const bool with_extremes : { false, true })
    {
        counter_table table(0);
        require_counted<Arch>(table, with_extremes); // no windows
        table.positive = table.window(0x1p-8f, 3.0f);
        require_counted<Arch>(table, with_extremes); // one
        table.negative = table.window(-0x1p-12f, -1.5f);
        require_counted<Arch>(table, with_extremes);
        table.positive = table.window(limits::denorm_min(), limits::infinity());
        table.negative = table.window(-limits::denorm_min(), -limits::infinity());
        require_counted<Arch>(table, with_extremes); // all values are in them
        counter_table mixed(37);
        mixed.positive = mixed.window(1.0f, 1.99f);
        require_counted<Arch>(mixed, with_extremes);
    }
}

TEST_CASE_TEMPLATE_DEFINE("zeros share a number, NaN and infinity do not", Arch, special_values)
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
    std::vector<float> x;
    for (int i = 0; i < 64; ++i)
        x.insert(x.end(), values.begin(), values.end());
    for (const bool in_windows : { false, true })
    {
        counter_table table(0);
        if (in_windows)
        {
            table.positive = { 0, 0x7ffff, static_cast<std::int32_t>(table.offsets[0]) };
            table.negative = { 0x80000, 0xfffff, static_cast<std::int32_t>(table.offsets[0]) };
        }
        const kernels::counted_values counted = count_all<Arch>(x.data(), x.size(), table);
        REQUIRE(counted.count == x.size());
        CHECK(counted.looked_up == (in_windows || !kernels::has_counter_windows<Arch>() ? 0 : x.size()));
        const std::vector<std::uint32_t> counts = table.in_order();
        CHECK(counts[0] == 64 * 3); // both zeros and the least subnormal
        CHECK(counts[0x80000] == 64);
        CHECK(counts[0x7f800] == 64);
        CHECK(counts[0xff800] == 64);
        std::uint32_t nans = 0;
        for (std::size_t bin = 1; bin < kernels::counters_per_page; ++bin)
            nans += counts[0x7f800 + bin] + counts[0xff800 + bin];
        CHECK(nans == 64 * 3);
    }
}

TEST_CASE_TEMPLATE_DEFINE("it stops at the first value that has no counter, wherever it is", Arch, absent_pages)
{
    counter_table table(5);
    table.offsets[expected_counter(-3.0f) / kernels::counters_per_page] = kernels::no_counters;
    table.positive = table.window(1.0f, 1.99f);
    std::vector<std::uint32_t> expected(all_counters);
    for (std::size_t place = 0; place < 200; ++place)
    {
        std::vector<float> x(200, 1.5f);
        x[place] = -3.0f;
        const kernels::counted_values counted = count_all<Arch>(x.data(), x.size(), table);
        REQUIRE(counted.count == place);
        // Whole blocks before it are in the window.
        REQUIRE(counted.looked_up == (kernels::has_counter_windows<Arch>() ? place % block : 0));
        expected[expected_counter(1.5f)] += static_cast<std::uint32_t>(place);
        if (place % 64 == 3)
            require_equal(table.in_order(), expected);
    }
}

TEST_CASE_TEMPLATE_DEFINE("the windows' edges", Arch, window_edges)
{
    counter_table table(0);
    table.positive = table.window(1.0f, 7.9999f);
    table.negative = table.window(-2.0f, -3.9999f);
    for (const float inside : { 1.0f, 7.9999f, -2.0f, -3.9999f, 0.0f, -0.0f })
        CHECK(count_all<Arch>(std::vector<float>(block, inside).data(), block, table).looked_up == 0);
    for (const float outside : { 0.9999f, 8.0f, -1.9999f, -4.0f, -1.0f, -7.0f, limits::min(), limits::max(),
                                 -limits::denorm_min(), limits::lowest(), limits::infinity(), limits::quiet_NaN() })
        for (std::size_t place = 0; place < block; ++place)
        {
            std::vector<float> x(block, 1.0f);
            x[place] = outside;
            REQUIRE(count_all<Arch>(x.data(), x.size(), table).looked_up
                    == (kernels::has_counter_windows<Arch>() ? block : 0));
        }
}

TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(special_values, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(absent_pages, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(window_edges, compiled_archs);
