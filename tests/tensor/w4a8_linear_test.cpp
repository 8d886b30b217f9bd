// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/tensor/w4a8_linear.hpp>

#include "support/allocation_count.hpp"
#include "support/checks.hpp"
#include "support/linear_layers.hpp"
#include "support/w4a8_micro_kernels.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <variant>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::float_product;
    using qk::test::float_sum;
    using qk::test::for_each_w4a8_micro_kernel;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_equal;
    using limits = std::numeric_limits<float>;

    // Values along k with one scale, and the pair of weight (j, p).
    template <class Range>
    Index group_size_of(const qk::quantized_tensor<Range>& weight)
    {
        const auto* group = std::get_if<qk::per_group>(&weight.granularity());
        return group == nullptr ? std::max<Index>(weight.shape()[1], 1) : group->group_size;
    }

    template <class Range>
    qk::qparams params_of(const qk::quantized_tensor<Range>& weight, Index j, Index group)
    {
        if (weight.params().size() == 1)
            return weight.params()[0];
        const Index size = group_size_of(weight), groups = (weight.shape()[1] + size - 1) / size;
        return weight.params()[static_cast<std::size_t>(j * groups + group)];
    }

    // Scale of a row, and its codes by definition: symmetric, -127..127.
    struct quantized_row
    {
        explicit quantized_row(const qk::matrix_f& x, Index i)
        {
            float largest = 0.0f;
            for (Index p = 0; p < x.cols(); ++p)
                largest = std::abs(x(i, p)) > largest ? std::abs(x(i, p)) : largest; // not where it is NaN
            scale = std::max(largest / 127.0f, qk::default_scale_eps);
            for (Index p = 0; p < x.cols(); ++p)
            {
                const double steps = std::nearbyint(static_cast<double>(float_product(x(i, p), 1.0f / scale)));
                codes.push_back(std::isnan(steps) ? -127 : static_cast<std::int64_t>(std::clamp(steps, -127.0, 127.0)));
            }
        }

        float scale;
        std::vector<std::int64_t> codes;
    };

    // Integers within a group, floats from group to group, each operation rounded once.
    template <class Range>
    qk::matrix_f expected_sums(const qk::matrix_f& x, const qk::quantized_tensor<Range>& weight)
    {
        const Index n = weight.shape()[0], k = weight.shape()[1], size = group_size_of(weight);
        qk::matrix_f y = qk::matrix_f::Zero(x.rows(), n);
        for (Index i = 0; i < x.rows(); ++i)
        {
            const quantized_row row(x, i);
            for (Index j = 0; j < n; ++j)
                for (Index group = 0; group * size < k; ++group)
                {
                    const qk::qparams of_w = params_of(weight, j, group);
                    std::int64_t sum = 0;
                    for (Index p = group * size; p < std::min((group + 1) * size, k); ++p)
                        sum += row.codes[static_cast<std::size_t>(p)]
                               * (weight.codes()[static_cast<std::size_t>(j * k + p)] - of_w.zero_point);
                    REQUIRE(sum == static_cast<std::int32_t>(sum));
                    const float scale = float_product(row.scale, of_w.scale);
                    y(i, j) = float_sum(y(i, j), float_product(static_cast<float>(sum), scale));
                }
        }
        return y;
    }

    template <class Range>
    void require_definition(const qk::matrix_f& x, const qk::quantized_tensor<Range>& weight)
    {
        const qk::matrix_f y = expected_sums(x, weight);
        for_each_w4a8_micro_kernel(
            [&](const qk::kernels::w4a8_micro_kernel& kernel)
            { require_equal(elements(qk::w4a8_linear(weight, qk::epilogue {}, kernel)(x)), elements(y)); });
    }

    // Without zero points (but those of unsigned codes) and with them.
    template <class Range, class Granularity>
    void check(Index m, Index n, Index k, Granularity granularity)
    {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        const qk::matrix_f x = random_matrix(m, k, 1, 2.0f), w = random_matrix(n, k, 2, 0.3f);
        require_definition(x, qk::quantize<Range>(w, granularity));
        require_definition(x, qk::quantize<Range>(w, granularity, qk::affine {}));
    }

    template <class Range>
    struct of
    {
        using range = Range;
    };

    qk::quantized_tensor<qk::int4_full> some_weight(Index n, Index k)
    {
        return qk::quantize<qk::int4_full>(random_matrix(n, k, 1), qk::per_group { 1, 32 });
    }
}

