// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/view.hpp>

#include "support/allocation_count.hpp"
#include "support/checks.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::float_product;
    using qk::test::float_sum;
    using qk::test::for_each_micro_kernel;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_equal;
    using limits = std::numeric_limits<float>;
    using column_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

    // float(sums) * (scale_x * scale_w), before any stage, group after group of the weights: row i of x has params[i].
    template <class Range>
    qk::matrix_f expected_sums(const qk::matrix_f& x, const std::vector<qk::qparams>& params, qk::quant_bounds bounds,
                               const qk::quantized_tensor<Range>& weight)
    {
        const Index n = weight.shape()[0], k = weight.shape()[1];
        const auto* by_group = std::get_if<qk::per_group>(&weight.granularity());
        const Index size = by_group == nullptr ? k : by_group->group_size, groups = (k + size - 1) / size;
        qk::matrix_f y(x.rows(), n);
        for (Index i = 0; i < x.rows(); ++i)
        {
            const qk::qparams of_x = params[static_cast<std::size_t>(i)];
            std::vector<std::int64_t> a;
            for (Index p = 0; p < k; ++p)
                a.push_back(qk::quantize_value(x(i, p), of_x, bounds) - of_x.zero_point);
            for (Index j = 0; j < n; ++j)
                for (Index group = 0; group < groups; ++group)
                {
                    const Index parameter = weight.params().size() == 1 ? 0 : j * groups + group;
                    const qk::qparams of_w = weight.params()[static_cast<std::size_t>(parameter)];
                    std::int64_t sum = 0;
                    for (Index p = group * size; p < std::min((group + 1) * size, k); ++p)
                        sum += a[static_cast<std::size_t>(p)]
                               * (weight.codes()[static_cast<std::size_t>(j * k + p)] - of_w.zero_point);
                    REQUIRE(sum == static_cast<std::int32_t>(sum));
                    const float share = float_product(static_cast<float>(sum), float_product(of_x.scale, of_w.scale));
                    y(i, j) = group == 0 ? share : float_sum(y(i, j), share);
                }
        }
        return y;
    }

    std::vector<qk::qparams> each(Index rows, qk::qparams params)
    {
        return std::vector<qk::qparams>(static_cast<std::size_t>(rows), params);
    }

    // What a dynamic layer measures: NaN skipped, -0 as 0.
    qk::real_range range_of(const float* x, Index count)
    {
        qk::real_range range { limits::infinity(), -limits::infinity() };
        for (Index i = 0; i < count; ++i)
        {
            range.min = x[i] < range.min ? x[i] : range.min;
            range.max = x[i] > range.max ? x[i] : range.max;
        }
        return range;
    }

    std::vector<qk::qparams> per_row_params(const qk::matrix_f& x, qk::quant_bounds bounds)
    {
        std::vector<qk::qparams> params;
        for (Index i = 0; i < x.rows(); ++i)
            params.push_back(qk::dynamic_affine {}(range_of(x.row(i).data(), x.cols()), bounds));
        return params;
    }

    std::vector<qk::qparams> per_tensor_params(const qk::matrix_f& x, qk::quant_bounds bounds)
    {
        return each(x.rows(), qk::dynamic_affine {}(range_of(x.data(), x.size()), bounds));
    }

    struct shape
    {
        Index m, n, k;
    };

    constexpr std::array shapes { shape { 1, 1, 1 },     shape { 1, 40, 33 },   shape { 3, 17, 64 },
                                  shape { 13, 100, 19 }, shape { 40, 31, 130 }, shape { 5, 64, 7 },
                                  shape { 2, 3, 0 } };

    constexpr qk::qparams frozen { 0.031f, 117 };

    // Runs check(weight) with every kind of 8-bit weights.
    template <class Check>
    void for_each_weight(const qk::matrix_f& w, Check check)
    {
        check(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 }));
        check(qk::quantize<qk::int8_narrow>(w));
        check(qk::quantize<qk::int8_full>(w, qk::per_axis { 0 }, qk::affine {}));
        check(qk::quantize<qk::uint8_full>(w, qk::per_axis { 0 }));
        check(qk::quantize<qk::uint8_full>(w));
        check(qk::quantize<qk::int8_narrow>(w, qk::per_group { 1, 16 }));
        check(qk::quantize<qk::uint8_full>(w, qk::per_group { 1, 32 }));
    }

    // Every kernel gives y, whichever layer make_layer(kernel) makes.
    template <class MakeLayer, class Scalar>
    void require_result(const qk::matrix_f& x, const qk::matrix<Scalar>& y, MakeLayer make_layer)
    {
        for_each_micro_kernel([&](const qk::kernels::micro_kernel& kernel)
                              { require_equal(elements(make_layer(kernel)(x)), elements(y)); });
    }

    qk::int8_linear<qk::dynamic_per_tensor<>> some_layer()
    {
        return { qk::quantize<qk::int8_narrow>(random_matrix(20, 30, 1), qk::per_axis { 0 }),
                 qk::dynamic_per_tensor {} };
    }
}

