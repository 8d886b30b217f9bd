// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/percentile.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using qk::percentile_ends;
using qk::percentile_observer;
using qk::percentile_settings;

namespace
{
    using limits = std::numeric_limits<float>;
    constexpr std::array percentiles { 0.0, 0.01, 1.0, 10.0, 33.3, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0 };

    percentile_observer observer_of(const std::vector<float>& values, percentile_settings settings = {})
    {
        percentile_observer observer(settings);
        observer.observe(values);
        return observer;
    }

    /// The definition, and the largest neighbour.
    struct expected_percentile
    {
        double value = 0, greatest_neighbour = 0;

        expected_percentile(std::vector<float> values, double p)
        {
            std::erase_if(values, [](float x) { return std::isnan(x); });
            std::sort(values.begin(), values.end());
            const double position = p / 100.0 * static_cast<double>(values.size() - 1);
            const auto below = static_cast<std::size_t>(position);
            const double a = values[below], b = values[std::min(below + 1, values.size() - 1)];
            const double share = position - std::floor(position);
            value = share < 0.5 ? a + (b - a) * share : b - (b - a) * (1.0 - share);
            greatest_neighbour = std::max(std::abs(a), std::abs(b));
        }
    };

    std::vector<float> magnitudes(std::vector<float> values)
    {
        for (float& x : values)
            x = std::abs(x);
        return values;
    }

    std::vector<std::vector<float>> distributions(std::size_t count)
    {
        std::vector<float> relu = test::normal_floats(count, 1), tiny = test::normal_floats(count, 2, 1e-39f);
        std::vector<float> cubes = test::normal_floats(count, 3);
        for (float& x : relu)
            x = std::max(x, 0.0f);
        for (float& x : cubes)
            x = x * x * x;
        return { test::normal_floats(count, 4),
                 test::floats_with_outliers(count, 5),
                 test::random_floats(count, 6, 10.0f, 20.0f),
                 test::random_floats(count, 7, -2.0f, -1.0f),
                 std::vector<float>(count, 0.7f),
                 std::vector<float>(count, -0.0f),
                 relu,
                 tiny,
                 cubes };
    }

    void require_same(const percentile_observer& a, const percentile_observer& b)
    {
        REQUIRE(a.count() == b.count());
        REQUIRE(a.is_exact() == b.is_exact());
        REQUIRE(a.range() == b.range());
        for (const double p : percentiles)
            REQUIRE(a.percentile(p) == b.percentile(p));
    }
}

TEST_CASE("up to the capacity, percentiles are exact")
{
    for (const std::size_t count : { 1u, 2u, 3u, 101u, 5000u })
        for (const std::vector<float>& values : distributions(count))
        {
            const percentile_observer observer = observer_of(values, { .exact_capacity = 5000 });
            REQUIRE(observer.is_exact());
            for (const double p : percentiles)
            {
                CHECK(observer.percentile(p) == expected_percentile(values, p).value);
                CHECK(observer.magnitude_percentile(p) == expected_percentile(magnitudes(values), p).value);
            }
        }
}

