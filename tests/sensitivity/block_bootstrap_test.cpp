// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/block_bootstrap.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;

namespace
{
    std::vector<double> normal_errors(std::size_t count, std::uint64_t seed, double mean)
    {
        test::random_bits bits(seed);
        std::vector<double> errors(count);
        for (double& error : errors)
            error = mean + bits.normal();
        return errors;
    }
}

TEST_CASE("means weigh blocks by their samples")
{
    CHECK(mean_error(std::vector { 1.0, 4.0 }, std::vector<std::size_t> { 2, 1 }) == 2.0);
    CHECK(mean_error({}, {}) == 0.0);
    CHECK(std::isinf(mean_error(std::vector { 1.0, std::nan("") }, std::vector<std::size_t> { 2, 1 })));
    CHECK_THROWS_WITH_AS(mean_error(std::vector { 1.0 }, std::vector<std::size_t> { 2, 1 }),
                         "quantkit: 1 errors do not fit 2 blocks", std::invalid_argument);
    CHECK_THROWS_WITH_AS(mean_error(std::vector { 1.0 }, std::vector<std::size_t> { 0 }),
                         "quantkit: a block of samples must not be empty", std::invalid_argument);
}

TEST_CASE("the same seed gives the same interval, whatever was asked before")
{
    const std::vector<std::size_t> samples(40, 8);
    const std::vector<double> errors = normal_errors(40, 3, 5.0);
    const block_bootstrap first(samples), second(samples);
    static_cast<void>(second.interval(normal_errors(40, 4, 1.0)));
    CHECK(first.interval(errors) == second.interval(errors));
    CHECK_FALSE(first.interval(errors) == block_bootstrap(samples, { .seed = 2 }).interval(errors));
}

TEST_CASE("intervals are as wide as theory says")
{
    // the mean of 100 values of deviation 1 has a deviation of 0.1: 95 % are within 1.96 of them
    const std::vector<std::size_t> samples(100, 1);
    double width = 0.0;
    for (std::uint64_t seed = 0; seed < 20; ++seed)
    {
        const error_interval interval = block_bootstrap(samples).interval(normal_errors(100, seed, 0.0));
        width += (interval.high - interval.low) / 20.0;
    }
    CHECK(width == doctest::Approx(2 * 1.96 * 0.1).epsilon(0.08));
}

TEST_CASE("about 95 of 100 intervals hold the true mean")
{
    const std::vector<std::size_t> samples(50, 4);
    const block_bootstrap bootstrap(samples);
    int held = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed)
    {
        const error_interval interval = bootstrap.interval(normal_errors(50, 100 + seed, 7.0));
        held += interval.low <= 7.0 && 7.0 <= interval.high;
    }
    CHECK(held >= 364); // 0.95 less 3.5 deviations of a binomial
    CHECK(held <= 395);
}

TEST_CASE("what two layers have in common cancels out of their difference")
{
    const std::vector<std::size_t> samples(30, 4);
    const std::vector<double> a = normal_errors(30, 9, 5.0);
    std::vector<double> b = a;
    for (std::size_t i = 0; i < b.size(); ++i)
        b[i] -= 0.25;
    const block_bootstrap bootstrap(samples);
    const error_interval of_a = bootstrap.interval(a), between = bootstrap.difference(a, b);
    CHECK(of_a.high - of_a.low > 0.5);
    CHECK(between.low == doctest::Approx(0.25));
    CHECK(between.high == doctest::Approx(0.25));
    CHECK(bootstrap.difference(a, a) == error_interval { 0.0, 0.0 });
    CHECK_THROWS_WITH_AS(bootstrap.difference(a, std::vector { 1.0 }),
                         "quantkit: errors of 30 and 1 blocks cannot be compared", std::invalid_argument);
}

TEST_CASE("equal errors leave no doubt, one block leaves all, and an infinite error stays infinite")
{
    const block_bootstrap three({ 5, 5, 2 });
    const error_interval equal = three.interval(std::vector { 0.5, 0.5, 0.5 });
    CHECK(equal == error_interval { 0.5, 0.5 });
    CHECK(three.interval(std::vector { 0.5, std::numeric_limits<double>::infinity(), 0.5 }) == infinite_error);
    CHECK(block_bootstrap({ 5 }).interval(std::vector { 0.5 }) == unknown_interval);
    CHECK(block_bootstrap({}).interval({}) == unknown_interval);
}

TEST_CASE("options without meaning are refused")
{
    CHECK_THROWS_WITH_AS(block_bootstrap({ 1, 1 }, { .resamples = 0 }),
                         "quantkit: a bootstrap needs at least one resample", std::invalid_argument);
    CHECK_THROWS_WITH_AS(block_bootstrap({ 1, 1 }, { .confidence = 1.0 }),
                         "quantkit: a confidence lies between 0 and 1, but is 1", std::invalid_argument);
    CHECK_THROWS_WITH_AS(block_bootstrap({ 1, 0 }), "quantkit: a block of samples must not be empty",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(block_bootstrap({ 1, 1 }).interval(std::vector { 1.0 }),
                         "quantkit: 1 errors do not fit 2 blocks", std::invalid_argument);
}
