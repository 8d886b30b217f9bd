// SPDX-License-Identifier: BSD-3-Clause
#include "gradient_check.hpp"

#include <quantkit/training/losses.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using test::matrix_d;
using test::random_matrix;

namespace
{
    template <class Loss>
    void check_gradient(matrix_d y, Loss loss)
    {
        const matrix_d gradient = loss(y).gradient;
        REQUIRE_EQ(gradient.rows(), y.rows());
        for (Eigen::Index i = 0; i < y.size(); ++i)
        {
            const double expected = test::central_difference(y.data()[i], [&] { return loss(y).value; });
            CHECK_LE(std::abs(gradient.data()[i] - expected), 1e-9);
        }
    }
}

TEST_CASE("softmax_cross_entropy: value and gradient")
{
    const std::vector<std::int32_t> labels { 2, 0, 4 };
    const matrix_d logits = random_matrix(3, 5, 1);
    double expected = 0;
    for (Eigen::Index i = 0; i < 3; ++i)
        expected -=
            std::log(std::exp(logits(i, labels[static_cast<std::size_t>(i)])) / logits.row(i).array().exp().sum()) / 3;
    CHECK_EQ(training::softmax_cross_entropy(logits, labels).value, doctest::Approx(expected));
    check_gradient(logits, [&](const matrix_d& y) { return training::softmax_cross_entropy(y, labels); });
    CHECK_EQ(training::softmax_cross_entropy(logits.cast<float>(), labels).value, doctest::Approx(expected));
}

TEST_CASE("softmax_cross_entropy: logits of any size")
{
    matrix_f logits(2, 2);
    logits << 1e30f, -1e30f, 90.0f, 90.0f;
    const auto loss = training::softmax_cross_entropy(logits, std::vector<std::int32_t> { 0, 1 });
    CHECK_EQ(loss.value, doctest::Approx(std::log(2.0) / 2));
    CHECK_EQ(loss.gradient(0, 0), 0.0f);
    CHECK_EQ(loss.gradient(1, 0), 0.25f);
    logits(0, 1) = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(training::softmax_cross_entropy(logits, std::vector<std::int32_t> { 0, 1 }).value));
}

TEST_CASE("mean_squared_error: value and gradient")
{
    const matrix_d y = random_matrix(4, 3, 1), targets = random_matrix(4, 3, 2);
    CHECK_EQ(training::mean_squared_error(y, targets).value, doctest::Approx((y - targets).squaredNorm() / 12));
    check_gradient(y, [&](const matrix_d& at) { return training::mean_squared_error(at, targets); });
}

TEST_CASE("binary_cross_entropy: value and gradient, logits of any size")
{
    const matrix_d logits = random_matrix(4, 3, 1), targets = (random_matrix(4, 3, 2).array() / 20 + 0.5).matrix();
    const auto p = (1 + (-logits.array()).exp()).inverse().eval();
    const double expected = -(targets.array() * p.log() + (1 - targets.array()) * (1 - p).log()).mean();
    CHECK_EQ(training::binary_cross_entropy(logits, targets).value, doctest::Approx(expected));
    check_gradient(logits, [&](const matrix_d& at) { return training::binary_cross_entropy(at, targets); });
    matrix_f large(1, 2), certain(1, 2);
    large << 1e4f, -1e4f;
    certain << 1, 0;
    CHECK_EQ(training::binary_cross_entropy(large, certain).value, 0.0);
    certain << 0, 1;
    CHECK_EQ(training::binary_cross_entropy(large, certain).value, doctest::Approx(1e4));
}

TEST_CASE("losses: bad labels and targets are refused with the value")
{
    const matrix_f y = matrix_f::Zero(2, 3);
    const std::vector<std::int32_t> high { 0, 3 }, negative { -1, 0 }, few { 0 };
    CHECK_THROWS_WITH_AS(training::softmax_cross_entropy(y, high), "quantkit: label 1 is 3, but there are 3 classes",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::softmax_cross_entropy(y, negative),
                         "quantkit: label 0 is -1, but there are 3 classes", std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::softmax_cross_entropy(y, few), "quantkit: 2 rows of logits have 1 labels",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::softmax_cross_entropy(matrix_f(0, 3), {}),
                         "quantkit: a loss needs predictions, but has 0 x 3", std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::mean_squared_error(y, matrix_f(2, 2)),
                         "quantkit: predictions [2, 3] have targets [2, 2]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::binary_cross_entropy(y, matrix_f::Constant(2, 3, 1.5f)),
                         "quantkit: target [0, 0] is 1.5, but must lie in [0, 1]", std::invalid_argument);
    CHECK_THROWS_AS(
        training::binary_cross_entropy(y, matrix_f::Constant(2, 3, std::numeric_limits<float>::quiet_NaN())),
        std::invalid_argument);
}
