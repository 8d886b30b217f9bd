// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/error_metrics.hpp>

#include "support/compiled_archs.hpp"
#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    struct pairs
    {
        std::vector<float> reference, approximation;

        explicit pairs(std::size_t count, std::uint64_t seed = 1)
            : reference(test::floats_with_outliers(count, seed))
            , approximation(test::random_floats(count, seed + 1, -0.1f, 0.1f))
        {
            for (std::size_t i = 0; i < count; ++i)
                approximation[i] += reference[i];
        }
    };

    qk::error_metrics seen(const std::vector<float>& reference, const std::vector<float>& approximation)
    {
        qk::error_metrics metrics;
        metrics.observe(reference, approximation);
        return metrics;
    }
}

TEST_CASE("sums are those of the definition, up to one rounding")
{
    const pairs x(10'000);
    long double signal = 0, error = 0, absolute = 0, signed_error = 0;
    for (std::size_t i = 0; i < x.reference.size(); ++i)
    {
        const long double r = x.reference[i], e = r - static_cast<long double>(x.approximation[i]);
        signal += r * r;
        error += e * e;
        absolute += std::abs(e);
        signed_error += e;
    }
    // Each of 10,000 long double additions rounds by at most 2^-64 of the sum of magnitudes; a double by 2^-53.
    const qk::error_metrics metrics = seen(x.reference, x.approximation);
    constexpr double bound = 10'000 * 0x1p-64 + 0x1p-53;
    const auto check = [&](double actual, long double expected, long double magnitude)
    { CHECK(std::abs(actual - static_cast<double>(expected)) <= 2 * bound * static_cast<double>(magnitude)); };
    check(metrics.sums().squared_reference.value(), signal, signal);
    check(metrics.squared_error(), error, error);
    check(metrics.sums().absolute_error.value(), absolute, absolute);
    check(metrics.sums().error.value(), signed_error, absolute);
    CHECK(metrics.count() == 10'000);
}

TEST_CASE("errors far below the signal are not lost in it")
{
    const std::vector<float> r(3000, 1e20f), a(3000, std::nextafter(1e20f, 0.0f));
    const double e = static_cast<double>(r[0]) - static_cast<double>(a[0]);
    CHECK(seen(r, a).squared_error() == 3000 * e * e);
    CHECK(seen({ 1e20f, 1e-20f }, { 1e20f, 0.0f }).squared_error()
          == static_cast<double>(1e-20f) * static_cast<double>(1e-20f));
}

TEST_CASE("the division into batches, the order and merging cannot be seen")
{
    const pairs x(5000);
    const qk::error_metrics expected = seen(x.reference, x.approximation);
    test::random_bits random(2);
    for (int trial = 0; trial < 30; ++trial)
    {
        std::array<qk::error_metrics, 3> parts;
        for (std::size_t begin = 0; begin < x.reference.size();)
        {
            const auto count = static_cast<std::size_t>(
                random.integer(0, static_cast<std::int64_t>(std::min<std::size_t>(x.reference.size() - begin, 700))));
            parts[random.next() % 3].observe(std::span(x.reference).subspan(begin, count),
                                             std::span(x.approximation).subspan(begin, count));
            begin += count;
        }
        parts[0].merge(parts[2]);
        parts[1].merge(parts[0]);
        REQUIRE(parts[1] == expected);
        REQUIRE(parts[1].squared_error() == expected.squared_error());
    }
}

TEST_CASE("the number of threads cannot be seen")
{
    const pairs x(20'001);
    const qk::error_metrics expected = seen(x.reference, x.approximation);
    for (const std::size_t threads : std::array<std::size_t, 3> { 1, 2, 5 })
    {
        std::vector<qk::error_metrics> parts(threads);
        std::vector<std::thread> workers;
        const std::size_t share = x.reference.size() / threads + 1;
        for (std::size_t i = 0; i < threads; ++i)
            workers.emplace_back(
                [&, i]
                {
                    const std::size_t begin = i * share, count = std::min(share, x.reference.size() - begin);
                    parts[i].observe(std::span(x.reference).subspan(begin, count),
                                     std::span(x.approximation).subspan(begin, count));
                });
        for (std::thread& worker : workers)
            worker.join();
        qk::error_metrics merged;
        for (const qk::error_metrics& part : parts)
            merged.merge(part);
        CHECK(merged == expected);
    }
}

TEST_CASE_TEMPLATE_DEFINE("layouts and instruction sets cannot be seen", Arch, layouts)
{
    test::random_bits random(3);
    for (int trial = 0; trial < 300; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const pairs x(static_cast<std::size_t>(qk::element_count(shape)), random.next());
        const test::strided_tensor<float> r(shape, test::random_strides(shape, random), x.reference);
        const test::strided_tensor<float> a(shape, test::random_strides(shape, random), x.approximation);
        using view = qk::tensor_view<float>;
        qk::error_metrics metrics;
        metrics.observe<view, view, Arch>(r.view(), a.view());
        REQUIRE(metrics == seen(x.reference, x.approximation));
    }
}
TEST_CASE_TEMPLATE_APPLY(layouts, qk::test::compiled_archs);

TEST_CASE("large tensors of other layouts, and one value for all")
{
    const pairs x(60 * 70);
    const qk::tensor_shape shape { 60, 70 };
    const test::strided_tensor<float> r(shape, { 1, 60 }, x.reference), a(shape, { 100, 1 }, x.approximation);
    qk::error_metrics metrics;
    metrics.observe(r.view(), a.view());
    CHECK(metrics == seen(x.reference, x.approximation));

    const float value = 0.25f;
    qk::error_metrics constant;
    constant.observe(qk::tensor_view<const float>(x.reference.data(), shape),
                     qk::tensor_view<const float>(&value, shape, { 0, 0 }));
    CHECK(constant == seen(x.reference, std::vector<float>(60 * 70, value)));
}

TEST_CASE("nothing observed, and reset")
{
    qk::error_metrics metrics;
    metrics.observe(std::vector<float> {}, std::vector<float> {});
    CHECK(metrics == qk::error_metrics {});
    CHECK(metrics.mean(metrics.squared_error()) == 0.0);
    metrics.observe(std::vector { 1.0f }, std::vector { 2.0f });
    CHECK(metrics.squared_error() == 1.0);
    metrics.reset();
    CHECK(metrics == qk::error_metrics {});
}

TEST_CASE("infinities and NaN")
{
    const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const double infinite = std::numeric_limits<double>::infinity();
    CHECK(seen({ infinity, 1 }, { 5, 1 }).squared_error() == infinite);
    CHECK(seen({ 5, 1 }, { -infinity, 1 }).squared_error() == infinite);
    CHECK(seen({ -infinity, 1 }, { infinity, 1 }).squared_error() == infinite);
    CHECK(std::isnan(seen({ infinity, 1 }, { infinity, 1 }).squared_error()));
    CHECK(std::isnan(seen({ nan, 1 }, { 1, infinity }).squared_error()));
    const qk::exact_error_sums sums = seen({ nan, 3, -1 }, { 1, 1, -1 }).sums();
    CHECK(sums.max_error == 2.0);
    CHECK(sums.reference_range == qk::real_range { -1, 3 });
}

TEST_CASE("shapes that differ are refused with both")
{
    const std::vector<float> values(6);
    qk::error_metrics metrics;
    CHECK_THROWS_WITH_AS(metrics.observe(qk::tensor_view<const float>(values.data(), { 2, 3 }),
                                         qk::tensor_view<const float>(values.data(), { 3, 2 })),
                         "quantkit: the reference has the shape [2, 3], but its approximation has [3, 2]",
                         std::invalid_argument);
    CHECK(metrics == qk::error_metrics {});
}
