// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/tensor/int16_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/tensor/view.hpp>

#include "support/allocation_count.hpp"
#include "support/checks.hpp"
#include "support/int16_products.hpp"
#include "support/linear_layers.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::float_product;
    using qk::test::float_sum;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_equal;
    using limits = std::numeric_limits<float>;

    constexpr qk::qparams frozen { 1.3e-4f, 0 };

    // float(sums) * (scale_x * scale_w), before any stage: row i of x has the scale scales[i].
    template <class Range>
    qk::matrix_f expected_sums(const qk::matrix_f& x, const std::vector<float>& scales, qk::quant_bounds bounds,
                               const qk::quantized_tensor<Range>& weight)
    {
        const Index n = weight.shape()[0], k = weight.shape()[1];
        qk::matrix_f y(x.rows(), n);
        for (Index i = 0; i < x.rows(); ++i)
            for (Index j = 0; j < n; ++j)
            {
                const float of_x = scales[static_cast<std::size_t>(i)];
                const float of_w = weight.scales()[weight.scales().size() == 1 ? 0 : static_cast<std::size_t>(j)];
                std::int64_t sum = 0;
                for (Index p = 0; p < k; ++p)
                    sum += std::int64_t { qk::quantize_value(x(i, p), { of_x, 0 }, bounds) }
                           * weight.codes()[static_cast<std::size_t>(j * k + p)];
                y(i, j) = float_product(static_cast<float>(sum), float_product(of_x, of_w));
            }
        return y;
    }

    // max |x| / quant_max, where it is a narrow range
    float scale_of(const float* x, Index count, qk::quant_bounds bounds)
    {
        float largest = 0.0f;
        for (Index i = 0; i < count; ++i)
            largest = std::abs(x[i]) > largest ? std::abs(x[i]) : largest;
        return largest / static_cast<float>(bounds.quant_max);
    }

    std::vector<float> per_row_scales(const qk::matrix_f& x, qk::quant_bounds bounds)
    {
        std::vector<float> scales;
        for (Index i = 0; i < x.rows(); ++i)
            scales.push_back(scale_of(x.row(i).data(), x.cols(), bounds));
        return scales;
    }

    std::vector<float> each(Index rows, float scale)
    {
        return std::vector<float>(static_cast<std::size_t>(rows), scale);
    }

    template <class Range = qk::int16_narrow>
    qk::quantized_tensor<Range> per_output(const qk::matrix_f& w)
    {
        return qk::quantize<Range>(w, qk::per_axis { 0 }, qk::fine_symmetric {});
    }

    // Every kernel that may multiply these gives y, with int32 sums where they fit, and with int64 sums always.
    template <class Range, class Input, class Stages, class Scalar>
    void require_result(const qk::quantized_tensor<Range>& weight, const Input& input, const Stages& stages,
                        const qk::matrix_f& x, const qk::matrix<Scalar>& y)
    {
        const qk::int16_linear best(weight, input, stages);
        require_equal(elements(best(x)), elements(y));
        const auto check = [&](const qk::kernels::micro_kernel& kernel)
        { require_equal(elements(qk::int16_linear(weight, input, stages, kernel)(x)), elements(y)); };
        qk::test::for_each_runnable(qk::kernels::compiled_wide_kernels(), check);
        if (best.sum_bits() == 32)
            qk::test::for_each_runnable(qk::kernels::compiled_int16_kernels(), check);
    }

    template <class Range>
    void check_inputs(const qk::matrix_f& x, const qk::quantized_tensor<Range>& weight)
    {
        constexpr qk::quant_bounds full = qk::int16_narrow::bounds, few = qk::narrow_range<10>::bounds;
        const auto check = [&](auto input, const std::vector<float>& scales, qk::quant_bounds bounds)
        { require_result(weight, input, qk::epilogue {}, x, expected_sums(x, scales, bounds, weight)); };
        check(qk::int16_per_row<> {}, per_row_scales(x, full), full);
        check(qk::int16_per_tensor<> {}, each(x.rows(), scale_of(x.data(), x.size(), full)), full);
        check(qk::static_input<qk::int16_narrow> { frozen }, each(x.rows(), frozen.scale), full);
        check(qk::int16_per_row<qk::narrow_range<10>> {}, per_row_scales(x, few), few);
        check(qk::static_input<qk::int16_full> { frozen }, each(x.rows(), frozen.scale), qk::int16_full::bounds);
    }

    double sqnr_in_decibels(const qk::matrix_f& y, const Eigen::MatrixXd& reference)
    {
        return 10.0 * std::log10(reference.squaredNorm() / (y.cast<double>() - reference).squaredNorm());
    }
}