TEST_CASE("static, dynamic per tensor and per row, with every kind of weights, on every micro-kernel")
{
    for (const shape& size : shapes)
    {
        CAPTURE(size.m);
        CAPTURE(size.n);
        CAPTURE(size.k);
        const qk::matrix_f x = random_matrix(size.m, size.k, 1, 2.0f), w = random_matrix(size.n, size.k, 2, 0.3f);
        if (size.k == 0)
        {
            const qk::quantized_tensor<qk::int8_narrow> empty({ size.n, 0 }, {}, qk::qparams { 0.1f, 0 });
            const qk::matrix_f zeros = qk::matrix_f::Zero(size.m, size.n);
            require_result(x, zeros,
                           [&](const auto& kernel)
                           { return qk::int8_linear(empty, qk::dynamic_per_tensor {}, qk::epilogue {}, kernel); });
            require_result(x, zeros,
                           [&](const auto& kernel)
                           { return qk::int8_linear(empty, qk::static_input { frozen }, qk::epilogue {}, kernel); });
            continue;
        }
        constexpr qk::quant_bounds u8 = qk::uint8_full::bounds, reduced = qk::uint8_reduced::bounds;
        for_each_weight(
            w,
            [&](const auto& weight)
            {
                const auto check = [&](auto input, const std::vector<qk::qparams>& params, qk::quant_bounds bounds)
                {
                    require_result(x, expected_sums(x, params, bounds, weight),
                                   [&](const auto& kernel)
                                   { return qk::int8_linear(weight, input, qk::epilogue {}, kernel); });
                };
                check(qk::static_input { frozen }, each(size.m, frozen), u8);
                check(qk::static_input<qk::uint8_reduced>({ 0.1f, 60 }), each(size.m, { 0.1f, 60 }), reduced);
                constexpr qk::quant_bounds bits4 { 0, 15 };
                check(qk::static_input({ 0.2f, 9 }, bits4), each(size.m, { 0.2f, 9 }), bits4);
                check(qk::dynamic_per_tensor {}, per_tensor_params(x, u8), u8);
                check(qk::dynamic_per_row {}, per_row_params(x, u8), u8);
                check(qk::dynamic_per_row<qk::uint8_reduced> {}, per_row_params(x, reduced), reduced);
            });
    }
}

TEST_CASE("the result is as near the float product as quantization allows")
{
    const qk::matrix_f x = random_matrix(10, 80, 3), w = random_matrix(25, 80, 4, 0.2f);
    const auto weight = qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 });
    const qk::matrix_f y = qk::int8_linear(weight, qk::dynamic_per_row {})(x);
    const std::vector<qk::qparams> params = per_row_params(x, qk::uint8_full::bounds);
    for (Index i = 0; i < y.rows(); ++i)
        for (Index j = 0; j < y.cols(); ++j)
        {
            // |dx| <= scale_x (a zero point rounded to a code costs half a step at an end of the range, rounding the
            // other half), |dw| <= scale_w / 2: |d(x w)| <= |x| |dw| + |w| |dx| + |dx| |dw|, and 1 % for float rounding
            const double of_x = static_cast<double>(params[static_cast<std::size_t>(i)].scale);
            const double of_w = static_cast<double>(weight.scales()[static_cast<std::size_t>(j)]) / 2;
            double exact = 0, bound = 0;
            for (Index p = 0; p < x.cols(); ++p)
            {
                const double left = static_cast<double>(x(i, p)), right = static_cast<double>(w(j, p));
                exact += left * right;
                bound += std::abs(left) * of_w + std::abs(right) * of_x + of_x * of_w;
            }
            REQUIRE(std::abs(static_cast<double>(y(i, j)) - exact) <= 1.01 * bound);
        }
}

