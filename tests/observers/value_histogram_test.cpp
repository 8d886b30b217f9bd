// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using qk::value_bin;
using qk::value_histogram;

namespace
{
    using limits = std::numeric_limits<float>;

    std::vector<value_bin> bins_of(const value_histogram& histogram)
    {
        std::vector<value_bin> bins;
        histogram.for_each_bin([&](const value_bin& bin) { bins.push_back(bin); });
        return bins;
    }

    value_histogram histogram_of(const std::vector<float>& values)
    {
        value_histogram histogram;
        histogram.observe(values);
        return histogram;
    }

    void require_same(const value_histogram& a, const value_histogram& b)
    {
        REQUIRE(a.count() == b.count());
        REQUIRE(a.nan_count() == b.nan_count());
        REQUIRE(a.positive_infinities() == b.positive_infinities());
        REQUIRE(a.negative_infinities() == b.negative_infinities());
        REQUIRE(a.range() == b.range());
        REQUIRE(bins_of(a) == bins_of(b));
    }

    /// Values of every size, with zeros, subnormals, infinities and NaN among them.
    std::vector<float> mixed_values(std::size_t count, std::uint64_t seed)
    {
        std::vector<float> values = test::floats_with_outliers(count, seed);
        const std::vector<float> extremes = test::extreme_floats(count / 10, seed);
        values.insert(values.end(), extremes.begin(), extremes.end());
        return values;
    }

    std::vector<float> sorted_finite(std::vector<float> values)
    {
        std::erase_if(values, [](float x) { return !std::isfinite(x); });
        std::sort(values.begin(), values.end());
        return values;
    }

    /// The definition: a bin's values agree in sign, exponent and 11 bits of mantissa, so they truncate to one number.
    double truncated(float x)
    {
        int exponent = 0;
        const double fraction = std::frexp(static_cast<double>(x), &exponent); // in [1/2, 1)
        const int step = std::max(exponent - 12, -137);                        // below 2^-126 the steps are equal
        return std::ldexp(std::trunc(std::ldexp(fraction, exponent - step)), step);
    }
}

TEST_CASE("bins hold all values of the same leading bits, in ascending order, and count them exactly")
{
    const std::vector<float> values = mixed_values(4000, 1);
    const std::vector<float> sorted = sorted_finite(values);
    const std::vector<value_bin> bins = bins_of(histogram_of(values));
    std::size_t next = 0;
    for (std::size_t i = 0; i < bins.size(); ++i)
    {
        REQUIRE(bins[i].count > 0);
        REQUIRE(next + bins[i].count <= sorted.size());
        REQUIRE((i == 0 || bins[i - 1].upper <= bins[i].lower));
        const double number = truncated(sorted[next]);
        for (std::uint64_t j = 0; j < bins[i].count; ++j, ++next)
        {
            const auto x = static_cast<double>(sorted[next]);
            REQUIRE((bins[i].lower <= x && x <= bins[i].upper));
            REQUIRE(truncated(sorted[next]) == number);
            REQUIRE(bins[i].upper - bins[i].lower
                    <= std::max(value_histogram::relative_width * std::abs(x), std::ldexp(1.0, -137)));
        }
        const bool another_bin_follows = next == sorted.size() || truncated(sorted[next]) != number
                                         || (sorted[next - 1] < 0.0f) != (sorted[next] < 0.0f);
        REQUIRE(another_bin_follows);
    }
    CHECK(next == sorted.size());
}

TEST_CASE("edges are where the format says, the outermost ones where the data end")
{
    const std::vector<float> values { -2.0f, 1.0f, 1.0f, 1.0004f, 1.0005f, 3.0f };
    const std::vector<value_bin> expected {
        { -2.0, -2.0, 1 }, { 1.0, 1.0 + 0x1p-11, 3 }, { 1.0 + 0x1p-11, 1.0 + 0x1p-10, 1 }, { 3.0, 3.0, 1 }
    };
    CHECK(bins_of(histogram_of(values)) == expected);
    CHECK(bins_of(histogram_of({ 1.0f, limits::max(), limits::infinity() })).at(1)
          == value_bin { 0x1.ffep127, 0x1p128, 1 });
    CHECK(bins_of(histogram_of({ -1.0f, -0.0f, 0.0f, 1.0f })).at(1) == value_bin { 0.0, 0x1p-137, 2 });
}

