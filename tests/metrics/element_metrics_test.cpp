// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/element_metrics.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

using namespace quantkit;

namespace
{
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr float missing = std::numeric_limits<float>::quiet_NaN();
    using floats = std::vector<float>;

    /// All from one pass.
    std::array<double, 9> measured(const floats& r, const floats& a)
    {
        return measure<mse, rmse, mae, max_abs_error, sqnr_db, psnr_db, psnr_range_db, cosine_similarity, relative_l2>(
            r, a);
    }

    void check_values(const floats& r, const floats& a, const std::array<double, 9>& expected)
    {
        const std::array<double, 9> actual = measured(r, a);
        for (std::size_t i = 0; i < expected.size(); ++i)
        {
            CAPTURE(i);
            CHECK((actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i]))));
        }
    }
}

TEST_CASE("against the definitions, term by term")
{
    for (const float step : { 1e-3f, 0.1f, 3.0f })
        for (const std::size_t count : std::array<std::size_t, 5> { 1, 2, 7, 600, 5000 })
        {
            const floats r = test::normal_floats(count, count);
            floats a = r;
            for (float& value : a)
                value = step * std::nearbyint(value / step);
            long double rr = 0, aa = 0, ra = 0, ee = 0, absolute = 0, max = 0, peak = 0;
            for (std::size_t i = 0; i < count; ++i)
            {
                const long double x = r[i], y = a[i], e = x - y;
                rr += x * x;
                aa += y * y;
                ra += x * y;
                ee += e * e;
                absolute += std::abs(e);
                max = std::max(max, std::abs(e));
                peak = std::max(peak, std::abs(x));
            }
            const auto [low, high] = std::minmax_element(r.begin(), r.end());
            const long double width = static_cast<long double>(*high) - static_cast<long double>(*low), n = count;
            const auto db = [](long double ratio) { return static_cast<double>(10 * std::log10(ratio)); };
            const auto [mse_, rmse_, mae_, max_, sqnr, psnr, psnr_range, cosine, l2] = measured(r, a);
            // A handful of roundings of 2^-53 each.
            const auto near = [](double x) { return doctest::Approx(x).epsilon(1e-14); };
            CHECK(mse_ == near(static_cast<double>(ee / n)));
            CHECK(rmse_ == near(static_cast<double>(std::sqrt(ee / n))));
            CHECK(mae_ == near(static_cast<double>(absolute / n)));
            CHECK(max_ == static_cast<double>(max));
            CHECK(sqnr == near(db(rr / ee)));
            CHECK(psnr == near(db(peak * peak / (ee / n))));
            CHECK((count == 1 ? psnr_range == -infinite : psnr_range == near(db(width * width / (ee / n)))));
            CHECK((aa == 0 ? cosine == 0 : cosine == near(static_cast<double>(ra / std::sqrt(rr * aa)))));
            CHECK(l2 == near(static_cast<double>(std::sqrt(ee / rr))));
        }
}

TEST_CASE("degenerate tensors have the values that are documented")
{
    const floats zero { 0, -0.0f, 0 }, ones { 1, 1, 1 };
    check_values({}, {}, { 0, 0, 0, 0, infinite, infinite, infinite, 1, 0 });
    check_values(zero, zero, { 0, 0, 0, 0, infinite, infinite, infinite, 1, 0 });
    check_values(ones, ones, { 0, 0, 0, 0, infinite, infinite, infinite, 1, 0 });
    check_values(zero, ones, { 1, 1, 1, 1, -infinite, -infinite, -infinite, 0, infinite });
    check_values(ones, zero, { 1, 1, 1, 1, 0, 0, -infinite, 0, 1 });
    check_values({ 1, -1 }, { -1, 1 }, { 4, 2, 2, 2, -10 * std::log10(4.0), -10 * std::log10(4.0), 0, -1, 2 });
}

TEST_CASE("cosine similarity never leaves [-1, 1], also for tiny and huge values")
{
    for (const float size : { 1e-45f, 1e-40f, 1e-20f, 1.0f, 1e20f, 3e38f })
        for (std::size_t count = 1; count < 100; ++count)
        {
            floats r = test::random_floats(count, count, 0.5f * size, size), a = r;
            CHECK(measure<cosine_similarity>(r, a) == 1.0);
            for (float& value : a)
                value = -0.75f * value;
            const double opposite = measure<cosine_similarity>(r, a);
            CHECK(opposite >= -1.0);
            CHECK(opposite <= (size < 1e-39f ? 0.0 : -0.99));
        }
}

TEST_CASE("NaN makes all metrics NaN but the greatest error")
{
    const double x = std::numeric_limits<double>::quiet_NaN();
    check_values({ 1, missing, 2 }, { 1, 1, 1 }, { x, x, x, 1, x, x, x, x, x });
    check_values({ 1, 1, 2 }, { 1, missing, 1 }, { x, x, x, 1, x, x, x, x, x });
    check_values({ missing, missing }, { missing, missing }, { x, x, x, 0, x, x, x, x, x });
    check_values({ 0, 0 }, { 1, missing }, { x, x, x, 1, x, x, x, x, x });
}

TEST_CASE("an infinite approximation is infinitely wrong")
{
    const float infinity = std::numeric_limits<float>::infinity();
    const auto [error, greatest, sqnr, l2] =
        measure<mse, max_abs_error, sqnr_db, relative_l2>(floats { 1, 2 }, floats { 1, infinity });
    CHECK(error == infinite);
    CHECK(greatest == infinite);
    CHECK(sqnr == -infinite);
    CHECK(l2 == infinite);
}

TEST_CASE("one metric is a number")
{
    const double error = measure<mse>(floats { 1, 2 }, floats { 1, 0 });
    CHECK(error == 2.0);
    CHECK(mse::name == std::string_view("MSE"));
    CHECK((sqnr_db::higher_is_better && !mse::higher_is_better));
}