TEST_CASE("bias, relu, relu6 and clamp run in their order")
{
    const qk::matrix_f x = random_matrix(9, 24, 5, 2.0f), w = random_matrix(35, 24, 6);
    const qk::vector_f bias = random_vector(35, 7, 3.0f);
    for_each_weight(
        w,
        [&](const auto& weight)
        {
            const qk::matrix_f sums = expected_sums(x, each(9, frozen), qk::uint8_full::bounds, weight);
            const auto mapped = [](qk::matrix_f values, auto function)
            {
                for (Index i = 0; i < values.rows(); ++i)
                    for (Index j = 0; j < values.cols(); ++j)
                        values(i, j) = function(values(i, j), j);
                return values;
            };
            const qk::matrix_f biased = mapped(sums, [&](float v, Index j) { return float_sum(v, bias(j)); });
            const qk::matrix_f raised = mapped(biased, [](float v, Index) { return v < 0.0f ? 0.0f : v; });
            const auto check = [&](const qk::matrix_f& y, const auto& stages)
            {
                require_result(x, y,
                               [&](const auto& kernel)
                               { return qk::int8_linear(weight, qk::static_input { frozen }, stages, kernel); });
            };
            check(biased, qk::epilogue { qk::add_bias { bias } });
            check(raised, qk::epilogue { qk::add_bias { bias }, qk::relu {} });
            check(mapped(raised, [](float v, Index) { return v > 6.0f ? 6.0f : v; }),
                  qk::epilogue { qk::add_bias { bias }, qk::relu6 {} });
            check(mapped(sums, [](float v, Index) { return v < -1.5f  ? -1.5f
                                                           : v > 2.5f ? 2.5f
                                                                      : v; }),
                  qk::epilogue { qk::clamp { -1.5f, 2.5f } });
            check(mapped(mapped(sums, [](float v, Index) { return v < 0.0f ? 0.0f : v; }),
                         [&](float v, Index j) { return float_sum(v, bias(j)); }),
                  qk::epilogue { qk::relu {}, qk::add_bias { bias } });
        });
}

TEST_CASE("dynamic layers run the same stages")
{
    const qk::matrix_f x = random_matrix(9, 24, 5, 2.0f), w = random_matrix(35, 24, 6);
    const qk::vector_f bias = random_vector(35, 7, 3.0f);
    const auto weight = qk::quantize<qk::uint8_full>(w, qk::per_axis { 0 });
    const auto check = [&](auto input, const std::vector<qk::qparams>& params)
    {
        qk::matrix_f y = expected_sums(x, params, qk::uint8_full::bounds, weight);
        for (Index i = 0; i < y.rows(); ++i)
            for (Index j = 0; j < y.cols(); ++j)
                y(i, j) = std::max(float_sum(y(i, j), bias(j)), 0.0f);
        const qk::epilogue stages { qk::add_bias { bias }, qk::relu {} };
        require_result(x, y, [&](const auto& kernel) { return qk::int8_linear(weight, input, stages, kernel); });
    };
    check(qk::dynamic_per_tensor {}, per_tensor_params(x, qk::uint8_full::bounds));
    check(qk::dynamic_per_row {}, per_row_params(x, qk::uint8_full::bounds));
}