TEST_CASE("NaN and infinities are counted apart")
{
    const value_histogram histogram =
        histogram_of({ limits::infinity(), -limits::infinity(), limits::infinity(), limits::quiet_NaN(), 1.0f });
    CHECK(histogram.count() == 4);
    CHECK(histogram.nan_count() == 1);
    CHECK(histogram.positive_infinities() == 2);
    CHECK(histogram.negative_infinities() == 1);
    CHECK(histogram.range() == qk::real_range { -limits::infinity(), limits::infinity() });
    CHECK(bins_of(histogram) == std::vector<value_bin> { { 1.0, 1.0 + 0x1p-11, 1 } });
    const value_histogram missing = histogram_of({ limits::quiet_NaN() });
    CHECK(missing.count() == 0);
    CHECK(missing.range() == qk::nothing_observed);
    CHECK(bins_of(missing).empty());
}

TEST_CASE("the range is a minmax_observer's")
{
    for (std::uint64_t seed = 0; seed < 20; ++seed)
    {
        const std::vector<float> values = seed % 2 == 0 ? mixed_values(5000, seed) : test::normal_floats(5000, seed);
        CHECK(histogram_of(values).range() == qk::measured_range(values));
    }
}

TEST_CASE("every division, order and merge of the data gives the same histogram")
{
    std::vector<float> values = mixed_values(30'000, 3);
    const value_histogram whole = histogram_of(values);
    test::random_bits random(1);
    for (int trial = 0; trial < 5; ++trial)
    {
        for (std::size_t i = values.size(); i > 1; --i)
            std::swap(values[i - 1], values[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
        std::vector<value_histogram> parts(3);
        for (std::size_t begin = 0, size = 0; begin < values.size(); begin += size)
        {
            size = std::min(static_cast<std::size_t>(random.integer(1, 9000)), values.size() - begin);
            parts[static_cast<std::size_t>(random.integer(0, 2))].observe(std::span(values).subspan(begin, size));
        }
        parts[1].merge(parts[trial % 2 == 0 ? 0 : 2]);
        parts[trial % 2 == 0 ? 2 : 0].merge(parts[1]);
        require_same(parts[trial % 2 == 0 ? 2 : 0], whole);
    }
}

TEST_CASE("a strided tensor has the same histogram, and so has each part of a granular observer")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 30; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random, false);
        const std::vector<float> values =
            test::normal_floats(static_cast<std::size_t>(qk::element_count(shape)), random.next());
        const test::strided_tensor<float> x(shape, test::random_strides(shape, random), values);
        value_histogram histogram;
        histogram.observe(x.view());
        require_same(histogram, histogram_of(values));
        test::for_each_granularity(
            shape, random,
            [&](auto granularity)
            {
                qk::granular_observer<value_histogram, decltype(granularity)> observer { granularity };
                observer.observe(x.view());
                value_histogram united;
                for (const value_histogram& part : observer.observers())
                    united.merge(part);
                require_same(united, histogram);
                REQUIRE(observer.ranges() == qk::measured_ranges(x.view(), granularity));
            });
    }
}

TEST_CASE("more than 2^32 values of one bin")
{
    value_histogram histogram = histogram_of(std::vector<float>(1000, 1.0f));
    for (int doubling = 0; doubling < 30; ++doubling)
        histogram.merge(value_histogram(histogram));
    histogram.observe(std::vector { 1.0f, -5.0f });
    constexpr std::uint64_t expected = (std::uint64_t { 1000 } << 30) + 1;
    CHECK(histogram.count() == expected + 1);
    CHECK(histogram.bin_of_rank(0) == value_bin { -5.0, -5.0, 1 });
    CHECK(histogram.bin_of_rank(expected) == value_bin { 1.0, 1.0, expected });
    CHECK(histogram.magnitudes().bin_of_rank(expected - 1).count == expected);
    histogram.merge(histogram);
    CHECK(histogram.count() == 2 * expected + 2);
    CHECK(histogram.bin_of_rank(2).count == 2 * expected);
}

