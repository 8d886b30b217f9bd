// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/aciq.hpp>

#include "support/calibration_data.hpp"
#include "support/observer_divisions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using limits = std::numeric_limits<float>;

namespace
{
    qk::value_moments exact_moments(const std::vector<float>& values)
    {
        const auto count = static_cast<double>(values.size());
        double sum = 0.0, squares = 0.0, distances = 0.0;
        for (const float value : values)
            sum += static_cast<double>(value);
        for (const float value : values)
        {
            const double distance = static_cast<double>(value) - sum / count;
            distances += std::abs(distance);
            squares += distance * distance;
        }
        return { sum / count, std::sqrt(squares / count), distances / count };
    }

    qk::aciq_observer observed(qk::aciq_observer observer, const std::vector<float>& values)
    {
        observer.observe(values);
        return observer;
    }
}

TEST_CASE("mean, sigma and b are off by 2^-12 of the root mean square at most")
{
    for (const test::named_data& data : test::calibration_data(3000, 1))
    {
        CAPTURE(data.name);
        const qk::value_moments exact = exact_moments(data.values);
        const qk::value_moments moments = observed({}, data.values).moments();
        // A value moves by 2^-12 of it, and the mean that it is measured from does, too; zeros and constants not at
        // all.
        const double bound = 0x1p-12 * std::hypot(exact.mean, exact.deviation);
        CHECK(std::abs(moments.mean - exact.mean) <= bound);
        CHECK(std::abs(moments.deviation - exact.deviation) <= bound);
        CHECK(std::abs(moments.absolute_deviation - exact.absolute_deviation) <= 2.0 * bound);
    }
}

TEST_CASE("mean +- the distribution's threshold")
{
    std::vector<float> x = test::normal_floats(20000, 2);
    for (float& value : x)
        value = 0.5f + 2.0f * value;
    const qk::value_moments exact = exact_moments(x);
    for (const int bits : { 2, 3 })
    {
        CAPTURE(bits);
        const qk::real_range gauss = observed({ bits, qk::aciq_distribution::gauss }, x).range();
        const double sigmas = exact.deviation * qk::optimal_threshold(bits, qk::gauss_distribution {});
        CHECK(gauss.min == doctest::Approx(exact.mean - sigmas).epsilon(0.001));
        CHECK(gauss.max == doctest::Approx(exact.mean + sigmas).epsilon(0.001));
        const qk::real_range laplace = observed({ bits, qk::aciq_distribution::laplace }, x).range();
        const double bs = exact.absolute_deviation * qk::optimal_threshold(bits, qk::laplace_distribution {});
        CHECK(laplace.min == doctest::Approx(exact.mean - bs).epsilon(0.001));
        CHECK(laplace.max == doctest::Approx(exact.mean + bs).epsilon(0.001));
        CHECK(observed({ bits }, x).range() == gauss); // these are likelier from Gauss
    }
}

TEST_CASE("the likelier distribution")
{
    const std::vector<float> gauss = test::normal_floats(1000, 3), laplace = test::laplace_floats(1000, 3);
    CHECK(observed({ 4 }, gauss).range() == observed({ 4, qk::aciq_distribution::gauss }, gauss).range());
    CHECK(observed({ 4 }, laplace).range() == observed({ 4, qk::aciq_distribution::laplace }, laplace).range());
    CHECK(observed({ 4 }, laplace).range() != observed({ 4, qk::aciq_distribution::gauss }, laplace).range());
}

