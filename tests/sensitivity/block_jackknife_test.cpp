// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/block_jackknife.hpp>

#include <quantkit/sensitivity/block_bootstrap.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace quantkit;

TEST_CASE("quantiles are those of the tables")
{
    CHECK(detail::normal_quantile(0.5) == 0.0);
    CHECK(detail::normal_quantile(0.975) == doctest::Approx(1.959964).epsilon(1e-6));
    CHECK(detail::normal_quantile(0.995) == doctest::Approx(2.575829).epsilon(1e-6));
    CHECK(detail::normal_quantile(0.9999) == doctest::Approx(3.719016).epsilon(1e-6));
    CHECK(detail::student_quantile(0.975, 3) == doctest::Approx(3.182446).epsilon(0.02));
    CHECK(detail::student_quantile(0.975, 7) == doctest::Approx(2.364624).epsilon(1e-3));
    CHECK(detail::student_quantile(0.975, 30) == doctest::Approx(2.042272).epsilon(1e-5));
}

TEST_CASE("of equal blocks it is the interval of the mean that textbooks have")
{
    test::random_bits bits(5);
    std::vector<double> errors(12);
    double mean = 0.0;
    for (double& error : errors)
    {
        error = bits.normal();
        mean += error / 12.0;
    }
    double squares = 0.0;
    for (const double error : errors)
        squares += (error - mean) * (error - mean);
    const double width = detail::student_quantile(0.95, 11) * std::sqrt(squares / 11.0 / 12.0);
    const error_interval interval = block_jackknife(std::vector<std::size_t>(12, 7), 0.9).interval(errors);
    CHECK(interval.low == doctest::Approx(mean - width));
    CHECK(interval.high == doctest::Approx(mean + width));
}

TEST_CASE("jackknife and bootstrap agree on many blocks")
{
    test::random_bits bits(6);
    std::vector<std::size_t> samples;
    std::vector<double> errors;
    for (int i = 0; i < 200; ++i)
    {
        samples.push_back(static_cast<std::size_t>(bits.integer(3, 9)));
        errors.push_back(bits.uniform());
    }
    const error_interval a = block_jackknife(samples).interval(errors);
    const error_interval b = block_bootstrap(samples).interval(errors);
    const double width = a.high - a.low;
    CHECK(std::abs(a.low - b.low) < 0.1 * width);
    CHECK(std::abs(a.high - b.high) < 0.1 * width);
}

TEST_CASE("few blocks and errors without end are known for what they are")
{
    CHECK(block_jackknife({ 4 }).interval(std::vector { 1.0 }) == unknown_interval);
    CHECK(block_jackknife({}).interval({}) == unknown_interval);
    CHECK(block_jackknife({ 4, 4 }).interval(std::vector { 1.0, std::nan("") }) == infinite_error);
    CHECK(block_jackknife({ 4, 4 }).difference(std::vector { 1.5, 2.5 }, std::vector { 1.0, 2.0 })
          == error_interval { 0.5, 0.5 });
    CHECK_THROWS_WITH_AS(block_jackknife({ 1 }, 0.0), "quantkit: a confidence lies between 0 and 1, but is 0",
                         std::invalid_argument);
}