TEST_CASE_TEMPLATE("every range, scales per tensor, output and group, ragged shapes, on every micro-kernel", Codes,
                   of<qk::int4_full>, of<qk::int4_narrow>, of<qk::uint4_full>, of<qk::signed_range<3>>)
{
    using range = typename Codes::range;
    for (const Index m : { 1, 5, 9 })
        for (const Index k : { 1, 30, 64, 101 })
        {
            check<range>(m, 37, k, qk::per_tensor {});
            check<range>(m, 37, k, qk::per_axis { 0 });
            for (const Index size : { 8, 32, 64, 128 })
                check<range>(m, 37, k, qk::per_group { 1, size });
        }
    check<range>(13, 16, 300, qk::per_group { 1, 24 });
}

TEST_CASE("several chunks of rows, several panels for each thread")
{
    const qk::matrix_f x = random_matrix(150, 4100, 3);
    const auto weight = qk::quantize<qk::uint4_full>(random_matrix(17, 4100, 4), qk::per_group { 1, 128 });
    const qk::w4a8_linear layer(weight);
    const qk::matrix_f y = layer(x);
    require_equal(elements(y), elements(expected_sums(x, weight)));

    Eigen::ThreadPool pool(3);
    const qk::thread_pool threads(pool);
    require_equal(elements(layer(x, threads)), elements(y));
    const qk::matrix_f wide = random_matrix(700, 4100, 5), row = x.topRows(1);
    const qk::w4a8_linear wide_layer(qk::quantize<qk::int4_full>(wide, qk::per_group { 1, 32 }));
    require_equal(elements(wide_layer(row, threads)), elements(wide_layer(row)));
}

TEST_CASE("the result is as near the float product as quantization allows")
{
    const qk::matrix_f x = random_matrix(10, 80, 3), w = random_matrix(25, 80, 4, 0.2f);
    const auto weight = qk::quantize<qk::int4_narrow>(w, qk::per_group { 1, 16 });
    const qk::matrix_f y = qk::w4a8_linear(weight)(x);
    for (Index i = 0; i < y.rows(); ++i)
    {
        const double of_x = static_cast<double>(x.row(i).cwiseAbs().maxCoeff()) / 127 / 2;
        for (Index j = 0; j < y.cols(); ++j)
        {
            // |dx| <= scale_x / 2, |dw| <= scale_w / 2: |d(x w)| <= |x| |dw| + |w| |dx| + |dx| |dw|, and 1 % for float
            // rounding
            double exact = 0, bound = 0;
            for (Index p = 0; p < x.cols(); ++p)
            {
                const double left = static_cast<double>(x(i, p)), right = static_cast<double>(w(j, p));
                const double of_w = static_cast<double>(params_of(weight, j, p / 16).scale) / 2;
                exact += left * right;
                bound += std::abs(left) * of_w + std::abs(right) * of_x + of_x * of_w;
            }
            REQUIRE(std::abs(static_cast<double>(y(i, j)) - exact) <= 1.01 * bound);
        }
    }
}

TEST_CASE("extremes: saturated codes, zeros, tiny rows, NaN")
{
    const auto weight_of = [](std::int8_t code)
    {
        return qk::quantized_tensor<qk::int4_full>({ 20, 200 }, std::vector<std::int8_t>(4000, code),
                                                   qk::qparams { 0.5f, code < 0 ? 7 : -8 });
    };
    qk::matrix_f x = qk::matrix_f::Constant(7, 200, 3.0f);
    x.row(1) *= -1.0f;
    x.row(2).setZero();
    x.row(3).setConstant(limits::denorm_min());
    x(4, 5) = limits::quiet_NaN();
    x(5, 0) = 1e30f;
    x.row(6).setConstant(limits::quiet_NaN());
    const qk::matrix_f finite = x.topRows(6);
    require_definition(finite, weight_of(-8));
    require_definition(finite, weight_of(7));
    CHECK_THROWS_WITH_AS(qk::w4a8_linear(weight_of(7))(x), doctest::Contains("it must be finite and not reversed"),
                         std::invalid_argument);
    x(6, 0) = limits::infinity();
    CHECK_THROWS_WITH_AS(qk::w4a8_linear(weight_of(7))(x), doctest::Contains("it must be finite and not reversed"),
                         std::invalid_argument);
}

