// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/histogram.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using qk::histogram_observer;

namespace
{
    double total(const histogram_observer& observer)
    {
        const std::vector<double>& counts = observer.histogram().counts;
        return std::accumulate(counts.begin(), counts.end(), 0.0);
    }
}

TEST_CASE("every value since the range became one is counted, whatever the batches")
{
    const std::vector<float> values = test::floats_with_outliers(4000, 1);
    for (const std::size_t size : { 10u, 333u, 4000u })
    {
        histogram_observer observer;
        for (std::size_t begin = 0; begin < values.size(); begin += size)
            observer.observe(std::span(values).subspan(begin, std::min(size, values.size() - begin)));
        CHECK(total(observer) == doctest::Approx(4000.0));
        const qk::real_range seen = qk::measured_range(values), over = observer.histogram().range;
        CHECK(over.min == seen.min);
        CHECK(over.max >= seen.max);
        CHECK(observer.range().max <= over.max);
    }
}

TEST_CASE("a range of a single value is forgotten with the next batch, as PyTorch does")
{
    histogram_observer observer;
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector<float>(5, 2.0f));
    CHECK(observer.range() == qk::real_range { 2.0f, 2.0f });
    CHECK(total(observer) == 5.0);
    observer.observe(std::vector { 5.0f, 6.0f });
    CHECK(observer.histogram().range == qk::real_range { 5.0f, 6.0f });
    CHECK(total(observer) == 2.0);
    observer.reset();
    CHECK(observer.range() == qk::nothing_observed);
    CHECK(total(observer) == 0.0);
}

TEST_CASE("the result depends on the order of the batches")
{
    const std::vector<float> small = test::normal_floats(500, 1, 0.1f), large = test::normal_floats(500, 2, 30.0f);
    histogram_observer growing, shrinking;
    growing.observe(small);
    growing.observe(large);
    shrinking.observe(large);
    shrinking.observe(small);
    CHECK(growing.histogram().range.min == shrinking.histogram().range.min);
    CHECK(growing.histogram().counts != shrinking.histogram().counts);
}

TEST_CASE("NaN and empty batches are skipped, infinities refused with the range")
{
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    histogram_observer observer;
    observer.observe(std::vector<float> {});
    observer.observe(std::vector { nan, nan });
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector { -1.0f, nan, 1.0f });
    CHECK(total(observer) == 2.0);
    CHECK_THROWS_WITH_AS(observer.observe(std::vector { 0.0f, infinity }),
                         "quantkit: a histogram needs finite values, but the range of the batch is [0, inf]",
                         std::invalid_argument);
    CHECK(total(observer) == 2.0);
}

TEST_CASE("strided batches, and one observer per parameter")
{
    const std::vector<float> values = test::normal_floats(600, 1);
    const qk::tensor_shape shape { 3, 200 };
    test::random_bits random(1);
    const test::strided_tensor<float> x(shape, test::random_strides(shape, random), values);
    qk::per_axis_observer<histogram_observer> rows { qk::per_axis { 0 }, qk::histogram_settings { .bins = 64 } };
    rows.observe(x.view());
    REQUIRE(rows.observers().size() == 3);
    for (std::size_t row = 0; row < 3; ++row)
    {
        histogram_observer alone({ .bins = 64 });
        alone.observe(std::span(values).subspan(200 * row, 200));
        CHECK(rows.observers()[row].histogram().counts == alone.histogram().counts);
        CHECK(rows.ranges()[row] == alone.range());
    }
}

TEST_CASE("settings that make no histogram are refused")
{
    CHECK_THROWS_WITH_AS(histogram_observer({ .bins = 1 }),
                         "quantkit: a histogram needs 2 bins and an upsample_rate of 1 at least, but has 1 and 128",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(histogram_observer({ .bins = 16, .upsample_rate = 0 }),
                         "quantkit: a histogram needs 2 bins and an upsample_rate of 1 at least, but has 16 and 0",
                         std::invalid_argument);
}