TEST_CASE("a layer returns codes after quantize_to")
{
    const qk::matrix_f x = random_matrix(12, 50, 8, 2.0f), w = random_matrix(37, 50, 9);
    const qk::vector_f bias = random_vector(37, 10, 3.0f);
    const qk::qparams of_y { 0.17f, 13 };
    const auto weight = qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 });
    const qk::matrix_f sums = expected_sums(x, each(12, frozen), qk::uint8_full::bounds, weight);
    const auto check = [&]<class Range>(Range)
    {
        qk::matrix<typename Range::code_type> y(12, 37);
        for (Index i = 0; i < y.rows(); ++i)
            for (Index j = 0; j < y.cols(); ++j)
                y(i, j) = static_cast<typename Range::code_type>(
                    qk::quantize_value(float_sum(sums(i, j), bias(j)), of_y, Range::bounds));
        const qk::epilogue stages { qk::add_bias { bias }, qk::quantize_to<Range> { of_y } };
        require_result(x, y,
                       [&](const auto& kernel)
                       { return qk::int8_linear(weight, qk::static_input { frozen }, stages, kernel); });
    };
    check(qk::uint8_full {});
    check(qk::int8_full {});
    check(qk::int8_narrow {});
    check(qk::uint8_reduced {});
}

TEST_CASE("two layers without a float between them")
{
    const qk::matrix_f x = random_matrix(6, 40, 11), first = random_matrix(30, 40, 12, 0.2f),
                       second = random_matrix(10, 30, 13, 0.2f);
    const qk::qparams hidden { 0.02f, 0 };
    const auto w1 = qk::quantize<qk::int8_narrow>(first, qk::per_axis { 0 });
    const auto w2 = qk::quantize<qk::int8_narrow>(second, qk::per_axis { 0 });
    const qk::int8_linear to_codes(w1, frozen, qk::epilogue { qk::relu {}, qk::quantize_to { hidden } });
    const qk::int8_linear to_floats(w1, frozen, qk::epilogue { qk::relu {} });
    const qk::int8_linear next(w2, hidden);
    require_equal(elements(next(to_codes(x))), elements(next(to_floats(x))));
}

TEST_CASE("activations of 7 bits: the layer picks the quicker kernel where there is one, with the same bits")
{
    const qk::matrix_f x = random_matrix(13, 75, 31, 2.0f), w = random_matrix(37, 75, 32);
    const auto weight = qk::quantize<qk::int8_full>(w, qk::per_axis { 0 });
    const qk::static_input<qk::uint8_reduced> input { { 0.03f, 64 } };
    const qk::int8_linear layer(weight, input);
    const qk::int8_linear plain(weight, input, qk::epilogue {},
                                qk::kernels::micro_kernel_of<qk::kernels::scalar_tiles>);
    require_equal(elements(layer(x)), elements(plain(x)));
    const qk::matrix<std::uint8_t> codes = qk::matrix<std::uint8_t>::Constant(13, 75, 127);
    require_equal(elements(layer(codes)), elements(plain(codes)));
    const bool avx2_is_best = qk::kernels::best_micro_kernel().level == qk::isa_level::avx2;
    CHECK((layer.kernel().name() == "avx2_u7") == avx2_is_best);
    CHECK(qk::int8_linear(weight, qk::static_input { { 0.03f, 64 } }).kernel().name() != "avx2_u7");
}

