// SPDX-License-Identifier: BSD-3-Clause
// Stages in every order that makes sense, through whole layers: the same bits on every micro-kernel, layout and lane.
#include <quantkit/core/quant_range.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/float_linear.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/view.hpp>

#include "support/checks.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using Eigen::Index;
    using qk::test::elements;
    using qk::test::float_sum;
    using qk::test::for_each_micro_kernel;
    using qk::test::random_matrix;
    using qk::test::random_vector;
    using qk::test::require_equal;
    using column_major = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

    constexpr Index m = 29, n = 45, k = 70; // no multiple of a tile or of a vector
    constexpr qk::qparams input { 0.031f, 117 };

    struct layer_inputs
    {
        qk::matrix_f x = random_matrix(m, k, 1), w = random_matrix(n, k, 2), h = random_matrix(m, n, 3, 20.0f);
        qk::vector_f b = random_vector(n, 4, 10.0f);
        qk::quantized_tensor<qk::int8_narrow> weight = qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 });

        // float(sums) * scales of the scalar micro-kernel; its own tests hold it against the definition.
        qk::matrix_f scaled_sums() const { return qk::int8_linear(weight, input)(x); }

        template <class... Stages>
        auto layer(const qk::epilogue<Stages...>& stages, const qk::kernels::micro_kernel& kernel) const
        {
            using static_input = qk::static_input<qk::uint8_full>;
            return qk::int8_linear<static_input, Stages...>(weight, static_input { input }, stages, kernel);
        }

        // Every micro-kernel gives `expected`, to row-major and to column-major output.
        template <class Output, class... Stages>
        void require_output(const qk::epilogue<Stages...>& stages, const qk::matrix<Output>& expected) const
        {
            for_each_micro_kernel(
                [&](const qk::kernels::micro_kernel& kernel)
                {
                    const auto fc = layer(stages, kernel);
                    require_equal(elements(fc(x)), elements(expected));
                    Eigen::Matrix<Output, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> by_columns(m, n);
                    fc(x, by_columns);
                    require_equal(elements(qk::matrix<Output>(by_columns)), elements(expected));
                });
        }
    };

    qk::matrix<std::uint8_t> codes_of(const qk::matrix_f& y, qk::qparams params)
    {
        qk::matrix<std::uint8_t> codes(y.rows(), y.cols());
        for (Index i = 0; i < y.size(); ++i)
            codes.data()[i] =
                static_cast<std::uint8_t>(qk::quantize_value(y.data()[i], params, qk::uint8_full::bounds));
        return codes;
    }

    template <class Function>
    qk::matrix_f each_element(const qk::matrix_f& x, Function function)
    {
        qk::matrix_f y(x.rows(), x.cols());
        for (Index i = 0; i < x.rows(); ++i)
            for (Index j = 0; j < x.cols(); ++j)
                y(i, j) = function(x(i, j), i, j);
        return y;
    }
}

TEST_CASE_FIXTURE(layer_inputs, "a residual is added where it stands among the stages")
{
    const qk::matrix_f sums = scaled_sums();
    const auto relu = [](float value) { return value < 0.0f ? 0.0f : value; };
    require_output(qk::epilogue { qk::add_residual { h } },
                   each_element(sums, [&](float y, Index i, Index j) { return float_sum(y, h(i, j)); }));
    require_output(
        qk::epilogue { qk::add_bias { b }, qk::add_residual { h }, qk::relu {} },
        each_element(sums, [&](float y, Index i, Index j) { return relu(float_sum(float_sum(y, b[j]), h(i, j))); }));
    require_output(
        qk::epilogue { qk::add_bias { b }, qk::relu {}, qk::add_residual { h } },
        each_element(sums, [&](float y, Index i, Index j) { return float_sum(relu(float_sum(y, b[j])), h(i, j)); }));
    const column_major transposed = h;
    require_output(qk::epilogue { qk::relu {}, qk::add_residual { transposed } },
                   each_element(sums, [&](float y, Index i, Index j) { return float_sum(relu(y), h(i, j)); }));
}

TEST_CASE_FIXTURE(layer_inputs, "each call reads the residual as it is then, and checks its shape")
{
    qk::matrix_f residual(0, 0);
    const qk::int8_linear fc { weight, input, qk::epilogue { qk::add_residual { residual } } };
    CHECK_THROWS_WITH_AS(fc(x),
                         doctest::Contains("the residual must have the shape of the output, [29, 45], but has "
                                           "[0, 0]"),
                         std::invalid_argument);
    const qk::matrix_f sums = scaled_sums();
    for (const float factor : { 1.0f, -2.0f })
    {
        residual = factor * h;
        const qk::matrix_f expected =
            each_element(sums, [&](float y, Index i, Index j) { return float_sum(y, residual(i, j)); });
        require_equal(elements(fc(x)), elements(expected));
    }
    residual = h.topRows(3);
    CHECK_THROWS_AS(fc(x), std::invalid_argument);
    CHECK_NOTHROW(fc(x.topRows(3).eval()));
}