TEST_CASE("bias, activation, codes and a stage of one's own run in their order")
{
    const qk::matrix_f x = random_matrix(9, 72, 5, 2.0f);
    const qk::vector_f bias = random_vector(35, 7, 3.0f);
    const auto weight = some_weight(35, 72);
    qk::matrix_f y = expected_sums(x, weight);
    for (Index i = 0; i < y.rows(); ++i)
        for (Index j = 0; j < y.cols(); ++j)
            y(i, j) = std::max(float_sum(y(i, j), bias(j)), 0.0f);
    const qk::qparams of_y { 0.17f, 13 };
    qk::matrix<std::uint8_t> codes(9, 35);
    qk::matrix_f placed(9, 35);
    for (Index i = 0; i < y.rows(); ++i)
        for (Index j = 0; j < y.cols(); ++j)
        {
            codes(i, j) = static_cast<std::uint8_t>(qk::quantize_value(y(i, j), of_y, qk::uint8_full::bounds));
            placed(i, j) = float_sum(y(i, j), static_cast<float>(100 * i + j));
        }
    const auto place = [](float v, std::size_t row, std::size_t column)
    { return v + static_cast<float>(100 * row + column); };
    for_each_w4a8_micro_kernel(
        [&](const qk::kernels::w4a8_micro_kernel& kernel)
        {
            const auto result = [&](auto... last) {
                return qk::w4a8_linear(weight, qk::epilogue { qk::add_bias { bias }, qk::relu {}, last... }, kernel)(x);
            };
            require_equal(elements(result()), elements(y));
            require_equal(elements(result(qk::quantize_to { of_y })), elements(codes));
            require_equal(elements(result(place)), elements(placed));
        });
}

TEST_CASE("the layout of input and output does not matter, and nothing beside the output is written")
{
    const Index m = 11, n = 29, k = 45;
    const qk::matrix_f x = random_matrix(m, k, 18);
    qk::matrix_f large = random_matrix(m + 5, k + 9, 20);
    large.block(2, 3, m, k) = x;
    const Eigen::MatrixXf by_columns = x;
    const auto weight = some_weight(n, k);
    for_each_w4a8_micro_kernel(
        [&](const qk::kernels::w4a8_micro_kernel& kernel)
        {
            const qk::w4a8_linear layer(weight, qk::epilogue {}, kernel);
            const qk::matrix_f y = layer(x);
            require_equal(elements(layer(by_columns)), elements(y));
            require_equal(elements(layer(large.block(2, 3, m, k))), elements(y));
            Eigen::MatrixXf y_by_columns(m, n);
            layer(x, y_by_columns);
            require_equal(elements(qk::matrix_f(y_by_columns)), elements(y));
            qk::matrix_f frame = qk::matrix_f::Constant(m + 4, n + 6, 77.0f);
            layer(x, frame.block(1, 2, m, n));
            require_equal(elements(qk::matrix_f(frame.block(1, 2, m, n))), elements(y));
            frame.block(1, 2, m, n).setConstant(77.0f);
            REQUIRE((frame.array() == 77.0f).all());
        });
}

TEST_CASE("a row does not depend on the others")
{
    qk::matrix_f x = random_matrix(30, 48, 23);
    x.row(7) *= 1000.0f;
    x.row(8).setZero();
    const qk::w4a8_linear layer(some_weight(21, 48));
    const qk::matrix_f y = layer(x);
    for (Index i = 0; i < x.rows(); ++i)
        require_equal(elements(layer(qk::matrix_f(x.row(i)))), elements(qk::matrix_f(y.row(i))));
}