TEST_CASE("static input: bounds that are no part of the range, and zero points beyond them, are refused")
{
    using input = qk::static_input<qk::uint8_full>;
    CHECK_THROWS_WITH_AS(input({ 0.1f, 0 }, { 0, 256 }), "quantkit: input codes in [0, 256] are no part of [0, 255]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(input({ 0.1f, 0 }, { 3, 3 }), "quantkit: input codes in [3, 3] are no part of [0, 255]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(input({ 0.1f, 16 }, { 0, 15 }), "quantkit: zero_point 16 lies outside [0, 15]",
                         std::invalid_argument);
}

TEST_CASE("codes beyond a reduced range, and kernels that cannot take all codes of a range, are refused")
{
    const auto weight = qk::quantize<qk::int8_full>(random_matrix(4, 6, 33), qk::per_axis { 0 });
    const qk::int8_linear layer(weight, qk::static_input<qk::uint8_reduced> { { 0.03f, 64 } });
    qk::matrix<std::uint8_t> codes = qk::matrix<std::uint8_t>::Constant(3, 6, 127);
    codes(2, 5) = 128;
    CHECK_THROWS_WITH_AS(layer(codes), "quantkit: the input code 128 at (2, 5) lies outside the layer's range [0, 127]",
                         std::invalid_argument);
#if defined(QUANTKIT_X86)
    const qk::kernels::micro_kernel& u7 = qk::kernels::micro_kernel_of<qk::kernels::avx2_u7_tiles>;
    CHECK_THROWS_WITH_AS(
        qk::int8_linear(weight, qk::static_input { { 0.03f, 64 } }, qk::epilogue {}, u7),
        "quantkit: the micro-kernel avx2_u7 is exact for activations up to 127, but the input's range ends at 255",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::matmul_integer(codes, codes.transpose(), {}, {}, u7),
                         "quantkit: the micro-kernel avx2_u7 is exact for codes up to 127 only", std::invalid_argument);
#endif
}

TEST_CASE("codes as input equal floats that the layer quantizes")
{
    const qk::matrix_f x = random_matrix(14, 45, 14, 2.0f), w = random_matrix(33, 45, 15);
    const auto quantized = qk::quantize<qk::uint8_full>(x, frozen);
    const qk::matrix<std::uint8_t> codes =
        Eigen::Map<const qk::matrix<std::uint8_t>>(quantized.codes().data(), x.rows(), x.cols());
    const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> codes_by_columns = codes;
    for_each_weight(w,
                    [&](const auto& weight)
                    {
                        for_each_micro_kernel(
                            [&](const qk::kernels::micro_kernel& kernel)
                            {
                                const qk::int8_linear layer(weight, qk::static_input { frozen }, qk::epilogue {},
                                                            kernel);
                                const qk::matrix_f y = layer(x);
                                require_equal(elements(layer(codes)), elements(y));
                                require_equal(elements(layer(codes_by_columns)), elements(y));
                                require_equal(elements(layer(quantized.view())), elements(y));
                            });
                    });
}

TEST_CASE("a stage of one's own sees the value, its row and its column")
{
    const qk::matrix_f x = random_matrix(13, 20, 16), w = random_matrix(27, 20, 17);
    const auto weight = qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 });
    const auto stage = [](float v, std::size_t row, std::size_t column)
    { return v * 2.0f + static_cast<float>(100 * row + column); };
    qk::matrix_f y = expected_sums(x, each(13, frozen), qk::uint8_full::bounds, weight);
    for (Index i = 0; i < y.rows(); ++i)
        for (Index j = 0; j < y.cols(); ++j)
            y(i, j) = std::min(float_sum(2.0f * y(i, j), static_cast<float>(100 * i + j)), 1000.0f);
    require_result(x, y,
                   [&](const auto& kernel)
                   {
                       return qk::int8_linear(weight, qk::static_input { frozen },
                                              qk::epilogue { stage, qk::clamp { -limits::infinity(), 1000.0f } },
                                              kernel);
                   });
}

TEST_CASE("the layout of input and output does not matter, and nothing beside the output is written")
{
    const Index m = 11, n = 29, k = 34;
    const qk::matrix_f x = random_matrix(m, k, 18), w = random_matrix(n, k, 19);
    const column_major by_columns = x;
    qk::matrix_f large = random_matrix(m + 5, k + 9, 20);
    large.block(2, 3, m, k) = x;
    column_major spread = random_matrix(2 * k, 3 * m, 21);
    Eigen::Map<qk::matrix_f, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> mapped(spread.data(), m, k,
                                                                                      { 3 * 2 * k, 2 });
    mapped = x;
    for_each_weight(w,
                    [&](const auto& weight)
                    {
                        for_each_micro_kernel(
                            [&](const qk::kernels::micro_kernel& kernel)
                            {
                                const auto check = [&](const auto& layer)
                                {
                                    const qk::matrix_f y = layer(x);
                                    require_equal(elements(layer(by_columns)), elements(y));
                                    require_equal(elements(layer(large.block(2, 3, m, k))), elements(y));
                                    require_equal(elements(layer(mapped)), elements(y));

                                    column_major y_by_columns(m, n);
                                    layer(x, y_by_columns);
                                    require_equal(elements(qk::matrix_f(y_by_columns)), elements(y));
                                    qk::matrix_f frame = qk::matrix_f::Constant(m + 4, n + 6, 77.0f);
                                    layer(x, frame.block(1, 2, m, n));
                                    require_equal(elements(qk::matrix_f(frame.block(1, 2, m, n))), elements(y));
                                    frame.block(1, 2, m, n).setConstant(77.0f);
                                    REQUIRE((frame.array() == 77.0f).all());
                                };
                                check(qk::int8_linear(weight, qk::static_input { frozen }, qk::epilogue {}, kernel));
                                check(qk::int8_linear(weight, qk::dynamic_per_tensor {}, qk::epilogue {}, kernel));
                                check(qk::int8_linear(weight, qk::dynamic_per_row {}, qk::epilogue {}, kernel));
                            });
                    });
}

