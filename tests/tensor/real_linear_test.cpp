// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/half.hpp>
#include <quantkit/tensor/real_linear.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include "support/allocation_count.hpp"
#include "support/checks.hpp"
#include "support/linear_layers.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_equal;

    float stored(float weight, qk::fp32_weights) { return weight; }
    float stored(float weight, qk::fp16_weights) { return qk::half_to_float(qk::float_to_half(weight)); }
    float stored(float weight, qk::bf16_weights) { return qk::bfloat16_to_float(qk::float_to_bfloat16(weight)); }
    float stored(float weight, qk::bf16_dot_weights) { return stored(weight, qk::bf16_weights {}); }

    template <class Weights>
    float stored_input(float x, Weights)
    {
        return x;
    }
    float stored_input(float x, qk::bf16_dot_weights format) { return stored(x, format); }

    // relu(stored_input(x) * stored(w)^T + bias) in double, within the bound of a float sum of k + 1 terms.
    template <class Weights>
    void require_near(const qk::matrix_f& y, const qk::matrix_f& x, const qk::matrix_f& w, const qk::vector_f& bias,
                      Weights format)
    {
        REQUIRE((y.rows() == x.rows() && y.cols() == w.rows()));
        for (Index i = 0; i < y.rows(); ++i)
            for (Index j = 0; j < y.cols(); ++j)
            {
                double sum = double { bias(j) }, magnitude = std::abs(sum);
                for (Index p = 0; p < x.cols(); ++p)
                {
                    const double term = double { stored_input(x(i, p), format) } * double { stored(w(j, p), format) };
                    sum += term;
                    magnitude += std::abs(term);
                }
                const double bound = static_cast<double>(x.cols() + 2) * 0x1p-24 * (1 + 0x1p-20) * magnitude;
                if (!(std::abs(double { y(i, j) } - std::max(sum, 0.0)) <= bound))
                    FAIL("y(", i, ", ", j, ") = ", y(i, j), ", but should be ", sum, " within ", bound);
            }
    }
}

TEST_CASE_TEMPLATE("weights in 32 or 16 bits: bias and ReLU, any layout, any number of threads", Weights,
                   qk::fp32_weights, qk::fp16_weights, qk::bf16_weights, qk::bf16_dot_weights)
{
    struct shape
    {
        Index m, n, k;
    };
    for (const shape size : { shape { 1, 1, 1 }, { 1, 100, 33 }, { 3, 17, 64 }, { 13, 50, 7 }, { 40, 130, 600 } })
    {
        CAPTURE(size.m);
        CAPTURE(size.n);
        CAPTURE(size.k);
        const qk::matrix_f x = random_matrix(size.m, size.k, 1), w = random_matrix(size.n, size.k, 2);
        const qk::vector_f bias = random_vector(size.n, 3);
        const qk::real_linear layer(w, Weights {}, qk::epilogue { qk::add_bias { bias }, qk::relu {} });
        const qk::matrix_f y = layer(x);
        require_near(y, x, w, bias, Weights {});

        const Eigen::MatrixXf column_major = x;
        require_equal(elements(layer(column_major)), elements(y));
        qk::matrix_f wide = qk::matrix_f::Constant(size.m, 2 * size.n, -7.0f);
        layer(x, wide.leftCols(size.n));
        require_equal(elements(qk::matrix_f(wide.leftCols(size.n))), elements(y));
        CHECK((wide.rightCols(size.n).array() == -7.0f).all());
        Eigen::ThreadPool pool(3);
        const qk::thread_pool threads(pool);
        require_equal(elements(layer(x, threads)), elements(y));
    }
}

TEST_CASE("no rows, no columns of weights, no allocation after the first call")
{
    const qk::matrix_f w = random_matrix(20, 30, 4), x = random_matrix(5, 30, 5);
    const qk::real_linear layer(w, qk::fp16_weights {});
    CHECK(layer.in_features() == 30);
    CHECK(layer.out_features() == 20);
    CHECK(layer(qk::matrix_f(0, 30)).rows() == 0);
    const qk::real_linear empty(qk::matrix_f(3, 0), qk::fp32_weights {});
    CHECK((empty(qk::matrix_f(2, 0)).array() == 0.0f).all());
    qk::matrix_f y(5, 20);
    layer(x, y);
    CHECK(qk::test::allocations_of([&] { layer(x, y); }) == 0);
}

TEST_CASE("what does not fit is refused with its numbers")
{
    const qk::matrix_f w = random_matrix(20, 30, 6);
    const qk::real_linear layer(w, qk::bf16_weights {});
    CHECK_THROWS_WITH_AS(layer(qk::matrix_f(2, 31)), "quantkit: the input must have the shape [m, 30], but has [2, 31]",
                         std::invalid_argument);
    qk::matrix_f y(3, 20);
    CHECK_THROWS_WITH_AS(layer(qk::matrix_f(qk::matrix_f::Zero(2, 30)), y),
                         "quantkit: the output must have the shape [2, 20], but has [3, 20]", std::invalid_argument);
    const qk::epilogue bias { qk::add_bias { random_vector(19, 7) } };
    CHECK_THROWS_AS(qk::real_linear(w, qk::fp32_weights {}, bias), std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::real_linear(w, qk::fp32_weights {}, qk::epilogue {},
                                         qk::kernels::best_float_kernel<qk::kernels::operand_format::f32_f16>()),
                         doctest::Contains("is for other weights"), std::invalid_argument);
}