TEST_CASE("static, dynamic per tensor and per row, with weights of 16, 12 and 8 bits, on every micro-kernel")
{
    struct shape
    {
        Index m, n, k;
    };
    for (const shape& size : { shape { 1, 1, 1 }, shape { 1, 40, 33 }, shape { 3, 17, 64 }, shape { 13, 100, 19 },
                               shape { 40, 31, 130 }, shape { 5, 64, 7 } })
    {
        CAPTURE(size.m);
        CAPTURE(size.n);
        CAPTURE(size.k);
        const qk::matrix_f x = random_matrix(size.m, size.k, 1, 2.0f), w = random_matrix(size.n, size.k, 2, 0.03f);
        check_inputs(x, per_output(w));
        check_inputs(x, qk::quantize<qk::int16_narrow>(w, qk::per_tensor {}, qk::fine_symmetric {}));
        check_inputs(x, per_output<qk::narrow_range<12>>(w));
        check_inputs(x, per_output<qk::int8_narrow>(w));
    }
}

TEST_CASE("without values along k the result is what the epilogue makes of 0")
{
    const qk::quantized_tensor<qk::int16_narrow> empty({ 5, 0 }, {}, qk::qparams { 0.1f, 0 });
    const qk::vector_f bias = random_vector(5, 3);
    const qk::epilogue stages { qk::add_bias { bias } };
    const qk::matrix_f x(2, 0), y = bias.transpose().replicate(2, 1);
    require_result(empty, qk::int16_per_row<> {}, stages, x, y);
    require_result(empty, qk::static_input<qk::int16_narrow> { frozen }, stages, x, y);
    CHECK(qk::int16_linear(per_output(random_matrix(5, 6, 1)), qk::int16_per_row<> {})(qk::matrix_f(0, 6)).rows() == 0);
}

TEST_CASE("16 bits keep the float product to 80 dB and more, 8 bits do not")
{
    const qk::matrix_f x = random_matrix(24, 768, 3), w = random_matrix(48, 768, 4, 0.02f);
    const Eigen::MatrixXd exact = x.cast<double>() * w.cast<double>().transpose();
    const auto weight = per_output(w);
    CHECK(sqnr_in_decibels(qk::int16_linear(weight, qk::int16_per_row<> {})(x), exact) > 80.0);
    CHECK(sqnr_in_decibels(qk::int16_linear(weight, qk::int16_per_tensor<> {})(x), exact) > 80.0);
    const qk::qparams from_range { x.cwiseAbs().maxCoeff() / 32767.0f, 0 };
    CHECK(sqnr_in_decibels(qk::int16_linear(weight, from_range)(x), exact) > 80.0);
    CHECK(sqnr_in_decibels(qk::int16_linear(per_output<qk::int8_narrow>(w), qk::int16_per_row<> {})(x), exact) < 60.0);
}

TEST_CASE("weights below PyTorch's floor of the scale lose nothing")
{
    const qk::matrix_f x = random_matrix(4, 300, 3), w = random_matrix(9, 300, 4, 1e-6f);
    const Eigen::MatrixXd exact = x.cast<double>() * w.cast<double>().transpose();
    CHECK(sqnr_in_decibels(qk::int16_linear(per_output(w), qk::int16_per_row<> {})(x), exact) > 80.0);
    const auto floored = qk::quantize<qk::int16_narrow>(w, qk::per_axis { 0 }, qk::symmetric {});
    CHECK(sqnr_in_decibels(qk::int16_linear(floored, qk::int16_per_row<> {})(x), exact) < 60.0);
}