TEST_CASE("beyond it, they lie within 2^-11 of their greatest neighbour")
{
    for (const std::size_t count : { 2u, 100u, 20'000u })
        for (const std::vector<float>& values : distributions(count))
        {
            const percentile_observer observer = observer_of(values, { .exact_capacity = count - 1 });
            REQUIRE(!observer.is_exact());
            const auto check = [](double got, const expected_percentile& expected)
            {
                const double bound = std::max(0x1p-11 * expected.greatest_neighbour, 0x1p-137);
                CHECK(std::abs(got - expected.value) <= bound);
            };
            for (const double p : percentiles)
            {
                check(observer.percentile(p), { values, p });
                check(observer.magnitude_percentile(p), { magnitudes(values), p });
            }
            CHECK(observer.percentile(0.0) == expected_percentile(values, 0.0).value);
            CHECK(observer.percentile(100.0) == expected_percentile(values, 100.0).value);
        }
}

TEST_CASE("the ends of the range")
{
    std::vector<float> values;
    for (int i = -20; i <= 80; ++i)
        values.push_back(static_cast<float>(i));
    const auto range = [&](percentile_ends ends, double p)
    { return observer_of(values, { .percentile = p, .ends = ends }).range(); };
    CHECK(range(percentile_ends::both, 90.0) == qk::real_range { -10.0f, 70.0f });
    CHECK(range(percentile_ends::upper, 90.0) == qk::real_range { -20.0f, 70.0f });
    CHECK(range(percentile_ends::magnitudes, 90.0) == qk::real_range { -70.0f, 70.0f });
    CHECK(range(percentile_ends::both, 100.0) == qk::real_range { -20.0f, 80.0f });
    CHECK(range(percentile_ends::both, 50.0) == qk::real_range { 30.0f, 30.0f });
    CHECK(range(percentile_ends::magnitudes, 0.0) == qk::real_range { 0.0f, 0.0f });
}

TEST_CASE("every order, division and merge gives the same observer, exact or not")
{
    const std::size_t count = 6000;
    std::vector<float> values = test::floats_with_outliers(count, 1);
    values.insert(values.end(), { limits::quiet_NaN(), -0.0f, 0.0f, limits::infinity() });
    test::random_bits random(1);
    for (const std::size_t capacity : { std::size_t { 0 }, count / 2, count + 2, count + 3, count + 4 })
        for (int trial = 0; trial < 4; ++trial)
        {
            const percentile_settings settings { .percentile = 99.0, .exact_capacity = capacity };
            const percentile_observer whole = observer_of(values, settings);
            REQUIRE(whole.is_exact() == (capacity >= count + 3));
            for (std::size_t i = values.size(); i > 1; --i)
                std::swap(values[i - 1], values[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
            std::vector<percentile_observer> parts(3, percentile_observer(settings));
            for (std::size_t begin = 0, size = 0; begin < values.size(); begin += size)
            {
                size = std::min(static_cast<std::size_t>(random.integer(1, 3000)), values.size() - begin);
                parts[static_cast<std::size_t>(random.integer(0, 2))].observe(std::span(values).subspan(begin, size));
            }
            parts[0].merge(parts[1]);
            parts[2].merge(parts[0]);
            require_same(parts[2], whole);
        }
}

TEST_CASE("merging with itself counts everything twice")
{
    for (const std::size_t capacity : { 0u, 150u, 1000u })
    {
        const std::vector<float> values = test::normal_floats(100, 1);
        percentile_observer observer = observer_of(values, { .exact_capacity = capacity });
        observer.merge(observer);
        std::vector<float> twice = values;
        twice.insert(twice.end(), values.begin(), values.end());
        require_same(observer, observer_of(twice, { .exact_capacity = capacity }));
    }
}

TEST_CASE("strided tensors, and one observer per parameter")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 50; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random, false);
        const std::vector<float> values =
            test::normal_floats(static_cast<std::size_t>(qk::element_count(shape)), random.next());
        const test::strided_tensor<float> x(shape, test::random_strides(shape, random), values);
        percentile_observer observer({ .percentile = 90.0, .exact_capacity = 20 });
        observer.observe(x.view());
        require_same(observer, observer_of(values, observer.settings()));
    }
    const std::vector<float> rows { 1, 2, 3, -10, 0, 10 };
    qk::per_axis_observer<percentile_observer> observer { qk::per_axis { 0 },
                                                          percentile_settings { .percentile = 75 } };
    observer.observe(qk::tensor_view<const float>(rows.data(), { 2, 3 }));
    CHECK(observer.ranges() == std::vector<qk::real_range> { { 1.5f, 2.5f }, { -5.0f, 5.0f } });
}

TEST_CASE("NaN is skipped, and without values there is no range")
{
    percentile_observer observer({ .exact_capacity = 2 });
    CHECK(observer.range() == qk::nothing_observed);
    observer.observe(std::vector<float> {});
    observer.observe(std::vector(5, limits::quiet_NaN()));
    CHECK(observer.range() == qk::nothing_observed);
    CHECK(observer.is_exact());
    observer.observe(std::vector { limits::quiet_NaN(), 2.0f, limits::quiet_NaN() });
    CHECK(observer.range() == qk::real_range { 2.0f, 2.0f });
    observer.observe(std::vector { limits::quiet_NaN(), 2.0f, limits::quiet_NaN(), 2.0f });
    CHECK(observer.count() == 3);
    CHECK(observer.range() == qk::real_range { 2.0f, 2.0f });
    observer.reset();
    CHECK(observer.count() == 0);
    CHECK(observer.is_exact());
    CHECK(observer.settings().exact_capacity == 2);
}

TEST_CASE("infinities are values: few of them lie beyond the percentile, many are refused with the range")
{
    for (const std::size_t capacity : { 0u, 1000u })
    {
        std::vector<float> values = test::normal_floats(500, 1);
        values.push_back(limits::infinity());
        const percentile_observer few = observer_of(values, { .percentile = 99.0, .exact_capacity = capacity });
        CHECK(std::isfinite(few.range().max));
        CHECK(few.percentile(99.9) == std::numeric_limits<double>::infinity());
        values.insert(values.end(), 20, -limits::infinity());
        const percentile_observer many = observer_of(values, { .percentile = 99.0, .exact_capacity = capacity });
        CHECK(many.range().min == -limits::infinity());
        CHECK_THROWS_WITH_AS(qk::choose_qparams<qk::int8_full>(many.range(), qk::affine {}),
                             doctest::Contains("cannot choose qparams for the range [-inf"), std::invalid_argument);
    }
}

TEST_CASE("memory does not grow with the number of values")
{
    percentile_observer observer;
    const std::vector<float> batch = test::normal_floats(200'000, 1);
    observer.observe(batch);
    const std::size_t bytes = observer.bytes();
    CHECK(bytes < std::size_t { 1 } << 20);
    for (int i = 0; i < 20; ++i)
        observer.observe(batch);
    CHECK(observer.count() == 21 * batch.size());
    CHECK(observer.bytes() <= bytes);
}

TEST_CASE("10^9 values and more, of every sign and exponent, fit into 64 MB")
{
    std::vector<float> everything;
    for (int exponent = -149; exponent < 128; ++exponent)
        for (const float sign : { 1.0f, -1.0f })
            everything.push_back(sign * std::ldexp(1.0f, exponent));
    percentile_observer observer = observer_of(everything, { .exact_capacity = 10 });
    for (int doubling = 0; doubling < 24; ++doubling)
        observer.merge(percentile_observer(observer));
    CHECK(observer.count() > 9'000'000'000u);
    CHECK(observer.bytes() < std::size_t { 32 } << 20);
}

TEST_CASE("what is no percentile is refused")
{
    CHECK_THROWS_WITH_AS(percentile_observer({ .percentile = 49.0 }),
                         "quantkit: percentile must lie in [50, 100], but is 49", std::invalid_argument);
    CHECK_THROWS_WITH_AS(percentile_observer({ .percentile = 100.5, .ends = percentile_ends::upper }),
                         "quantkit: percentile must lie in [0, 100], but is 100.5", std::invalid_argument);
    CHECK_THROWS_WITH_AS(percentile_observer({ .percentile = std::nan("") }),
                         doctest::Contains("percentile must lie in [50, 100], but is nan"), std::invalid_argument);
    const percentile_observer observer = observer_of({ 1.0f });
    CHECK_THROWS_WITH_AS((void)observer.percentile(-1.0), "quantkit: percentiles lie in [0, 100], but this one is -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((void)percentile_observer().magnitude_percentile(10.0),
                         "quantkit: there is no percentile 10 of no values", std::invalid_argument);
    percentile_observer other({ .percentile = 99.0 });
    CHECK_THROWS_WITH_AS(other.merge(observer),
                         "quantkit: observers of the percentiles 99 and 99.99 cannot be merged, or their ends or "
                         "capacities differ",
                         std::invalid_argument);
}