TEST_CASE("with one range per row, a row does not depend on the others")
{
    const qk::matrix_f w = random_matrix(21, 48, 22);
    qk::matrix_f x = random_matrix(30, 48, 23);
    x.row(7) *= 1000.0f;
    x.row(8).setZero();
    const auto weight = qk::quantize<qk::uint8_full>(w, qk::per_axis { 0 });
    for_each_micro_kernel(
        [&](const qk::kernels::micro_kernel& kernel)
        {
            const qk::int8_linear layer(weight, qk::dynamic_per_row {}, qk::epilogue {}, kernel);
            const qk::matrix_f y = layer(x);
            for (Index i = 0; i < x.rows(); ++i)
                require_equal(elements(layer(qk::matrix_f(x.row(i)))), elements(qk::matrix_f(y.row(i))));
            CHECK((y.row(8).array() == 0.0f).all());
        });
}

TEST_CASE("dynamic qparams that are frozen afterwards give the same bits")
{
    const qk::matrix_f x = random_matrix(8, 31, 24), w = random_matrix(19, 31, 25);
    for_each_weight(w,
                    [&](const auto& weight)
                    {
                        const qk::qparams params = per_tensor_params(x, qk::uint8_full::bounds)[0];
                        require_equal(elements(qk::int8_linear(weight, qk::dynamic_per_tensor {})(x)),
                                      elements(qk::int8_linear(weight, params)(x)));
                    });
}

TEST_CASE("a batch of 0 gives 0 rows")
{
    const qk::matrix_f nothing(0, 30);
    const auto weight = qk::quantize<qk::int8_narrow>(random_matrix(20, 30, 1), qk::per_axis { 0 });
    const auto check = [&](auto input)
    {
        const qk::matrix_f y = qk::int8_linear(weight, input)(nothing);
        CHECK(y.rows() == 0);
        CHECK(y.cols() == 20);
    };
    check(frozen);
    check(qk::dynamic_per_tensor {});
    check(qk::dynamic_per_row {});
    CHECK(qk::int8_linear(weight, frozen, qk::epilogue { qk::quantize_to { frozen } })(nothing).size() == 0);
}

TEST_CASE("static input saturates, also infinities, and NaN is quant_min")
{
    qk::matrix_f x(1, 4);
    x << limits::infinity(), -limits::infinity(), limits::quiet_NaN(), 1e30f;
    const qk::quantized_tensor<qk::int8_full> weight({ 4, 4 }, { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 },
                                                     qk::qparams { 1.0f, 0 });
    for_each_micro_kernel(
        [&](const qk::kernels::micro_kernel& kernel)
        {
            const qk::matrix_f y =
                qk::int8_linear(weight, qk::static_input { qk::qparams { 0.5f, 55 } }, qk::epilogue {}, kernel)(x);
            require_equal(elements(y), std::vector<float> { 100.0f, -27.5f, -27.5f, 100.0f });
        });
}