TEST_CASE_FIXTURE(layer_inputs, "accumulating adds to what the output holds")
{
    const qk::matrix_f sums = scaled_sums();
    const qk::matrix_f expected =
        each_element(sums, [&](float y, Index i, Index j) { return float_sum(float_sum(y, b[j]), h(i, j)); });
    for_each_micro_kernel(
        [&](const qk::kernels::micro_kernel& kernel)
        {
            const auto fc = layer(qk::epilogue { qk::add_bias { b }, qk::accumulate {} }, kernel);
            qk::matrix_f y = h;
            fc(x, y);
            require_equal(elements(y), elements(expected));
            column_major by_columns = h;
            fc(x, by_columns);
            require_equal(elements(qk::matrix_f(by_columns)), elements(expected));
        });
}

TEST_CASE_FIXTURE(layer_inputs, "accumulating can be asked for at run time")
{
    const qk::matrix_f sums = scaled_sums();
    for (const bool asked : { false, true })
    {
        const auto fc = layer(qk::epilogue { qk::accumulate_if { asked } }, qk::kernels::best_micro_kernel());
        qk::matrix_f y = h;
        fc(x, y);
        const qk::matrix_f expected =
            each_element(sums, [&](float z, Index i, Index j) { return asked ? float_sum(z, h(i, j)) : z; });
        require_equal(elements(y), elements(expected));
    }
}

TEST_CASE_FIXTURE(layer_inputs, "float layers add residuals, too")
{
    const qk::matrix_f plain = qk::float_linear { w }(x);
    const qk::matrix_f y = qk::float_linear { w, qk::epilogue { qk::add_residual { h } } }(x);
    require_equal(elements(y), elements(each_element(plain, [&](float value, Index i, Index j)
                                                     { return float_sum(value, h(i, j)); })));
    qk::matrix_f wrong(m, n + 1);
    CHECK_THROWS_AS((qk::float_linear { w, qk::epilogue { qk::add_residual { wrong } } }(x)), std::invalid_argument);
}

TEST_CASE_FIXTURE(layer_inputs, "layers without floating point: sums, integer bias, fixed-point multipliers, codes")
{
    const qk::qparams output { 0.37f, -9 };
    std::vector<double> multipliers;
    std::vector<std::int32_t> bias;
    for (const float of_w : weight.scales())
    {
        multipliers.push_back(static_cast<double>(input.scale) * of_w / output.scale);
        bias.push_back(static_cast<std::int32_t>(bias.size()) * 37 - 800);
    }
    const auto codes = qk::quantize<qk::uint8_full>(x, input);
    const auto check = [&](auto rounding, std::span<const double> factors)
    {
        constexpr qk::quant_bounds kept { -9, 127 };
        qk::matrix<std::int8_t> expected(m, n);
        for (Index i = 0; i < m; ++i)
            for (Index j = 0; j < n; ++j)
            {
                std::int32_t sum = bias[static_cast<std::size_t>(j)];
                for (Index p = 0; p < k; ++p)
                    sum += (codes.codes()[static_cast<std::size_t>(i * k + p)] - input.zero_point)
                           * weight.codes()[static_cast<std::size_t>(j * k + p)];
                const double factor = factors[factors.size() == 1 ? 0 : static_cast<std::size_t>(j)];
                const std::int64_t shifted =
                    std::int64_t { output.zero_point } + rounding(sum, qk::to_fixed_point(factor));
                expected(i, j) =
                    static_cast<std::int8_t>(std::clamp<std::int64_t>(shifted, kept.quant_min, kept.quant_max));
            }
        using requantize = qk::requantize_fixed_point<qk::int8_full, decltype(rounding)>;
        require_output(qk::epilogue { qk::add_integer_bias { bias }, requantize { factors, output.zero_point, kept } },
                       expected);
    };
    check(qk::double_rounding {}, multipliers);
    check(qk::single_rounding {}, multipliers);
    const std::vector<double> large { 1.7 }, small { 1e-4 };
    check(qk::double_rounding {}, large);
    check(qk::single_rounding {}, small);
}

