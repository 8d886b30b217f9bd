// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/tensor/float_linear.hpp>
#include <quantkit/tensor/view.hpp>

#include "support/checks.hpp"
#include "support/linear_layers.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::float_sum;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_close;
    using qk::test::require_equal;
    using limits = std::numeric_limits<float>;

    // sum over p of x(i, p) * w(j, p), and of the magnitudes: |error| of a float sum of k products in any order, fused
    // or not, is at most k * 2^-24 * sum |x w|, to first order
    struct product
    {
        std::vector<double> exact, magnitude;

        product(const qk::matrix_f& x, const qk::matrix_f& w)
        {
            for (Index i = 0; i < x.rows(); ++i)
                for (Index j = 0; j < w.rows(); ++j)
                {
                    double sum = 0, size = 0;
                    for (Index p = 0; p < x.cols(); ++p)
                    {
                        const double term = static_cast<double>(x(i, p)) * static_cast<double>(w(j, p));
                        sum += term;
                        size += std::abs(term);
                    }
                    exact.push_back(sum);
                    magnitude.push_back(size);
                }
        }
    };

    std::vector<double> as_doubles(const qk::matrix_f& y) { return { y.data(), y.data() + y.size() }; }
}

TEST_CASE("x * W^T, to the rounding of float")
{
    for (const auto& [m, n, k] : { std::array<Index, 3> { 1, 1, 1 }, { 1, 40, 33 }, { 13, 100, 19 }, { 40, 31, 300 } })
    {
        const qk::matrix_f x = random_matrix(m, k, 1), w = random_matrix(n, k, 2);
        const qk::float_linear layer(w);
        const product expected(x, w);
        require_close(as_doubles(layer(x)), expected.exact,
                      [&, depth = k](std::size_t i)
                      { return 1.01 * static_cast<double>(depth) * 0x1p-24 * expected.magnitude[i]; });
    }
}

TEST_CASE("the stages are those of int8_linear, on the plain product")
{
    const qk::matrix_f x = random_matrix(9, 24, 3), w = random_matrix(35, 24, 4);
    const qk::vector_f bias = random_vector(35, 5, 3.0f);
    const qk::qparams of_y { 0.17f, 13 };
    const qk::matrix_f sums = qk::float_linear(w)(x);
    const auto stage = [](float v, std::size_t row, std::size_t column)
    { return v + static_cast<float>(row * 10 + column); };

    const auto check = [&](const auto& stages, auto function)
    {
        const auto y = qk::float_linear(w, stages)(x);
        REQUIRE(y.rows() == 9);
        REQUIRE(y.cols() == 35);
        for (Index i = 0; i < y.rows(); ++i)
            for (Index j = 0; j < y.cols(); ++j)
                REQUIRE(y(i, j) == function(sums(i, j), i, j));
    };
    const auto biased = [&](float v, Index j) { return float_sum(v, bias(j)); };
    check(qk::epilogue { qk::add_bias { bias } }, [&](float v, Index, Index j) { return biased(v, j); });
    check(qk::epilogue { qk::add_bias { bias }, qk::relu {} },
          [&](float v, Index, Index j) { return std::max(biased(v, j), 0.0f); });
    check(qk::epilogue { qk::relu6 {} }, [](float v, Index, Index) { return std::clamp(v, 0.0f, 6.0f); });
    check(qk::epilogue { qk::clamp { -1.0f, 2.0f }, qk::add_bias { bias } },
          [&](float v, Index, Index j) { return biased(std::clamp(v, -1.0f, 2.0f), j); });
    check(qk::epilogue { stage, qk::relu {} },
          [](float v, Index i, Index j) { return std::max(float_sum(v, static_cast<float>(i * 10 + j)), 0.0f); });
    check(qk::epilogue { qk::add_bias { bias }, qk::quantize_to { of_y } },
          [&](float v, Index, Index j) { return qk::quantize_value(biased(v, j), of_y, qk::uint8_full::bounds); });
    check(qk::epilogue { qk::quantize_to<qk::int8_full> { of_y } },
          [&](float v, Index, Index) { return qk::quantize_value(v, of_y, qk::int8_full::bounds); });
}

TEST_CASE("NaN and infinities of the input reach the output; relu leaves NaN")
{
    qk::matrix_f x = qk::matrix_f::Ones(3, 4);
    x(0, 1) = limits::quiet_NaN();
    x(1, 2) = limits::infinity();
    const qk::matrix_f w = qk::matrix_f::Ones(2, 4);
    const qk::matrix_f y = qk::float_linear(w, qk::epilogue { qk::relu6 {} })(x);
    for (Index j = 0; j < 2; ++j)
    {
        CHECK(std::isnan(y(0, j)));
        CHECK(y(1, j) == 6.0f);
        CHECK(y(2, j) == 4.0f);
    }
}

TEST_CASE("the layout of weights and input does not matter")
{
    const qk::matrix_f x = random_matrix(11, 34, 6), w = random_matrix(29, 34, 7);
    const Eigen::MatrixXf x_by_columns = x, w_by_columns = w;
    qk::matrix_f large = random_matrix(20, 50, 8);
    large.block(2, 3, 11, 34) = x;
    const qk::matrix_f y = qk::float_linear(w)(x);
    require_equal(elements(qk::float_linear(w)(x_by_columns)), elements(y));
    require_equal(elements(qk::float_linear(w_by_columns)(x)), elements(y));
    require_equal(elements(qk::float_linear(w)(large.block(2, 3, 11, 34))), elements(y));
}

TEST_CASE("empty batches and empty features")
{
    const qk::float_linear layer(random_matrix(5, 3, 9), qk::epilogue { qk::relu {} });
    CHECK(layer(qk::matrix_f(0, 3)).rows() == 0);
    CHECK(layer(qk::matrix_f(0, 3)).cols() == 5);
    const qk::vector_f bias = random_vector(5, 10);
    const qk::float_linear nothing_in(qk::matrix_f(5, 0), qk::epilogue { qk::add_bias { bias } });
    const qk::matrix_f y = nothing_in(qk::matrix_f(2, 0));
    for (Index j = 0; j < 5; ++j)
        CHECK(y(1, j) == bias(j));
}

TEST_CASE("shapes that do not fit throw with both shapes")
{
    const qk::matrix_f w = random_matrix(5, 3, 11);
    const qk::float_linear layer(w);
    CHECK(layer.in_features() == 3);
    CHECK(layer.out_features() == 5);
    CHECK_THROWS_WITH_AS(layer(qk::matrix_f(2, 4)),
                         doctest::Contains("the input must have the shape [m, 3], but has [2, 4]"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::float_linear(w, qk::epilogue { qk::add_bias { random_vector(6, 1) } }),
                         doctest::Contains("the bias has 6 values, but the layer has 5 outputs"),
                         std::invalid_argument);
}
