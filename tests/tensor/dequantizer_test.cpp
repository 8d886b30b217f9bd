// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/types.hpp>

#include "support/checks.hpp"
#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

TEST_CASE_TEMPLATE("every element is scale * (q - zero_point), into any layout", Range, qk::int8_narrow, qk::uint4_full,
                   qk::int16_full, qk::unsigned_range<16>, qk::int32_full)
{
    using code = typename Range::code_type;
    test::random_bits random(1);
    for (int trial = 0; trial < 300; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const std::vector<code> codes = test::random_codes<code>(
            count, random.next(), static_cast<code>(Range::quant_min), static_cast<code>(Range::quant_max));
        test::strided_tensor<float> stored(shape, test::random_strides(shape, random));
        test::for_each_granularity(
            shape, random,
            [&](auto granularity)
            {
                qk::qparams_list params;
                for (std::ptrdiff_t i = qk::element_count(qk::parameter_shape(shape, granularity)); i > 0; --i)
                    params.push_back({ static_cast<float>(random.uniform() + 0.01),
                                       static_cast<std::int32_t>(random.integer(Range::quant_min, Range::quant_max)) });
                const qk::quantized_tensor<Range> q(shape, codes, params, granularity);
                std::vector<float> expected(count);
                for (std::size_t i = 0; i < count; ++i)
                {
                    const qk::axis_values at = test::indices_of(shape, static_cast<std::ptrdiff_t>(i));
                    const qk::qparams own =
                        params[static_cast<std::size_t>(test::parameter_of(shape, at, granularity))];
                    // the only two roundings: of the difference (beyond 2^24) and of the product
                    expected[i] = static_cast<float>(std::int64_t { codes[i] } - own.zero_point) * own.scale;
                }
                qk::dequantize(q, stored.view());
                test::require_equal(stored.row_major(), expected);
            });
    }
}

TEST_CASE("new matrices and vectors")
{
    const qk::quantized_tensor<qk::int8_full> matrix({ 2, 3 }, { 1, 2, 3, 4, 5, 6 }, { { 0.5f, 0 }, { 2.0f, 1 } },
                                                     qk::per_axis { 0 });
    const qk::matrix_f x = qk::dequantize(matrix);
    CHECK(x == (qk::matrix_f(2, 3) << 0.5f, 1.0f, 1.5f, 6.0f, 8.0f, 10.0f).finished());
    CHECK(qk::dequantize<Eigen::MatrixXf>(matrix) == Eigen::MatrixXf(x));
    CHECK((qk::dequantize<Eigen::Array<float, 2, 3>>(matrix).matrix() == x));

    const qk::quantized_tensor<qk::int8_full> vector({ 3 }, { 1, 2, 3 }, qk::qparams { 0.5f, 1 });
    const qk::vector_f expected = (qk::vector_f(3) << 0.0f, 0.5f, 1.0f).finished();
    CHECK(qk::dequantize<qk::vector_f>(vector) == expected);
    CHECK(qk::dequantize<Eigen::RowVectorXf>(vector).transpose() == expected);
    CHECK(qk::dequantize(vector) == expected);
    const qk::vector_f converted = qk::dequantize(vector);
    CHECK(converted == expected);
    CHECK(qk::dequantize(qk::quantized_tensor<qk::int8_full>({ 0, 3 }, {}, qk::qparams {})).cols() == 3);
}

TEST_CASE("a rank that does not fit is refused with the shape")
{
    const qk::quantized_tensor<qk::int8_full> cube({ 1, 2, 1 }, { 1, 2 }, qk::qparams {});
    const qk::quantized_tensor<qk::int8_full> matrix({ 1, 2 }, { 1, 2 }, qk::qparams {});
    CHECK_THROWS_WITH_AS(qk::dequantize(cube),
                         "quantkit: a tensor of shape [1, 2, 1] does not fit a matrix: give dequantize the storage",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::dequantize<qk::vector_f>(matrix),
                         "quantkit: a tensor of shape [1, 2] does not fit a vector: give dequantize the storage",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::dequantize<Eigen::Matrix2f>(matrix),
                         "quantkit: a result of shape [1, 2] does not fit its Eigen type, which holds [2, 2] "
                         "(-1: any number)",
                         std::invalid_argument);
    qk::matrix_f wrong(2, 1);
    CHECK_THROWS_WITH_AS(qk::dequantize(matrix, wrong),
                         "quantkit: the output has shape [2, 1], but the input has [1, 2]", std::invalid_argument);
}

TEST_CASE("dequantized codes quantize to themselves")
{
    const qk::matrix_f x = qk::matrix_f::Random(40, 33) * 10.0f;
    const auto q = qk::quantize<qk::int8_full>(x, qk::per_axis { 0 }, qk::affine {});
    CHECK(qk::quantize<qk::int8_full>(qk::dequantize(q), q.params(), qk::per_axis { 0 }) == q);
}

TEST_CASE("a dequantizer reads codes of any tensor type")
{
    const qk::dequantizer<qk::int8_full, qk::per_axis> dequantize_rows { { { 0.5f, 0 }, { 2.0f, 1 } },
                                                                         qk::per_axis { 0 } };
    const Eigen::Matrix<std::int8_t, 2, 3> codes =
        (Eigen::Matrix<std::int8_t, 2, 3>() << 1, 2, 3, 4, 5, 6).finished(); // column-major
    const qk::matrix_f expected = (qk::matrix_f(2, 3) << 0.5f, 1.0f, 1.5f, 6.0f, 8.0f, 10.0f).finished();
    CHECK(dequantize_rows(codes) == expected);

    Eigen::MatrixXf x(2, 3);
    dequantize_rows(codes, x);
    CHECK(x == Eigen::MatrixXf(expected));
}

TEST_CASE("a dequantizer refuses qparams that do not fit")
{
    using dequantize_rows = qk::dequantizer<qk::int8_full, qk::per_axis>;
    CHECK_THROWS_WITH_AS(dequantize_rows(qk::qparams { 0.0f, 0 }),
                         "quantkit: scale must be positive and finite, with a finite reciprocal, but is 0",
                         std::invalid_argument);
    const dequantize_rows one_pair { qk::qparams { 1.0f, 0 }, qk::per_axis { 0 } };
    const qk::matrix<std::int8_t> codes = qk::matrix<std::int8_t>::Zero(2, 3);
    CHECK_THROWS_WITH_AS(one_pair(codes),
                         "quantkit: a tensor of shape [2, 3] needs 2 pairs of scale and zero_point (parameter shape "
                         "[2]), but has 1",
                         std::invalid_argument);
}