TEST_CASE_FIXTURE(layer_inputs, "multipliers and codes that do not fit throw with the values")
{
    using requantize = qk::requantize_fixed_point<qk::int8_full>;
    CHECK_THROWS_WITH_AS((requantize { -1.0, 0 }), doctest::Contains("but is -1"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((requantize { 1.0, 128 }), doctest::Contains("zero_point 128 lies outside [-128, 127]"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((requantize { 1.0, 0, { 0, 128 } }), doctest::Contains("cannot keep the codes [0, 128]"),
                         std::invalid_argument);
    CHECK_THROWS_AS((qk::requantize_fixed_point<qk::int8_full, qk::single_rounding> { 0x1p30, 0 }),
                    std::invalid_argument);
    CHECK_NOTHROW((requantize { 0x1p30, 0 }));
    const std::vector<double> two(2, 0.5);
    const qk::epilogue stages { requantize { two, 0 } };
    CHECK_THROWS_WITH_AS(stages.check_columns(3), doctest::Contains("2 multipliers, but the layer has 3 outputs"),
                         std::invalid_argument);
    const std::vector<std::int32_t> bias(2);
    CHECK_THROWS_AS((qk::epilogue { qk::add_integer_bias { bias }, requantize { 0.5, 0 } }.check_columns(3)),
                    std::invalid_argument);
}

namespace
{
    double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
}

TEST_CASE_FIXTURE(layer_inputs, "activations by definition, behind a bias and before a residual")
{
    const qk::matrix_f sums = scaled_sums();
    // twice the errors of activations.hpp, and the rounding of the last sum
    const auto check = [&](auto stage, auto function)
    {
        const qk::epilogue stages { qk::add_bias { b }, stage, qk::add_residual { h } };
        const qk::matrix_f y = layer(stages, qk::kernels::best_micro_kernel())(x);
        for (Index i = 0; i < m; ++i)
            for (Index j = 0; j < n; ++j)
            {
                const double before = static_cast<double>(float_sum(sums(i, j), b[j]));
                const double exact = function(before) + static_cast<double>(h(i, j));
                const double bound = 3e-7 * std::max(std::abs(before), 1.0) + std::abs(exact) * 0x1p-24;
                REQUIRE(std::abs(static_cast<double>(y(i, j)) - exact) <= bound);
            }
        require_output(stages, y);
        const qk::qparams output { 0.19f, 90 };
        require_output(
            qk::epilogue { qk::add_bias { b }, stage, qk::add_residual { h }, qk::clamp { -9.0f, 30.0f },
                           qk::quantize_to { output } },
            codes_of(each_element(y, [](float value, Index, Index) { return std::clamp(value, -9.0f, 30.0f); }),
                     output));
    };
    const double root_8_over_pi = 1.59576912160573071;
    check(qk::gelu {}, [](double z) { return 0.5 * z * std::erfc(-z / std::sqrt(2.0)); });
    check(qk::gelu_tanh {}, [&](double z) { return z * sigmoid(root_8_over_pi * (z + 0.044715 * z * z * z)); });
    check(qk::silu {}, [](double z) { return z * sigmoid(z); });
    check(qk::sigmoid {}, sigmoid);
    check(qk::tanh_activation {}, [](double z) { return std::tanh(z); });
}

TEST_CASE_FIXTURE(layer_inputs, "activations chosen at run time give the bits of those that are written out")
{
    using qk::activation_function;
    const auto check = [&](activation_function function, const auto&... stages)
    {
        const auto of = [&](const auto& whole) { return layer(whole, qk::kernels::best_micro_kernel())(x); };
        const qk::add_bias bias { b };
        require_equal(elements(of(qk::epilogue { bias, qk::activation { function } })),
                      elements(of(qk::epilogue { bias, stages... })));
    };
    check(activation_function::none);
    check(activation_function::relu, qk::relu {});
    check(activation_function::gelu, qk::gelu {});
    check(activation_function::gelu_tanh, qk::gelu_tanh {});
    check(activation_function::silu, qk::silu {});
    check(activation_function::sigmoid, qk::sigmoid {});
    check(activation_function::tanh, qk::tanh_activation {});
}

TEST_CASE_FIXTURE(layer_inputs, "residual, activation, clamp and codes in any order: one definition, stage by stage")
{
    const qk::matrix_f sums = scaled_sums();
    const auto residual = [&](const qk::matrix_f& y)
    { return each_element(y, [&](float value, Index i, Index j) { return float_sum(value, h(i, j)); }); };
    const auto biased = [&](const qk::matrix_f& y)
    { return each_element(y, [&](float value, Index, Index j) { return float_sum(value, b[j]); }); };
    const auto clamped = [](const qk::matrix_f& y)
    { return each_element(y, [](float value, Index, Index) { return std::clamp(value, -4.0f, 25.0f); }); };
    const auto silu = [&](const qk::matrix_f& y) // its own tests hold it against the definition
    {
        qk::matrix_f out(m, n);
        const qk::kernels::matrix_view<float> c { out.data(), n, 1 };
        const auto stages = qk::epilogue { qk::silu {} }.kernel_epilogue(c);
        qk::kernels::scalar_lanes::finish<float>({ y.data(), n, m, n, 0, 0 }, stages);
        return out;
    };
    const qk::clamp limits { -4.0f, 25.0f };
    const qk::qparams output { 0.11f, 40 };
    const auto check = [&](const qk::matrix_f& expected, const auto&... stages)
    {
        require_output(qk::epilogue { stages... }, expected);
        require_output(qk::epilogue { stages..., qk::quantize_to { output } }, codes_of(expected, output));
    };
    const qk::add_bias bias { b };
    const qk::add_residual add { h };
    check(clamped(residual(silu(biased(sums)))), bias, qk::silu {}, add, limits);
    check(silu(residual(biased(sums))), bias, add, qk::silu {});
    check(residual(clamped(biased(sums))), bias, limits, add);
    check(residual(residual(silu(sums))), qk::silu {}, add, add);
    check(silu(clamped(sums)), limits, qk::silu {});
    check(biased(silu(silu(residual(sums)))), add, qk::silu {}, qk::silu {}, bias);
}
