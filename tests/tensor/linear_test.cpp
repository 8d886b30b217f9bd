// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/linear.hpp>

#include "support/linear_layers.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <cmath>
#include <stdexcept>
#include <string>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::random_matrix;
    using qk::test::random_vector;

    const qk::matrix_f w = random_matrix(48, 160, 1, 0.1f), x = random_matrix(9, 160, 2);
    const qk::vector_f bias = random_vector(48, 3);

    // Signal to noise of relu(x * w^T + bias), in dB.
    double sqnr(const qk::matrix_f& y)
    {
        const Eigen::MatrixXd sums = x.cast<double>() * w.cast<double>().transpose();
        const Eigen::MatrixXd exact = (sums.rowwise() + bias.cast<double>().transpose()).cwiseMax(0.0);
        return 10 * std::log10(exact.squaredNorm() / (exact - y.cast<double>()).squaredNorm());
    }

    template <class Precision>
    double sqnr_of(const Precision& precision)
    {
        return sqnr(qk::linear(w, precision, qk::epilogue { qk::add_bias { bias }, qk::relu {} })(x));
    }

    // A precision that the library does not know: weights rounded to multiples of 1/64.
    struct sixty_fourths
    {
        template <class Weight, class... Stages>
        auto make(const Weight& weight, qk::epilogue<Stages...> stages) const
        {
            const qk::matrix_f rounded = (weight * 64.0f).array().round().matrix() / 64.0f;
            return qk::real_linear(rounded, qk::fp32_weights {}, std::move(stages));
        }
    };
}

TEST_CASE("every precision runs behind one door, and loses what its bits cost")
{
    CHECK(sqnr_of(qk::fp32_weights {}) > 120);
    CHECK(sqnr_of(qk::fp16_weights {}) > 65);
    CHECK(sqnr_of(qk::bf16_weights {}) > 45);
    CHECK(sqnr_of(qk::int16_precision<> {}) > 75);
    CHECK(sqnr_of(qk::int8_precision<> {}) > 33);
    CHECK(sqnr_of(qk::int8_precision<qk::dynamic_per_tensor<>> { {}, qk::per_group { 1, 32 } }) > 33);
    CHECK(sqnr_of(qk::weight_only<> {}) > 38);
    CHECK(sqnr_of(qk::weight_only<> { qk::per_group { 1, 32 } }) > sqnr_of(qk::weight_only<> {}));
    CHECK(sqnr_of(qk::weight_only<qk::int4_full> { qk::per_group { 1, 32 } }) > 16);
    CHECK(sqnr_of(qk::w4a8_precision<> {}) > 16);
}

TEST_CASE("more bits, less noise")
{
    CHECK(sqnr_of(qk::fp16_weights {}) > sqnr_of(qk::bf16_weights {}));
    CHECK(sqnr_of(qk::bf16_weights {}) > sqnr_of(qk::int8_precision<> {}));
    CHECK(sqnr_of(qk::int16_precision<> {}) > sqnr_of(qk::int8_precision<> {}));
    CHECK(sqnr_of(qk::int8_precision<> {}) > sqnr_of(qk::weight_only<qk::int4_full> {}));
}

TEST_CASE("a precision of the user's") { CHECK(sqnr_of(sixty_fourths {}) > 20); }

TEST_CASE("every layer refuses input of another width with the same words")
{
    const auto refuses = [](const auto& layer)
    {
        CHECK_THROWS_WITH_AS(layer(qk::matrix_f(2, 161)),
                             "quantkit: the input must have the shape [m, 160], but has [2, 161]",
                             std::invalid_argument);
    };
    refuses(qk::linear(w, qk::fp32_weights {}));
    refuses(qk::linear(w, qk::weight_only<> {}));
    refuses(qk::linear(w, qk::int8_precision<> {}));
    refuses(qk::linear(w, qk::int16_precision<> {}));
    refuses(qk::linear(w, qk::w4a8_precision<> {}));
}

TEST_CASE("layers of 16 and of 4 bits, as README.md shows them")
{
    const qk::matrix_f& weight = w;
    // precisions begins
    const auto half = qk::linear(weight, qk::fp16_weights {}, qk::epilogue { qk::add_bias { bias }, qk::relu {} });
    const auto tiny = qk::linear(weight, qk::weight_only<qk::int4_full> { qk::per_group { 1, 32 } });
    // precisions ends
    CHECK(sqnr(half(x)) > 65);
    CHECK(sqnr(((tiny(x).rowwise() + bias.transpose()).cwiseMax(0.0f))) > 16);
}