TEST_CASE("rows of zeros, and of the smallest floats, give finite results")
{
    qk::matrix_f x = random_matrix(3, 20, 5);
    x.row(1).setZero();
    x.row(2).setConstant(1e-44f);
    const qk::matrix_f y = qk::int16_linear(per_output(random_matrix(7, 20, 6)), qk::int16_per_row<> {})(x);
    CHECK((y.row(1).array() == 0.0f).all());
    CHECK((y.row(2).array() == 0.0f).all());
}

TEST_CASE("sums are int32 where the codes allow it, else int64")
{
    const auto bits = [](const auto& weight, auto input) { return qk::int16_linear(weight, input).sum_bits(); };
    const qk::matrix_f w = random_matrix(8, 600, 7);
    CHECK(bits(per_output(w), qk::int16_per_row<> {}) == 64);
    CHECK(bits(per_output<qk::narrow_range<12>>(w), qk::int16_per_row<qk::narrow_range<12>> {}) == 32);
    CHECK(bits(per_output<qk::int8_narrow>(w), qk::int16_per_row<> {}) == 32);

    // all weights at the end of their range: the bound of the ranges is the bound of the sums
    const auto bits_of_ones = [&](Index k)
    {
        const qk::matrix_f ones = qk::matrix_f::Ones(3, k);
        return bits(per_output<qk::narrow_range<12>>(ones), qk::int16_per_row<qk::narrow_range<12>> {});
    };
    CHECK(bits_of_ones(512) == 32);
    CHECK(bits_of_ones(513) == 64);
}

TEST_CASE("at the bound of int32 both sums are exact, beyond it the kernel for int32 is refused with the numbers")
{
    using range = qk::narrow_range<12>;
    const auto layer_of = [](Index k, const qk::kernels::micro_kernel& kernel)
    {
        const qk::matrix_f w = qk::matrix_f::Constant(3, k, -2.0f);
        return qk::int16_linear(per_output<range>(w), qk::int16_per_row<range> {}, qk::epilogue {}, kernel);
    };
    const auto check = [&](const qk::kernels::micro_kernel& kernel)
    {
        const qk::matrix_f y = layer_of(512, kernel)(qk::matrix_f(qk::matrix_f::Constant(2, 512, 0.5f)));
        const float scale = float_product(0.5f / 2047.0f, 2.0f / 2047.0f);
        CHECK((y.array() == float_product(-2145387008.0f, scale)).all()); // -512 * 2047^2, as a float
    };
    qk::test::for_each_runnable(qk::kernels::compiled_wide_kernels(), check);
    qk::test::for_each_runnable(qk::kernels::compiled_int16_kernels(), check);
    CHECK_THROWS_WITH_AS(
        layer_of(513, qk::kernels::best_int16_kernel()),
        "quantkit: k = 513 products of magnitudes up to 2047 and 2047 may overflow an int32 sum: k can "
        "be 512 at most",
        std::invalid_argument);
}

