// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/training/mini_batches.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <vector>

using namespace quantkit::training;

TEST_CASE("shuffled_samples: each once; the order follows from seed and epoch alone")
{
    for (const std::size_t count : { 0u, 1u, 2u, 1000u })
    {
        std::vector<std::size_t> samples = shuffled_samples(count, 7, 3);
        CHECK(samples == shuffled_samples(count, 7, 3));
        if (count == 1000)
        {
            CHECK(samples != shuffled_samples(count, 7, 4));
            CHECK(samples != shuffled_samples(count, 8, 3));
            CHECK(samples != shuffled_samples(count, 8, 2));
        }
        std::sort(samples.begin(), samples.end());
        std::vector<std::size_t> all(count);
        std::iota(all.begin(), all.end(), std::size_t { 0 });
        CHECK(samples == all);
    }
    CHECK(shuffled_samples(6, 1, 0) == std::vector<std::size_t> { 3, 4, 5, 0, 1, 2 }); // the same on every platform
}

TEST_CASE("shuffled_samples: every order is as likely")
{
    std::vector<int> counts(6);
    for (std::size_t epoch = 0; epoch < 6000; ++epoch)
    {
        const auto order = shuffled_samples(3, 11, epoch);
        ++counts[order[0] * 2 + (order[1] > order[2] ? 1 : 0)];
    }
    for (const int count : counts) // 1000 expected, deviation 29
        CHECK(std::abs(count - 1000) < 150);
}

TEST_CASE("mini_batches: consecutive, the last one with what is left")
{
    const std::vector<std::size_t> samples { 5, 3, 1, 4, 2 };
    const mini_batches batches(samples, 2);
    REQUIRE(batches.count() == 3);
    CHECK(batches[0].size() == 2);
    CHECK(batches[1][0] == 1);
    REQUIRE(batches[2].size() == 1);
    CHECK(batches[2][0] == 2);
    CHECK(mini_batches(samples, 100)[0].size() == 5);
    CHECK(mini_batches({}, 2).count() == 0);
    CHECK_THROWS_WITH_AS(mini_batches(samples, 0), "quantkit: a batch cannot have 0 samples", std::invalid_argument);
}