TEST_CASE("the threshold is the best one for the codes that it is meant for")
{
    // 16 levels over mean +- t, each in the middle of its sixteenth: the least error of 200 other thresholds.
    const auto error_at = [](const std::vector<float>& values, double t)
    {
        double sum = 0.0;
        for (const float value : values)
        {
            const double step = t / 8.0, level = std::floor(static_cast<double>(value) / step);
            const double rounded = (std::clamp(level, -8.0, 7.0) + 0.5) * step;
            sum += (static_cast<double>(value) - rounded) * (static_cast<double>(value) - rounded);
        }
        return sum;
    };
    const std::vector<float> gauss = test::normal_floats(20000, 4), laplace = test::laplace_floats(20000, 4);
    for (const std::vector<float>* values : { &gauss, &laplace })
    {
        double least = limits::infinity();
        for (int i = 1; i <= 200; ++i)
            least = std::min(least, error_at(*values, 0.05 * i));
        const qk::real_range range = observed({ 4 }, *values).range();
        CHECK(error_at(*values, static_cast<double>(range.max - range.min) / 2.0) <= least * 1.03);
    }
}

TEST_CASE("a fused ReLU needs the upper half, with twice the levels for it")
{
    const std::vector<float> x = test::laplace_floats(20000, 5);
    const qk::real_range fused = observed({ 4, qk::aciq_distribution::laplace, true }, x).range();
    CHECK(fused.min == 0.0f);
    CHECK(fused.max == observed({ 5, qk::aciq_distribution::laplace }, x).range().max);
    const std::vector<float> negative { -5.0f, -4.0f, -4.5f };
    CHECK(observed({ 4, qk::aciq_distribution::gauss, true }, negative).range() == qk::real_range { 0.0f, 0.0f });
}

TEST_CASE("never beyond what was observed")
{
    for (const test::named_data& data : test::calibration_data(500, 6))
        for (const int bits : { 2, 4, 8, 16 })
        {
            CAPTURE(data.name);
            const qk::real_range all = qk::measured_range(data.values), range = observed({ bits }, data.values).range();
            CHECK(range.min >= all.min);
            CHECK(range.max <= all.max);
            CHECK(range.min <= range.max);
        }
    CHECK(observed({}, { 1.0f, 2.0f }).range() == qk::real_range { 1.0f, 2.0f });
}

TEST_CASE("any division of the data gives the same range")
{
    for (const test::named_data& data : test::calibration_data(3000, 7))
    {
        CAPTURE(data.name);
        test::check_any_division(qk::aciq_observer { 4 }, data.values);
        test::check_any_division(qk::aciq_observer { 3, qk::aciq_distribution::gauss, true }, data.values);
    }
    test::check_any_division(qk::aciq_observer { 2 }, test::extreme_floats(3000, 8));
}

TEST_CASE("one for each column and group")
{
    test::check_granular(qk::aciq_observer { 2 }, test::floats_with_outliers(400, 9));
}

TEST_CASE("NaN and infinities are left out")
{
    std::vector<float> x = test::normal_floats(1000, 10);
    const qk::real_range range = observed({ 4 }, x).range();
    x.insert(x.begin() + 300, { limits::quiet_NaN(), limits::infinity(), -limits::infinity() });
    const qk::real_range others = observed({ 4 }, x).range();
    CHECK(others.min == doctest::Approx(range.min).epsilon(0x1p-11)); // the outer values are counted in whole bins then
    CHECK(others.max == doctest::Approx(range.max).epsilon(0x1p-11));
    CHECK(observed({}, { limits::quiet_NaN(), limits::infinity() }).range() == qk::nothing_observed);
    CHECK(qk::aciq_observer {}.range() == qk::nothing_observed);
}

TEST_CASE("constants keep their range")
{
    for (const float value : { 0.0f, 2.7f, -3e-5f, 1e-40f, 1e30f })
        CHECK(observed({ 2 }, std::vector<float>(1001, value)).range() == qk::real_range { value, value });
}

TEST_CASE("bits out of range are refused")
{
    CHECK_THROWS_WITH_AS(observed({ 0 }, { 1.0f }).range(), "quantkit: bits must lie in [1, 16], but is 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(observed({ 16, qk::aciq_distribution::gauss, true }, { 1.0f }).range(),
                         "quantkit: bits must lie in [1, 16], but is 17", std::invalid_argument);
}