TEST_CASE("the order statistic of every rank lies in its bin")
{
    std::vector<float> values = mixed_values(3000, 4);
    const value_histogram histogram = histogram_of(values);
    std::erase_if(values, [](float x) { return std::isnan(x); });
    std::sort(values.begin(), values.end());
    REQUIRE(histogram.count() == values.size());
    for (std::size_t rank = 0; rank < values.size(); rank += 97)
    {
        const value_bin bin = histogram.bin_of_rank(rank);
        const auto x = static_cast<double>(values[rank]);
        REQUIRE((bin.lower <= x && x <= bin.upper));
        const double estimate = histogram.value_of_rank(rank);
        REQUIRE((bin.lower <= estimate && estimate <= bin.upper));
    }
    CHECK(histogram.bin_of_rank(0).upper == -std::numeric_limits<double>::infinity());
    CHECK(histogram.bin_of_rank(values.size() - 1).lower == std::numeric_limits<double>::infinity());
    CHECK(histogram.value_of_rank(values.size() - 1) == std::numeric_limits<double>::infinity());
    CHECK_THROWS_WITH_AS((void)histogram.bin_of_rank(values.size()),
                         doctest::Contains("quantkit: there is no value of rank "), std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)value_histogram {}.bin_of_rank(0), "quantkit: there is no value of rank 0 among 0",
                         std::invalid_argument);
}

TEST_CASE("values of a bin are estimated as if they were spread evenly")
{
    const value_histogram histogram = histogram_of({ 0.5f, 1.0f, 1.0f, 1.0f, 1.0f, 2.0f });
    CHECK(histogram.value_of_rank(0) == 0.5);
    for (std::uint64_t rank = 1; rank < 5; ++rank)
        CHECK(histogram.value_of_rank(rank) == 1.0 + 0x1p-11 * (static_cast<double>(rank) - 0.5) / 4.0);
    CHECK(histogram.value_of_rank(5) == 2.0);
}

TEST_CASE("one value at a time")
{
    const std::vector<float> values = mixed_values(2000, 8);
    value_histogram histogram;
    for (const float x : values)
        histogram.observe(std::vector { x });
    require_same(histogram, histogram_of(values));
}

