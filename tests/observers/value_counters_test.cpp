// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/value_counters.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace
{
    using namespace quantkit;

    constexpr std::uint32_t page_of_one = 127;

    value_counters counters_of(const std::vector<float>& values)
    {
        value_counters counters;
        counters.count_values(values.data(), values.size(), kernels::default_arch {});
        return counters;
    }

    void require_same(const value_counters& a, const value_counters& b)
    {
        for (std::uint32_t page = 0; page < value_counters::pages; ++page)
            for (std::uint32_t bin = 0; bin < value_counters::counters_per_page; ++bin)
                if (a.count(page, bin) != b.count(page, bin))
                    FAIL("page ", page, ", bin ", bin, ": ", a.count(page, bin), " and ", b.count(page, bin));
    }
}

TEST_CASE("values are counted by their leading bits, at once and one by one")
{
    std::vector<float> values = test::floats_with_outliers(5000, 1);
    std::map<std::uint32_t, std::uint64_t> expected;
    value_counters one_by_one;
    for (const float x : values)
    {
        ++expected[std::bit_cast<std::uint32_t>(x) >> 12];
        one_by_one.count_value(x);
    }
    const value_counters at_once = counters_of(values);
    require_same(at_once, one_by_one);
    for (std::uint32_t page = 0; page < value_counters::pages; ++page)
        for (std::uint32_t bin = 0; bin < value_counters::counters_per_page; ++bin)
        {
            const auto place = expected.find(page * value_counters::counters_per_page + bin);
            if (at_once.count(page, bin) != (place == expected.end() ? 0 : place->second))
                FAIL("page ", page, ", bin ", bin, ": ", at_once.count(page, bin));
        }
}

TEST_CASE("merging adds, also what the other one has not met, and also to itself")
{
    const std::vector<float> small = test::normal_floats(2000, 2, 1e-3f), large = test::normal_floats(2000, 3, 1e3f);
    std::vector<float> all = small;
    all.insert(all.end(), large.begin(), large.end());
    value_counters merged = counters_of(small);
    merged.merge(counters_of(large));
    require_same(merged, counters_of(all));
    merged.merge({});
    merged.merge(merged);
    all.insert(all.end(), all.begin(), all.end());
    require_same(merged, counters_of(all));
}

TEST_CASE("2^32 values and more")
{
    value_counters counters = counters_of(std::vector<float>(1000, 1.0f));
    std::uint64_t expected = 1000;
    for (int doubling = 0; doubling < 30; ++doubling)
    {
        counters.merge(value_counters(counters));
        counters.count_value(1.0f);
        expected = 2 * expected + 1;
        REQUIRE(counters.count(page_of_one, 0) == expected);
    }
    const float fresh = -5.0f;
    counters.count_values(&fresh, 1, kernels::default_arch {});
    CHECK(counters.count(value_counters::sign_page + page_of_one + 2, 512) == 1);
    CHECK(counters.count(page_of_one, 0) == expected);
    CHECK(counters.without_sign().count(page_of_one, 0) == expected);
    counters.merge(counters);
    CHECK(counters.count(page_of_one, 0) == 2 * expected);
    value_counters few = counters_of({ 1.0f, 2.0f });
    few.merge(counters);
    CHECK(few.count(page_of_one, 0) == 2 * expected + 1);
}

TEST_CASE("without sign")
{
    const value_counters counters = counters_of({ -1.0f, 1.0f, -2.0f, -0.0f }).without_sign();
    CHECK(counters.count(page_of_one, 0) == 2);
    CHECK(counters.count(page_of_one + 1, 0) == 1);
    CHECK(counters.count(0, 0) == 1);
    CHECK(counters.count(value_counters::sign_page + page_of_one, 0) == 0);
}

TEST_CASE("memory is taken for pages in use only")
{
    const std::size_t page_bytes = value_counters::counters_per_page * sizeof(std::uint32_t);
    CHECK(value_counters {}.bytes() == sizeof(value_counters));
    CHECK(counters_of({ 1.0f, 1.5f }).bytes() < page_bytes + page_bytes / 2);
    CHECK(counters_of({ 1.0f, 2.0f, -1.0f }).bytes() < 5 * page_bytes);
}
