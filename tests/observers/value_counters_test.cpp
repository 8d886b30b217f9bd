// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/value_counters.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <vector>

namespace
{
    std::size_t allocations_left = std::numeric_limits<std::size_t>::max();
}

[[gnu::noinline]] void* operator new(std::size_t size)
{
    void* const memory = allocations_left == 0 ? nullptr : std::malloc(size);
    if (memory == nullptr)
        throw std::bad_alloc();
    --allocations_left;
    return memory;
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
    for (const float& x : values)
    {
        ++expected[std::bit_cast<std::uint32_t>(x) >> 12];
        one_by_one.count_values(&x, 1, kernels::default_arch {});
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
    const float one = 1.0f;
    for (int doubling = 0; doubling < 30; ++doubling)
    {
        counters.merge(value_counters(counters));
        counters.count_values(&one, 1, kernels::default_arch {});
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

TEST_CASE("values that come late, whether their neighbours are there or not, and many times")
{
    std::map<std::uint32_t, std::uint64_t> expected;
    value_counters counters;
    test::random_bits random(3);
    for (int batch = 0; batch < 300; ++batch)
    {
        // Batches wander through the exponents, with zeros and values of all sizes among them.
        std::vector<float> values =
            test::normal_floats(4000, random.next(), std::ldexp(1.0f, static_cast<int>(random.integer(-20, 20))));
        const std::vector<float> extremes = test::extreme_floats(batch % 3 == 0 ? 20 : 0, random.next());
        values.insert(values.end(), extremes.begin(), extremes.end());
        values.insert(values.begin() + 70, 500, 0.0f);
        std::erase_if(values, [](float x) { return x != x; });
        for (const float x : values)
            ++expected[std::bit_cast<std::uint32_t>(x + 0.0f) >> 12];
        counters.count_values(values.data(), values.size(), kernels::default_arch {});
    }
    for (std::uint32_t page = 0; page < value_counters::pages; ++page)
        for (std::uint32_t bin = 0; bin < value_counters::counters_per_page; ++bin)
        {
            const auto place = expected.find(page * value_counters::counters_per_page + bin);
            if (counters.count(page, bin) != (place == expected.end() ? 0 : place->second))
                FAIL("page ", page, ", bin ", bin, ": ", counters.count(page, bin));
        }
}

TEST_CASE("what memory does not suffice for changes nothing")
{
    const std::vector<float> known = test::normal_floats(300, 4), others = test::floats_with_outliers(3000, 5);
    std::vector<float> more = known;
    more.insert(more.end(), 100, 0.0f);
    more.insert(more.end(), others.begin(), others.end());
    value_counters many = counters_of(others);
    for (int doubling = 0; doubling < 32; ++doubling)
        many.merge(many);
    const auto expect_unchanged = [&](const value_counters& before, auto change)
    {
        for (std::size_t allowed = 0; allowed < 3; ++allowed)
        {
            value_counters counters = before;
            allocations_left = allowed;
            bool failed = false;
            try
            {
                change(counters);
            }
            catch (const std::bad_alloc&)
            {
                failed = true;
            }
            allocations_left = std::numeric_limits<std::size_t>::max();
            REQUIRE((failed || allowed > 0));
            if (!failed)
                continue;
            require_same(counters, before);
            change(counters); // and can be tried again
            value_counters expected = before;
            change(expected);
            require_same(counters, expected);
        }
    };
    const auto count_more = [&](value_counters& counters)
    { counters.count_values(more.data(), more.size(), kernels::default_arch {}); };
    const auto merge_many = [&](value_counters& counters) { counters.merge(many); };
    expect_unchanged({}, count_more);
    expect_unchanged(counters_of(known), count_more);
    expect_unchanged({}, merge_many);
    expect_unchanged(counters_of(known), merge_many);
}

TEST_CASE("memory is taken for pages in use only")
{
    // For 0, too.
    const std::size_t page_bytes = value_counters::counters_per_page * sizeof(std::uint32_t);
    CHECK(value_counters {}.bytes() == sizeof(value_counters));
    CHECK(counters_of({ 1.0f, 1.5f }).bytes() < 2 * page_bytes + page_bytes / 2);
    CHECK(counters_of({ 1.0f, 2.0f, -1.0f }).bytes() < 5 * page_bytes);
}