TEST_CASE("dynamic input skips NaN; NaN alone, or an infinity, throws with the range")
{
    const auto weight = qk::quantize<qk::int8_narrow>(random_matrix(20, 30, 1), qk::per_axis { 0 });
    const qk::int8_linear per_tensor(weight, qk::dynamic_per_tensor {});
    const qk::int8_linear per_row(weight, qk::dynamic_per_row {});
    const auto throws = [](const auto& layer, const qk::matrix_f& x, const char* text)
    { CHECK_THROWS_WITH_AS(layer(x), doctest::Contains(text), std::invalid_argument); };

    qk::matrix_f x = random_matrix(5, 30, 26);
    x(3, 4) = limits::quiet_NaN();
    // NaN gets the code quant_min, by the measured range of the others
    require_equal(elements(per_tensor(x)), elements(expected_sums(x, per_tensor_params(x, qk::uint8_full::bounds),
                                                                  qk::uint8_full::bounds, weight)));
    require_equal(elements(per_row(x)), elements(expected_sums(x, per_row_params(x, qk::uint8_full::bounds),
                                                               qk::uint8_full::bounds, weight)));
    x.row(3).setConstant(limits::quiet_NaN());
    CHECK_NOTHROW(per_tensor(x));
    throws(per_row, x, "cannot choose qparams for the range [inf, -inf]");
    throws(per_tensor, qk::matrix_f::Constant(2, 30, limits::quiet_NaN()),
           "cannot choose qparams for the range [inf, -inf]");
    x = random_matrix(5, 30, 26);
    x(2, 2) = limits::infinity();
    throws(per_tensor, x, "inf]: it must be finite and not reversed");
    throws(per_row, x, "inf]: it must be finite and not reversed");
    // the layer is as usable as before
    CHECK_NOTHROW(per_row(random_matrix(5, 30, 26)));
}

TEST_CASE("inputs and outputs of a wrong shape throw with both shapes")
{
    const auto layer = some_layer();
    const qk::matrix_f x = random_matrix(4, 30, 27);
    CHECK(layer.in_features() == 30);
    CHECK(layer.out_features() == 20);
    CHECK_THROWS_WITH_AS(layer(random_matrix(4, 29, 1)),
                         doctest::Contains("the input must have the shape [m, 30], but has [4, 29]"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(layer(random_vector(30, 1)),
                         doctest::Contains("the input must have the shape [m, 30], but has [30]"),
                         std::invalid_argument);
    for (const auto& [rows, columns] : { std::pair { 4, 21 }, { 3, 20 }, { 20, 4 } })
    {
        qk::matrix_f y(rows, columns);
        CHECK_THROWS_WITH_AS(layer(x, y), doctest::Contains("the output must have the shape [4, 20], but has ["),
                             std::invalid_argument);
    }
}

TEST_CASE("layers that cannot be made throw with the values")
{
    const qk::matrix_f w = random_matrix(20, 30, 1);
    const auto weight = qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 });
    const auto throws = [](auto make, const char* text)
    { CHECK_THROWS_WITH_AS(make(), doctest::Contains(text), std::invalid_argument); };

    throws([&] { return qk::int8_linear(weight, frozen, qk::epilogue { qk::add_bias { random_vector(21, 1) } }); },
           "the bias has 21 values, but the layer has 20 outputs");
    throws(
        [&] {
            return qk::int8_linear(qk::quantize<qk::int8_narrow>(w, qk::per_group { 1, 10 }), frozen);
        },
        "groups along axis 1 whose size is a multiple of 4, but the weights have groups of 10 along axis 1");
    throws([&] { return qk::int8_linear(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 1 }), frozen); },
           "int8_linear needs weights quantized per_tensor, per_axis { 0 } or per_group along axis 1");
    const auto grouped = qk::quantize<qk::int8_narrow>(w, qk::per_group { 1, 8 });
    throws([&] { return qk::int8_linear(grouped, frozen, qk::epilogue { qk::requantize_fixed_point<>(0.001, 0) }); },
           "stages without floating point need one scale for all of k, but the weights have groups of 8");
    throws([&] { return qk::int8_linear(qk::quantize<qk::int8_narrow>(random_vector(20, 1)), frozen); },
           "weights must have the shape [out_features, in_features], but have [20]");
    throws([&] { return qk::int8_linear(weight, qk::qparams { 0.1f, 256 }); }, "zero_point 256 lies outside [0, 255]");
    throws([&] { return qk::int8_linear(weight, qk::qparams { limits::quiet_NaN(), 0 }); }, "scale must be positive");
    throws([&] { return qk::quantize_to<qk::int8_full> { qk::qparams { 0.0f, 0 } }; }, "but is 0");
}

