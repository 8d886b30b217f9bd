// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/logit_metrics.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    using floats = std::vector<float>;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float missing = std::numeric_limits<float>::quiet_NaN();

    qk::tensor_view<const float> logits(const floats& values, std::ptrdiff_t rows, std::ptrdiff_t classes)
    {
        return { values.data(), { rows, classes } };
    }

    qk::logit_metrics seen(const floats& reference, const floats& approximation, std::ptrdiff_t rows,
                           std::ptrdiff_t classes)
    {
        qk::logit_metrics metrics;
        metrics.observe(logits(reference, rows, classes), logits(approximation, rows, classes));
        return metrics;
    }

    /// Probabilities of one row, as the formula says, in long double.
    std::vector<long double> softmax(const float* row, std::size_t classes)
    {
        std::vector<long double> p(row, row + classes);
        const long double greatest = *std::max_element(p.begin(), p.end());
        for (long double& value : p)
            value = std::exp(value - greatest);
        const long double total = std::accumulate(p.begin(), p.end(), 0.0L);
        for (long double& value : p)
            value /= total;
        return p;
    }

    /// The indices of the k largest, sorted by value and then by index.
    std::vector<std::size_t> best_of(const float* row, std::size_t classes, std::size_t k)
    {
        std::vector<std::size_t> order(classes);
        std::iota(order.begin(), order.end(), 0u);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return row[a] > row[b]; });
        order.resize(std::min(k, classes));
        return order;
    }

    struct expected_values
    {
        double kl = 0, js = 0;
        std::array<double, 17> agreement {}, overlap {};
    };

    expected_values defined(const floats& r, const floats& a, std::size_t rows, std::size_t classes)
    {
        expected_values mean;
        for (std::size_t row = 0; row < rows; ++row)
        {
            const float *x = r.data() + row * classes, *y = a.data() + row * classes;
            const auto p = softmax(x, classes), q = softmax(y, classes);
            long double kl = 0, js = 0;
            for (std::size_t i = 0; i < classes; ++i)
            {
                const long double m = (p[i] + q[i]) / 2;
                kl += p[i] * std::log(p[i] / q[i]);
                js += (p[i] * std::log(p[i] / m) + q[i] * std::log(q[i] / m)) / 2;
            }
            mean.kl += static_cast<double>(kl) / static_cast<double>(rows);
            mean.js += static_cast<double>(js) / static_cast<double>(rows);
            for (std::size_t k = 1; k <= 16; ++k)
            {
                const auto best = best_of(x, classes, k), other = best_of(y, classes, k);
                const auto has = [&](std::size_t one) { return std::count(other.begin(), other.end(), one); };
                mean.agreement[k] += static_cast<double>(has(best[0])) / static_cast<double>(rows);
                for (const std::size_t one : best)
                    mean.overlap[k] += static_cast<double>(has(one)) / static_cast<double>(best.size() * rows);
            }
        }
        return mean;
    }

    doctest::Approx near(double x) { return doctest::Approx(x).epsilon(1e-10); }
}

TEST_CASE("divergences and ranks are those of the definition")
{
    for (const std::size_t classes : std::array<std::size_t, 8> { 1, 2, 5, 15, 16, 17, 40, 300 })
        for (const float noise : { 0.1f, 1.0f, 10.0f })
        {
            CAPTURE(classes);
            constexpr std::size_t rows = 20;
            floats r = test::normal_floats(rows * classes, classes, 2.0f), a = r;
            const floats change = test::normal_floats(rows * classes, classes + 1, noise);
            for (std::size_t i = 0; i < a.size(); ++i)
                a[i] += change[i];
            for (float& value : classes % 2 == 0 ? a : r) // ties
                value = std::nearbyint(value);
            const qk::logit_metrics actual = seen(r, a, rows, static_cast<std::ptrdiff_t>(classes));
            const expected_values expected = defined(r, a, rows, classes);
            CHECK(qk::kl_divergence {}(actual) == near(expected.kl));
            CHECK(qk::js_divergence {}(actual) == near(expected.js));
            CHECK(qk::top1_agreement {}(actual) == near(expected.agreement[1]));
            CHECK(qk::top_k_agreement<2> {}(actual) == near(expected.agreement[2]));
            CHECK(qk::top5_agreement {}(actual) == near(expected.agreement[5]));
            CHECK(qk::top_k_agreement<16> {}(actual) == near(expected.agreement[16]));
            CHECK(qk::top_k_overlap<1> {}(actual) == near(expected.overlap[1]));
            CHECK(qk::top5_overlap {}(actual) == near(expected.overlap[5]));
            CHECK(qk::top_k_overlap<16> {}(actual) == near(expected.overlap[16]));
        }
}

TEST_CASE("equal logits do not diverge, nor do logits that are shifted")
{
    const floats r = test::normal_floats(100, 1, 5.0f);
    const auto [kl, js, top1, overlap] =
        qk::measure<qk::kl_divergence, qk::js_divergence, qk::top1_agreement, qk::top5_overlap>(logits(r, 4, 25),
                                                                                                logits(r, 4, 25));
    CHECK(kl == 0.0);
    CHECK(js <= 1e-15);
    CHECK(top1 == 1.0);
    CHECK(overlap == 1.0);
    floats shifted = r;
    for (float& value : shifted)
        value = std::nearbyint(value * 1024.0f) / 1024.0f;
    floats further = shifted;
    for (float& value : further)
        value += 64.0f;
    CHECK(qk::measure<qk::kl_divergence>(logits(shifted, 4, 25), logits(further, 4, 25)) <= 1e-15);
}