TEST_CASE("stages run in their order, also those of one's own and codes at the end")
{
    const qk::matrix_f x = random_matrix(9, 24, 5, 2.0f), w = random_matrix(35, 24, 6);
    const qk::vector_f bias = random_vector(35, 7, 3.0f);
    const auto weight = per_output(w);
    const qk::qparams of_y { 0.17f, 13 };
    qk::matrix_f y = expected_sums(x, per_row_scales(x, qk::int16_narrow::bounds), qk::int16_narrow::bounds, weight);
    qk::matrix<std::uint8_t> codes(9, 35);
    qk::matrix_f own = y;
    for (Index i = 0; i < y.rows(); ++i)
        for (Index j = 0; j < y.cols(); ++j)
        {
            own(i, j) = float_sum(y(i, j), static_cast<float>(100 * i + j));
            y(i, j) = std::max(float_sum(y(i, j), bias(j)), 0.0f);
            codes(i, j) = static_cast<std::uint8_t>(qk::quantize_value(y(i, j), of_y, qk::uint8_full::bounds));
        }
    const qk::int16_per_row<> input;
    require_result(weight, input, qk::epilogue { qk::add_bias { bias }, qk::relu {} }, x, y);
    require_result(weight, input, qk::epilogue { qk::add_bias { bias }, qk::relu {}, qk::quantize_to { of_y } }, x,
                   codes);
    const auto stage = [](float v, std::size_t row, std::size_t column)
    { return v + static_cast<float>(100 * row + column); };
    require_result(weight, input, qk::epilogue { stage }, x, own);

    const qk::int16_linear adding(weight, input, qk::epilogue { qk::accumulate {} });
    qk::matrix_f sum = random_matrix(9, 35, 8);
    const qk::matrix_f before = sum, plain = qk::int16_linear(weight, input)(x);
    adding(x, sum);
    for (Index i = 0; i < y.rows(); ++i)
        for (Index j = 0; j < y.cols(); ++j)
            REQUIRE(sum(i, j) == float_sum(plain(i, j), before(i, j)));
}

TEST_CASE("codes as input equal floats that the layer quantizes; codes beyond the range are refused")
{
    const qk::matrix_f x = random_matrix(14, 45, 14, 2.0f);
    const auto quantized = qk::quantize<qk::int16_narrow>(x, frozen);
    const Eigen::Map<const qk::matrix<std::int16_t>> codes(quantized.codes().data(), 14, 45);
    const Eigen::Matrix<std::int16_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> by_columns = codes;
    const qk::int16_linear layer(per_output(random_matrix(33, 45, 15)), frozen);
    const qk::matrix_f y = layer(x);
    require_equal(elements(layer(codes)), elements(y));
    require_equal(elements(layer(by_columns)), elements(y));
    qk::matrix<std::int16_t> beyond = codes;
    beyond(3, 4) = -32768;
    CHECK_THROWS_WITH_AS(layer(beyond),
                         "quantkit: the input code -32768 at (3, 4) lies outside the layer's range [-32767, 32767]",
                         std::invalid_argument);
}

TEST_CASE("the layout of input and output does not matter, and threads do not change a bit")
{
    Eigen::ThreadPool pool(3);
    const qk::thread_pool threads(pool);
    for (const Index m : { 1, 7, 90 })
    {
        const qk::matrix_f x = random_matrix(m, 333, 18);
        const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> by_columns = x;
        const auto check = [&](const auto& layer)
        {
            const qk::matrix_f y = layer(x);
            require_equal(elements(layer(by_columns)), elements(y));
            require_equal(elements(layer(x, threads)), elements(y));
            Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> y_by_columns(m, 130);
            layer(x, y_by_columns, threads);
            require_equal(elements(qk::matrix_f(y_by_columns)), elements(y));
        };
        const qk::matrix_f w = random_matrix(130, 333, 19);
        check(qk::int16_linear(per_output(w), qk::int16_per_row<> {}));
        check(qk::int16_linear(per_output(w), frozen, qk::epilogue { qk::relu {} }));
        check(qk::int16_linear(per_output<qk::int8_narrow>(w), qk::int16_per_tensor<> {}));
    }
}