TEST_CASE("in_features at the accumulator bound is exact, one more throws with the numbers")
{
    // 255 * 127 per product: 66,311
    constexpr std::ptrdiff_t bound = 66'311;
    const auto weight_of = [](std::ptrdiff_t k, std::int8_t code)
    {
        return qk::quantized_tensor<qk::int8_narrow>({ 2, k }, std::vector(static_cast<std::size_t>(2 * k), code),
                                                     qk::qparams { 1.0f, 0 });
    };
    const qk::matrix<std::uint8_t> x = qk::matrix<std::uint8_t>::Constant(1, bound, 255);
    for_each_micro_kernel(
        [&](const qk::kernels::micro_kernel& kernel)
        {
            const qk::int8_linear layer(weight_of(bound, -127), qk::static_input { qk::qparams { 1.0f, 0 } },
                                        qk::epilogue {}, kernel);
            require_equal(elements(layer(x)), std::vector<float>(2, static_cast<float>(-255.0 * 127.0 * bound)));
        });
    CHECK_THROWS_WITH_AS(
        qk::int8_linear(weight_of(bound + 1, 0), frozen),
        doctest::Contains(
            "k = 66312 products of magnitudes up to 255 and 127 may overflow an int32 sum: k can be 66311 at most"),
        std::invalid_argument);
}

TEST_CASE("a layer allocates nothing when it runs again into existing storage")
{
    const qk::matrix_f x = random_matrix(33, 50, 28), w = random_matrix(40, 50, 29);
    const column_major by_columns = x;
    const qk::vector_f bias = random_vector(40, 30);
    for_each_weight(w,
                    [&](const auto& weight)
                    {
                        const auto check = [&](const auto& layer, const auto& input)
                        {
                            qk::matrix<typename std::remove_cvref_t<decltype(layer)>::output_type> y(33, 40);
                            layer(input, y);
                            CHECK(qk::test::allocations_of([&] { layer(input, y); }) == 0);
                        };
                        const qk::epilogue stages { qk::add_bias { bias }, qk::relu {} };
                        check(qk::int8_linear(weight, frozen, stages), x);
                        check(qk::int8_linear(weight, qk::dynamic_per_tensor {}, stages), x);
                        check(qk::int8_linear(weight, qk::dynamic_per_row {}, stages), x);
                        check(qk::int8_linear(weight, qk::dynamic_per_row {}, stages), by_columns);
                        check(qk::int8_linear(weight, frozen, qk::epilogue { qk::quantize_to { frozen } }), by_columns);
                    });
    // the counter does count; compilers may leave out memory whose address nobody sees
    [[maybe_unused]] static const void* volatile seen = nullptr;
    std::vector<int> grown;
    qk::aligned_buffer<int> aligned;
    CHECK(qk::test::allocations_of([&] { seen = (grown = std::vector<int>(1)).data(); }) > 0);
    CHECK(qk::test::allocations_of([&] { seen = (aligned = qk::aligned_buffer<int>(1)).data(); }) > 0);
}

TEST_CASE("one layer runs in several threads at once")
{
    const auto weight = qk::quantize<qk::uint8_full>(random_matrix(50, 60, 31), qk::per_axis { 0 });
    const qk::int8_linear layer(weight, qk::dynamic_per_row {}, qk::epilogue { qk::relu {} });
    std::vector<qk::matrix_f> inputs, expected;
    for (std::uint64_t i = 0; i < 2; ++i)
    {
        inputs.push_back(random_matrix(static_cast<Index>(20 + 30 * i), 60, 32 + i));
        expected.push_back(layer(inputs.back()));
    }
    std::array<int, 2> wrong {};
    std::latch both_run(2); // so that the calls overlap
    const auto run = [&](std::size_t which)
    {
        both_run.arrive_and_wait();
        for (int i = 0; i < 3000; ++i)
            wrong[which] += layer(inputs[which]) != expected[which];
    };
    std::thread first(run, 0), second(run, 1);
    first.join();
    second.join();
    CHECK(wrong[0] == 0);
    CHECK(wrong[1] == 0);
}