TEST_CASE("logits far apart neither overflow nor vanish")
{
    // p is 1 for the first class, q = exp(-1e4) there: no double, yet its logarithm is exact.
    CHECK(qk::measure<qk::kl_divergence>(logits({ 5e3f, -5e3f }, 1, 2), logits({ -5e3f, 5e3f }, 1, 2)) == 1e4);
    CHECK(qk::measure<qk::js_divergence>(logits({ 5e3f, -5e3f }, 1, 2), logits({ -5e3f, 5e3f }, 1, 2))
          == near(std::log(2.0)));
    CHECK(qk::measure<qk::kl_divergence>(logits({ 3e38f, -3e38f }, 1, 2), logits({ 3e38f, -3e38f }, 1, 2)) == 0.0);
}

TEST_CASE("the lowest index wins a tie")
{
    CHECK(qk::measure<qk::top1_agreement>(logits({ 1, 1, 0 }, 1, 3), logits({ 2, 0, 0 }, 1, 3)) == 1.0);
    CHECK(qk::measure<qk::top1_agreement>(logits({ 1, 1, 0 }, 1, 3), logits({ 0, 2, 0 }, 1, 3)) == 0.0);
    CHECK(qk::measure<qk::top_k_agreement<2>>(logits({ 0, 0, 1 }, 1, 3), logits({ 0, 0, 0 }, 1, 3)) == 0.0);
    CHECK(qk::measure<qk::top_k_overlap<2>>(logits({ 0, 0, 1 }, 1, 3), logits({ 0, 0, 0 }, 1, 3)) == 0.5);
}

TEST_CASE("infinities and NaN")
{
    const auto kl = [](const floats& r, const floats& a)
    { return qk::measure<qk::kl_divergence>(logits(r, 1, 2), logits(a, 1, 2)); };
    CHECK(kl({ 0, -infinity }, { 0, -infinity }) == 0.0);
    CHECK(kl({ 0, -infinity }, { 0, 0 }) == near(std::log(2.0)));
    CHECK(kl({ 0, 0 }, { 0, -infinity }) == static_cast<double>(infinity));
    CHECK(std::isnan(kl({ 0, missing }, { 0, 0 })));
    CHECK(std::isnan(kl({ 0, infinity }, { 0, 0 })));
    CHECK(std::isnan(kl({ -infinity, -infinity }, { 0, 0 })));
    CHECK(std::isnan(qk::measure<qk::js_divergence>(logits({ 0, 0 }, 1, 2), logits({ 0, missing }, 1, 2))));
    CHECK(qk::measure<qk::top1_agreement>(logits({ missing, -5 }, 1, 2), logits({ 0, 1 }, 1, 2)) == 1.0);
    CHECK(qk::measure<qk::top1_agreement>(logits({ missing, -infinity }, 1, 2), logits({ 1, 0 }, 1, 2)) == 1.0);
}

TEST_CASE("batches, their order, merging and layout cannot be seen")
{
    constexpr std::ptrdiff_t rows = 60, classes = 12;
    const floats r = test::normal_floats(rows * classes, 1), a = test::normal_floats(rows * classes, 2);
    const qk::logit_metrics expected = seen(r, a, rows, classes);
    const auto x = logits(r, rows, classes), y = logits(a, rows, classes);
    for (const std::ptrdiff_t cut : { 0, 1, 31, 60 })
    {
        qk::logit_metrics first, second;
        first.observe(x.narrowed(0, 0, cut), y.narrowed(0, 0, cut));
        for (std::ptrdiff_t row = rows; row-- > cut;)
            second.observe(x.narrowed(0, row, 1), y.narrowed(0, row, 1));
        second.merge(first);
        CHECK(second.sums() == expected.sums());
    }
    const test::strided_tensor<float> column_major({ rows, classes }, { 1, rows }, r);
    qk::logit_metrics strided;
    strided.observe(column_major.view(), y);
    CHECK(strided.sums() == expected.sums());
}

TEST_CASE("without rows nothing diverges")
{
    qk::logit_metrics metrics;
    metrics.observe(logits({}, 0, 5), logits({}, 0, 5));
    CHECK(metrics.sums() == qk::logit_sums {});
    CHECK(qk::kl_divergence {}(metrics) == 0.0);
    CHECK(qk::top1_agreement {}(metrics) == 1.0);
    CHECK(qk::top5_overlap {}(metrics) == 1.0);
}

TEST_CASE("names say which k")
{
    CHECK(qk::top1_agreement::name == "top-1 agreement");
    CHECK(qk::top_k_agreement<16>::name == "top-16 agreement");
    CHECK(qk::top5_overlap::name == "top-5 overlap");
}

TEST_CASE("what does not fit is refused with its values")
{
    const floats values(6);
    qk::logit_metrics metrics, other;
    metrics.observe(logits(values, 2, 3), logits(values, 2, 3));
    other.observe(logits(values, 3, 2), logits(values, 3, 2));
    CHECK_THROWS_WITH_AS(metrics.observe(logits(values, 2, 3), logits(values, 3, 2)),
                         "quantkit: the reference has the shape [2, 3], but its approximation has [3, 2]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(metrics.observe(values, values),
                         "quantkit: logits must have the shape [rows, classes], but have [6]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(metrics.observe(logits(values, 3, 2), logits(values, 3, 2)),
                         "quantkit: logits of shape [3, 2] do not fit earlier ones with 3 classes",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(metrics.observe(logits(values, 3, 0), logits(values, 3, 0)),
                         "quantkit: logits of shape [3, 0] do not fit earlier ones with 3 classes",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(metrics.merge(other), "quantkit: logits of 2 classes cannot be merged with those of 3",
                         std::invalid_argument);
}