TEST_CASE("NaN is skipped where ranges are measured, infinities are refused, static input saturates")
{
    const auto weight = per_output(random_matrix(5, 12, 1));
    qk::matrix_f x = random_matrix(3, 12, 2);
    x(1, 3) = limits::quiet_NaN();
    require_result(weight, qk::int16_per_row<> {}, qk::epilogue {}, x,
                   expected_sums(x, per_row_scales(x, qk::int16_narrow::bounds), qk::int16_narrow::bounds, weight));
    x(1, 3) = limits::infinity();
    CHECK_THROWS_WITH_AS(qk::int16_linear(weight, qk::int16_per_row<> {})(x),
                         doctest::Contains("cannot choose qparams for the range"), std::invalid_argument);
    const qk::matrix_f saturated = qk::int16_linear(weight, frozen)(x);
    x(1, 3) = 32767.0f * frozen.scale;
    require_equal(elements(saturated), elements(qk::int16_linear(weight, frozen)(x)));
}

TEST_CASE("what does not fit throws with the values")
{
    const auto throws = [](auto make, const char* text)
    { CHECK_THROWS_WITH_AS(make(), doctest::Contains(text), std::invalid_argument); };
    const qk::matrix_f w = random_matrix(6, 10, 1);
    const auto weight = per_output(w);
    throws([&] { return qk::int16_linear(weight, frozen)(random_matrix(3, 11, 2)); },
           "the input must have the shape [m, 10], but has [3, 11]");
    throws(
        [&]
        {
            qk::matrix_f y(3, 7);
            qk::int16_linear(weight, frozen)(random_matrix(3, 10, 2), y);
        },
        "the output must have the shape [3, 6], but has [3, 7]");
    throws([&] { return qk::int16_linear(weight, frozen, qk::epilogue { qk::add_bias { random_vector(7, 1) } }); },
           "the bias has 7 values, but the layer has 6 outputs");
    throws([&] { return qk::int16_linear(qk::quantize<qk::int16_narrow>(w, qk::per_axis { 1 }), frozen); },
           "int16_linear needs weights quantized per_tensor or per_axis { 0 }");
    throws(
        [&] {
            return qk::int16_linear(weight, qk::qparams { 0.1f, 5 });
        },
        "int16_linear needs symmetric input, but its zero_point is 5");
    throws(
        [&]
        {
            return qk::int16_linear(weight, qk::dynamic_per_row<qk::int16_narrow, qk::affine> {})(
                qk::matrix_f(random_matrix(3, 10, 2).cwiseAbs()));
        },
        "int16_linear needs symmetric input, but its zero_point is -32767");
    throws(
        [&]
        {
            return qk::int16_linear(
                qk::quantized_tensor<qk::int16_narrow>({ 1, 2 }, { 1, 2 }, qk::qparams { 0.1f, -3 }), frozen);
        },
        "int16_linear needs symmetric weights, but they have the zero_point -3");
    throws([&] { return qk::int16_linear(per_output<qk::int16_full>(w), qk::int16_per_row<qk::int16_full> {}); },
           "int16_linear needs a narrow range on one side: two products of magnitudes up to 32768 and 32768 may "
           "overflow an int32");
#if defined(QUANTKIT_X86)
    throws(
        [&]
        {
            return qk::int16_linear(weight, qk::static_input<qk::int16_narrow> { frozen }, qk::epilogue {},
                                    qk::kernels::micro_kernel_of<qk::kernels::avx2_tiles>);
        },
        "the micro-kernel avx2 is for other codes than int16");
#endif
}

TEST_CASE("a layer knows its shape and size, and allocates nothing when it runs again")
{
    const qk::matrix_f x = random_matrix(33, 50, 28);
    const auto check = [&](const auto& layer)
    {
        CHECK(layer.in_features() == 50);
        CHECK(layer.out_features() == 40);
        CHECK(layer.weight_bytes() == 48 * 50 * 2 + 48 * 4);
        qk::matrix_f y(33, 40);
        layer(x, y);
        CHECK(qk::test::allocations_of([&] { layer(x, y); }) == 0);
    };
    const auto weight = per_output(random_matrix(40, 50, 29));
    check(qk::int16_linear(weight, qk::int16_per_row<> {}));
    check(qk::int16_linear(weight, frozen, qk::epilogue { qk::relu {} }));
}