TEST_CASE("magnitudes")
{
    const std::vector<float> values = mixed_values(20'000, 5);
    std::vector<float> absolute = values;
    for (float& x : absolute)
        x = std::abs(x);
    const value_histogram folded = histogram_of(values).magnitudes(), expected = histogram_of(absolute);
    CHECK(folded.count() == expected.count());
    CHECK(folded.nan_count() == expected.nan_count());
    CHECK(folded.positive_infinities() == expected.positive_infinities());
    CHECK(folded.range().max == expected.range().max);
    CHECK(bins_of(folded) == bins_of(expected));

    CHECK(histogram_of({ -3.0f, -2.0f }).magnitudes().range() == qk::real_range { 2.0f, 3.0f });
    CHECK(histogram_of({ 2.0f, 3.0f }).magnitudes().range() == qk::real_range { 2.0f, 3.0f });
    CHECK(histogram_of({ -2.0f, 3.0f }).magnitudes().range() == qk::real_range { 2.0f, 3.0f });
    CHECK(histogram_of({ -2.0001f, 3.0f }).magnitudes().range() == qk::real_range { 2.0f, 3.0f });
    CHECK(histogram_of({ -2.0f, 0.0f, 3.0f }).magnitudes().range() == qk::real_range { 0.0f, 3.0f });
    CHECK(histogram_of({ -limits::infinity(), limits::infinity() }).magnitudes().range().min == limits::infinity());
    CHECK(value_histogram {}.magnitudes().range() == qk::nothing_observed);
}

TEST_CASE("rebinned: a bin's count is spread evenly, and none is lost inside the range")
{
    const std::vector<float> values { -1.0f, 0.25f, 0.25f, 0.75f, 2.0f };
    const value_histogram histogram = histogram_of(values);
    CHECK(histogram.rebinned(3, -1.0, 2.0) == std::vector<double> { 1, 3, 1 });
    CHECK(histogram.rebinned(2, 0.0, 1.0) == std::vector<double> { 2, 1 });
    CHECK(histogram.rebinned(1, 5.0, 6.0) == std::vector<double> { 0 });
    CHECK(histogram_of({ 1.0f, 1.0f }).rebinned(4, 0.0, 1.0) == std::vector<double> { 0, 0, 0, 2 });
    // The value_bin [1, 1 + 2^-11] across the edge between two bins, and partly outside.
    const value_histogram one = histogram_of({ 0.0f, 1.0f, 1.0f, 1.0f, 1.0f, 2.0f });
    CHECK(one.rebinned(2, 1.0 - 0x1p-12, 1.0 + 0x3p-12).at(0) == doctest::Approx(2.0));
    CHECK(one.rebinned(4, 1.0, 1.0 + 0x1p-11) == std::vector<double> { 1, 1, 1, 1 });
    CHECK(one.rebinned(1, 1.0 + 0x1p-13, 1.5).at(0) == doctest::Approx(3.0));

    const std::vector<float> many = test::normal_floats(100'000, 6);
    const qk::real_range range = qk::measured_range(many);
    const auto low = static_cast<double>(range.min), high = static_cast<double>(range.max);
    const std::vector<double> counts = histogram_of(many).rebinned(128, low, high);
    CHECK(std::accumulate(counts.begin(), counts.end(), 0.0) == doctest::Approx(100'000.0));
    std::vector<double> exact(128);
    for (const float x : many)
        exact[std::min(static_cast<std::size_t>((static_cast<double>(x) - low) / (high - low) * 128.0),
                       std::size_t { 127 })] += 1.0;
    double moved = 0.0;
    for (std::size_t i = 0; i < exact.size(); ++i)
        moved += std::abs(exact[i] - counts[i]);
    CHECK(moved < 0.01 * 100'000.0); // a value moves by at most 2^-11 of itself, a fiftieth of a bin
}

TEST_CASE("rebinned: what makes no bins is refused")
{
    const value_histogram histogram;
    CHECK(histogram.rebinned(2, 0.0, 1.0) == std::vector<double> { 0, 0 });
    CHECK_THROWS_WITH_AS((void)histogram.rebinned(0, 0.0, 1.0), "quantkit: cannot count in 0 bins from 0 to 1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)histogram.rebinned(2, 1.0, 1.0), "quantkit: cannot count in 2 bins from 1 to 1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)histogram.rebinned(2, 0.0, std::numeric_limits<double>::infinity()),
                         "quantkit: cannot count in 2 bins from 0 to inf", std::invalid_argument);
}

TEST_CASE("reset, and copies are apart")
{
    value_histogram histogram = histogram_of({ 1.0f, 2.0f });
    value_histogram copy = histogram;
    histogram.observe(std::vector { 3.0f });
    CHECK(copy.count() == 2);
    copy.reset();
    require_same(copy, {});
    CHECK(histogram.count() == 3);
}

TEST_CASE("memory depends on the exponents seen, not on the number of values")
{
    value_histogram histogram = histogram_of(test::normal_floats(100'000, 7));
    const std::size_t bytes = histogram.bytes();
    CHECK(bytes < 1 << 20);
    for (int i = 0; i < 10; ++i)
        histogram.observe(test::normal_floats(100'000, 7));
    CHECK(histogram.bytes() <= bytes);

    std::vector<float> everything;
    for (int exponent = -149; exponent < 128; ++exponent)
        for (const float sign : { 1.0f, -1.0f })
            everything.push_back(sign * std::ldexp(1.0f, exponent));
    everything.insert(everything.end(), { limits::infinity(), -limits::infinity() });
    CHECK(histogram_of(everything).bytes() <= std::size_t { 8 } << 20);
}
