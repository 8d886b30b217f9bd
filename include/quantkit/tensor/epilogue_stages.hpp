// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The stages of an epilogue that work on floats: what users write into epilogue { ... } (tensor/epilogue.hpp).
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/rows/activation_function.hpp>

#include <cstddef>
#include <limits>

namespace quantkit
{
    /// x + bias[column]
    class add_bias
    {
    public:
        /// bias  rank 1, one value per output; copied
        template <tensor_of<float> Bias, class Arch = kernels::active_arch>
        explicit add_bias(const Bias& bias)
        {
            const tensor_view<const float> values = view_of(bias);
            require(values.rank() == 1, "a bias must have rank 1, but its shape is ", values.shape());
            size_ = static_cast<std::size_t>(values.size());
            bias_ = aligned_buffer<float>(kernels::padded_columns(size_));
            for (std::size_t i = 0; i < size_; ++i)
                bias_[i] = values.data()[static_cast<std::ptrdiff_t>(i) * values.strides()[0]];
        }

        QUANTKIT_INLINE void check_columns(std::size_t columns) const
        {
            require(size_ == columns, "the bias has ", size_, " values, but the layer has ", columns, " outputs");
        }

        QUANTKIT_INLINE kernels::add_columns stage() const { return { bias_.data() }; }

    private:
        std::size_t size_ = 0;
        aligned_buffer<float> bias_;
    };

    /// x + residual(row, column): what a skip connection adds.
    ///
    /// The residual is not copied: it must outlive the layer, and each call reads what it holds then. At a call it must
    /// have the shape of the output [m, out_features]; any strides. It may be the input, or the output itself, element
    /// for element; one that overlaps the output in another way is read where it is already overwritten.
    template <tensor_of<float> Residual>
    class add_residual
    {
    public:
        QUANTKIT_INLINE explicit add_residual(const Residual& residual)
            : residual_(&residual)
        {
        }

        explicit add_residual(const Residual&&) = delete;

        QUANTKIT_INLINE void check_output(const tensor_shape& output) const
        {
            const tensor_view<const float> view = view_of(*residual_);
            require(view.shape() == output, "the residual must have the shape of the output, ", output, ", but has ",
                    view.shape());
        }

        QUANTKIT_INLINE kernels::add_matrix<float> stage() const
        {
            const tensor_view<const float> view = view_of(*residual_);
            return { { view.data(), view.strides()[0], view.strides()[1] } };
        }

    private:
        const Residual* residual_;
    };

    /// y + x, y being what the output holds before the call: layer(x, y) adds to y. Only for output that exists.
    struct accumulate
    {
        static constexpr bool reads_output = true;

        QUANTKIT_INLINE kernels::add_matrix<float> stage(kernels::matrix_view<float> y) const
        {
            return { { y.data, y.row_stride, y.column_stride } };
        }
    };

    /// The same if it is asked for, which may differ from call to call; else x.
    struct accumulate_if
    {
        bool asked = true;

        static constexpr bool reads_output = true;

        QUANTKIT_INLINE kernels::add_matrix<float> stage(kernels::matrix_view<float> y) const
        {
            return asked ? accumulate {}.stage(y) : kernels::add_matrix<float> {};
        }
    };

    /// min(max(x, low), high); NaN stays NaN.
    struct clamp
    {
        float low = 0.0f;
        float high = std::numeric_limits<float>::infinity();

        QUANTKIT_INLINE kernels::clamp_to stage() const { return { low, high }; }
    };

    /// max(x, 0); NaN stays NaN.
    struct relu
    {
        QUANTKIT_INLINE kernels::clamp_to stage() const { return { 0.0f, std::numeric_limits<float>::infinity() }; }
    };

    /// min(max(x, 0), 6); NaN stays NaN.
    struct relu6
    {
        QUANTKIT_INLINE kernels::clamp_to stage() const { return { 0.0f, 6.0f }; }
    };

    /// x * (1 + erf(x / sqrt(2))) / 2. Errors of this and the next: kernels/gemm/activations.hpp.
    struct gelu
    {
        QUANTKIT_INLINE kernels::apply_gelu stage() const { return {}; }
    };

    /// GELU as BERT and GPT-2 approximate it: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2
    struct gelu_tanh
    {
        QUANTKIT_INLINE kernels::apply_gelu_tanh stage() const { return {}; }
    };

    /// x * sigmoid(x), also known as swish
    struct silu
    {
        QUANTKIT_INLINE kernels::apply_silu stage() const { return {}; }
    };

    /// 1 / (1 + exp(-x))
    struct sigmoid
    {
        QUANTKIT_INLINE kernels::apply_sigmoid stage() const { return {}; }
    };

    /// tanh(x); its name leaves ::tanh alone
    struct tanh_activation
    {
        QUANTKIT_INLINE kernels::apply_tanh stage() const { return {}; }
    };

    using kernels::activation_function;

    /// relu, gelu, gelu_tanh, silu, sigmoid, tanh_activation or nothing, as the function says at run time: the same
    /// bits.
    struct activation
    {
        activation_function function = activation_function::none;

        QUANTKIT_INLINE kernels::apply_activation stage() const { return { function }; }
    };

    /// The last stage of a layer that returns codes: q = clamp(zero_point + round(x * (1 / scale))).
    template <quantized_range Range = uint8_full>
    class quantize_to
    {
        static_assert(sizeof(typename Range::code_type) == 1, "layers return 8-bit codes or floats");

    public:
        using code_type = typename Range::code_type;

        /// Throws as check_qparams().
        QUANTKIT_INLINE explicit quantize_to(qparams params)
            : params_(params)
        {
            check_qparams(params, Range::bounds);
        }

        QUANTKIT_INLINE kernels::quantize_to_codes stage() const
        {
            return { 1.0f / params_.scale, params_.zero_point, Range::bounds };
        }

    private:
        qparams params_;
    };
}
