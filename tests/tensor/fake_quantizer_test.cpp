// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/types.hpp>

#include "support/checks.hpp"
#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    struct toward_zero
    {
        float operator()(float x, std::uint64_t) const { return std::trunc(x); }
    };

    struct image
    {
        std::vector<float> pixels;
        std::ptrdiff_t rows = 0, columns = 0;
    };
}

template <>
struct quantkit::tensor_traits<image>
{
    static tensor_view<const float> view(const image& tensor)
    {
        return { tensor.pixels.data(), { tensor.rows, tensor.columns } };
    }
    static tensor_view<float> view(image& tensor) { return { tensor.pixels.data(), { tensor.rows, tensor.columns } }; }
    static image like(const image& tensor)
    {
        return { std::vector<float>(tensor.pixels.size()), tensor.rows, tensor.columns };
    }
};

TEST_CASE_TEMPLATE("the bits of quantizing and dequantizing, in any layout and in place", Range, qk::int8_narrow,
                   qk::uint8_full, qk::int4_full, qk::int16_full)
{
    test::random_bits random(1);
    for (int trial = 0; trial < 300; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random, false);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const std::vector<float> x = test::floats_with_outliers(count, random.next());
        test::for_each_granularity(shape, random,
                                   [&](auto granularity)
                                   {
                                       test::strided_tensor<float> input(shape, test::random_strides(shape, random), x);
                                       test::strided_tensor<float> output(shape, test::random_strides(shape, random));
                                       const auto q = qk::quantize<Range>(input.view(), granularity);
                                       std::vector<float> expected(count);
                                       qk::dequantize(q, qk::tensor_view<float>(expected.data(), shape));

                                       REQUIRE(qk::fake_quantize<Range>(input.view(), output.view(), granularity)
                                               == q.params());
                                       test::require_equal(output.row_major(), expected);
                                       qk::fake_quantize<Range>(input.view(), input.view(), q.params(), granularity);
                                       test::require_equal(input.row_major(), expected);
                                   });
    }
}

TEST_CASE_TEMPLATE("other policies", Rounding, qk::stochastic, qk::half_away, toward_zero)
{
    const Eigen::MatrixXf x = Eigen::MatrixXf::Random(37, 41);
    const qk::matrix_f row_major = x;
    const auto q =
        qk::quantize<qk::int8_full>(x, qk::per_axis { 1 }, qk::symmetric {}, Rounding {}, qk::by_division {});
    const Eigen::MatrixXf y =
        qk::fake_quantize<qk::int8_full>(x, qk::per_axis { 1 }, qk::symmetric {}, Rounding {}, qk::by_division {});
    CHECK(qk::matrix_f(y) == qk::dequantize(q));
    CHECK(qk::fake_quantize<qk::int8_full>(row_major, q.params(), qk::per_axis { 1 }, Rounding {}, qk::by_division {})
          == qk::matrix_f(y));
}

TEST_CASE("the result has the type of the input")
{
    static_assert(std::same_as<decltype(qk::fake_quantize<qk::int8_full>(Eigen::MatrixXf())), Eigen::MatrixXf>);
    static_assert(
        std::same_as<decltype(qk::fake_quantize<qk::int8_full>(qk::matrix_f().block(0, 0, 1, 1))), qk::matrix_f>);
    static_assert(std::same_as<decltype(qk::fake_quantize<qk::int8_full>(Eigen::Array3f())), Eigen::Array3f>);
    static_assert(!qk::returnable_tensor<qk::tensor_view<float>>);

    const image picture { { 0.1f, -0.2f, 0.33f, 1.27f }, 2, 2 };
    const image fake = qk::fake_quantize<qk::int8_narrow>(picture, qk::qparams { 0.1f, 0 });
    CHECK((fake.rows == 2 && fake.columns == 2));
    test::require_close(fake.pixels, std::vector { 0.1f, -0.2f, 0.3f, 1.3f }, 1e-6);
}

TEST_CASE("inside the range the error is at most half a step")
{
    // plus one rounding each of the reciprocal, of the product and of the result, relative to |x| <= 1: 4 * 2^-24
    const qk::matrix_f x = qk::matrix_f::Random(50, 60);
    const auto q = qk::quantize<qk::int8_narrow>(x, qk::per_group { 1, 16 });
    const qk::matrix_f y = qk::fake_quantize<qk::int8_narrow>(x, q.params(), qk::per_group { 1, 16 });
    for (Eigen::Index row = 0; row < 50; ++row)
        for (Eigen::Index column = 0; column < 60; ++column)
        {
            const float scale = q.scales()[static_cast<std::size_t>(4 * row + column / 16)];
            REQUIRE(std::abs(y(row, column) - x(row, column)) <= scale / 2.0f + 0x1p-22f);
        }
}

TEST_CASE("from an observer")
{
    const qk::matrix_f x = qk::matrix_f::Random(6, 5);
    qk::minmax_observer observer;
    observer.observe(x);
    const qk::fake_quantizer<qk::uint8_full> fake_quantizer { observer };
    CHECK(fake_quantizer(x) == qk::fake_quantize<qk::uint8_full>(x));
    qk::matrix_f y = x;
    fake_quantizer(y, y);
    CHECK(y == fake_quantizer(x));
}

TEST_CASE("what does not fit is refused with its values")
{
    const qk::matrix_f x = qk::matrix_f::Random(2, 3);
    qk::matrix_f wrong(2, 2);
    CHECK_THROWS_WITH_AS(qk::fake_quantize<qk::int8_full>(x, wrong),
                         "quantkit: the output has shape [2, 2], but the input has [2, 3]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::fake_quantize<qk::int8_full>(x, qk::per_axis { -1 }),
                         "quantkit: axis -1 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::fake_quantize<qk::int8_full>(qk::matrix_f(2, 0)),
                         "quantkit: cannot measure the range of an empty tensor of shape [2, 0]",
                         std::invalid_argument);
    CHECK(qk::fake_quantize<qk::int8_full>(qk::matrix_f(2, 0), qk::qparams { 0.5f, 0 }).rows() == 2);
}