TEST_CASE("no allocation after the first call, bytes that are an eighth of the floats and a scale for each group")
{
    const qk::matrix_f x = random_matrix(33, 256, 5);
    const qk::w4a8_linear layer(some_weight(64, 256), qk::epilogue { qk::relu {} });
    CHECK(layer.weight_bytes() == 64 * 256 / 2 + 64 * 256 / 32 * sizeof(float));
    const auto affine = qk::quantize<qk::uint4_full>(random_matrix(64, 256, 4), qk::per_axis { 0 }, qk::affine {});
    CHECK(qk::w4a8_linear(affine).weight_bytes() == 64 * 256 / 2 + 64 * (sizeof(float) + 1));
    qk::matrix_f y(33, 64);
    layer(x, y);
    CHECK(qk::test::allocations_of([&] { layer(x, y); }) == 0);
}

TEST_CASE("empty extents")
{
    const qk::w4a8_linear layer(some_weight(5, 16));
    CHECK(layer(qk::matrix_f(0, 16)).rows() == 0);
    const qk::quantized_tensor<qk::int4_full> nothing({ 5, 0 }, {}, qk::qparams { 0.1f, 0 });
    CHECK((qk::w4a8_linear(nothing)(qk::matrix_f(2, 0)).array() == 0.0f).all());
    const qk::quantized_tensor<qk::int4_full> no_outputs({ 0, 5 }, {}, qk::qparams { 0.1f, 0 });
    CHECK(qk::w4a8_linear(no_outputs)(qk::matrix_f(2, 5)).cols() == 0);
}

TEST_CASE("what does not fit is refused with its numbers")
{
    const qk::matrix_f w = random_matrix(6, 24, 7);
    const auto throws = [](auto make, const char* text)
    { CHECK_THROWS_WITH_AS(make(), doctest::Contains(text), std::invalid_argument); };
    throws(
        [&] {
            return qk::w4a8_linear(qk::quantize<qk::int4_full>(w, qk::per_group { 1, 12 }));
        },
        "quantkit: weights need groups along axis 1 whose size is a multiple of 8, but have groups of 12 along axis 1");
    throws(
        [&] {
            return qk::w4a8_linear(qk::quantize<qk::int4_full>(w, qk::per_group { 0, 8 }));
        },
        "but have groups of 8 along axis 0");
    throws([&] { return qk::w4a8_linear(qk::quantize<qk::int4_full>(w, qk::per_axis { 1 })); },
           "but have them per axis 1");
    throws([&] { return qk::w4a8_linear(qk::quantize<qk::int4_full>(random_vector(20, 1))); },
           "weights must have the shape [out_features, in_features], but have [20]");
    throws([&] { return qk::w4a8_linear(some_weight(6, 24), qk::epilogue { qk::add_bias { random_vector(7, 1) } }); },
           "the bias has 7 values, but the layer has 6 outputs");
    const qk::w4a8_linear layer(some_weight(6, 24));
    throws([&] { return layer(qk::matrix_f(2, 25)); }, "the input must have the shape [m, 24], but has [2, 25]");
    qk::matrix_f y(2, 7);
    throws(
        [&]
        {
            layer(qk::matrix_f(2, 24), y);
            return 0;
        },
        "the output must have the shape [2, 6], but has [2, 7]");
}

TEST_CASE("a group at the accumulator bound is exact, one more value throws with the numbers")
{
    // 127 * 15 for each product: 1,127,288
    constexpr std::ptrdiff_t bound = 1'127'288;
    const auto weight_of = [](std::ptrdiff_t k)
    {
        return qk::quantized_tensor<qk::uint4_full>(
            { 1, k }, std::vector<std::uint8_t>(static_cast<std::size_t>(k), 15), qk::qparams { 1.0f, 0 });
    };
    require_definition(qk::matrix_f::Constant(1, bound, -127.0f), weight_of(bound));
    CHECK_THROWS_WITH_AS(qk::w4a8_linear(weight_of(bound + 1)),
                         doctest::Contains("k = 1127289 products of magnitudes up to 127 and 15 may overflow an int32 "
                                           "sum: k can be 1127288 at most"),
                         std::invalid_argument);
}
