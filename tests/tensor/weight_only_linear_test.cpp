// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/tensor/weight_only_linear.hpp>

#include "support/allocation_count.hpp"
#include "support/checks.hpp"
#include "support/linear_layers.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <variant>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_equal;

    // Which pair of scale and zero_point belongs to weight (j, p).
    template <class Range>
    std::size_t parameter_of(const qk::quantized_tensor<Range>& weight, Index j, Index p)
    {
        if (weight.params().size() == 1)
            return 0;
        const auto* group = std::get_if<qk::per_group>(&weight.granularity());
        const std::ptrdiff_t k = weight.shape()[1];
        const std::ptrdiff_t groups = group == nullptr ? 1 : (k + group->group_size - 1) / group->group_size;
        return static_cast<std::size_t>(j * groups + (group == nullptr ? 0 : p / group->group_size));
    }

    // x * dequantized(w)^T + bias in double; the bound grants each of k terms of the sum, and of the sum of x, a
    // rounding.
    template <class Range>
    void require_near(const qk::matrix_f& y, const qk::matrix_f& x, const qk::quantized_tensor<Range>& weight,
                      const qk::vector_f& bias)
    {
        const Index k = x.cols();
        for (Index i = 0; i < y.rows(); ++i)
            for (Index j = 0; j < y.cols(); ++j)
            {
                double sum = double { bias(j) }, magnitude = std::abs(sum);
                for (Index p = 0; p < k; ++p)
                {
                    const std::size_t parameter = parameter_of(weight, j, p);
                    const int code = weight.codes()[static_cast<std::size_t>(j * k + p)];
                    const int zero_point = weight.zero_points()[parameter];
                    const double x_scaled = double { weight.scales()[parameter] } * double { x(i, p) };
                    sum += x_scaled * (code - zero_point);
                    magnitude += std::abs(x_scaled) * (std::abs(code) + std::abs(zero_point) + 256);
                }
                const double bound = static_cast<double>(k + 8) * 0x1p-24 * 1.001 * magnitude;
                if (!(std::abs(double { y(i, j) } - sum) <= bound))
                    FAIL("y(", i, ", ", j, ") = ", y(i, j), ", but should be ", sum, " within ", bound);
            }
    }

    template <class Range, class Granularity>
    void check(Index m, Index n, Index k, Granularity granularity)
    {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        const qk::matrix_f x = random_matrix(m, k, 1), w = random_matrix(n, k, 2);
        const qk::vector_f bias = random_vector(n, 3);
        const auto weight = qk::quantize<Range>(w, granularity);
        const qk::weight_only_linear layer(weight, qk::epilogue { qk::add_bias { bias } });
        const qk::matrix_f y = layer(x);
        require_near(y, x, weight, bias);
        Eigen::ThreadPool pool(2);
        const qk::thread_pool threads(pool);
        require_equal(elements(layer(x, threads)), elements(y));
        const Eigen::MatrixXf column_major = x;
        require_equal(elements(layer(column_major)), elements(y));
    }

    template <class Range>
    struct of
    {
        using range = Range;
    };
}

TEST_CASE_TEMPLATE("codes of every range, scales per tensor, output and group, ragged shapes", Codes,
                   of<qk::int8_narrow>, of<qk::int8_full>, of<qk::uint8_full>, of<qk::int4_full>, of<qk::int4_narrow>,
                   of<qk::uint4_full>)
{
    using range = typename Codes::range;
    for (const Index m : { 1, 4, 9 })
        for (const Index k : { 1, 30, 64, 100 })
        {
            check<range>(m, 37, k, qk::per_tensor {});
            check<range>(m, 37, k, qk::per_axis { 0 });
            check<range>(m, 37, k, qk::per_group { 1, 32 });
        }
    check<range>(40, 130, 600, qk::per_group { 1, 64 });
    check<range>(6, 20, 300, qk::per_group { 1, 128 });
}

TEST_CASE("no allocation after the first call, bytes that are a quarter and an eighth of the floats")
{
    const qk::matrix_f w = random_matrix(64, 256, 4), x = random_matrix(3, 256, 5);
    const qk::weight_only_linear eighth(qk::quantize<qk::int4_full>(w, qk::per_axis { 0 }));
    const qk::weight_only_linear quarter(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 }));
    CHECK(quarter.weight_bytes() == 64 * 256 + 64 * 4);
    CHECK(eighth.weight_bytes() == 64 * 128 + 64 * 4);
    qk::matrix_f y(3, 64);
    eighth(x, y);
    CHECK(qk::test::allocations_of([&] { eighth(x, y); }) == 0);
}

TEST_CASE("empty extents")
{
    const qk::matrix_f w = random_matrix(5, 16, 6);
    const qk::weight_only_linear layer(qk::quantize<qk::int4_full>(w, qk::per_axis { 0 }));
    CHECK(layer(qk::matrix_f(0, 16)).rows() == 0);
    const qk::quantized_tensor<qk::int8_narrow> nothing({ 5, 0 }, {}, qk::qparams { 0.1f, 0 });
    CHECK((qk::weight_only_linear(nothing)(qk::matrix_f(2, 0)).array() == 0.0f).all());
}

TEST_CASE("what does not fit is refused with its numbers")
{
    const qk::matrix_f w = random_matrix(6, 24, 7);
    CHECK_THROWS_WITH_AS(qk::weight_only_linear(qk::quantize<qk::int8_narrow>(w, qk::per_group { 1, 12 })),
                         "quantkit: weights need groups along axis 1 whose size is a multiple of 8, but have groups of "
                         "12 along axis 1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::weight_only_linear(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 1 })),
                         doctest::Contains("but have them per axis 1"), std::invalid_argument);
    const qk::weight_only_linear layer(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 }));
    CHECK_THROWS_WITH_AS(layer(qk::matrix_f(2, 25)), "quantkit: the input must have the shape [m, 24], but has [2, 25]",
                         std::invalid_argument);
}
