// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a layer does to its sums before it returns them, as a list of stages: epilogue { add_bias { b }, relu {} }.
///
/// A stage of your own is any struct or lambda that is callable as float(float x, std::size_t row, std::size_t column).
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/packing.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <tuple>
#include <utility>

namespace quantkit
{
    namespace detail
    {
        /// One value per column, with as many zeros behind them as kernels may read.
        template <class T>
        aligned_buffer<T> padded_to_panels(std::span<const T> values)
        {
            aligned_buffer<T> padded(kernels::padded_columns(values.size()));
            for (std::size_t i = 0; i < values.size(); ++i)
                padded[i] = values[i];
            return padded;
        }
    }

    /// x + bias[column]
    class add_bias
    {
    public:
        /// bias  rank 1, one value per output; copied
        template <tensor_of<float> Bias>
        explicit add_bias(const Bias& bias)
        {
            const tensor_view<const float> values = view_of(bias);
            require(values.rank() == 1, "a bias must have rank 1, but its shape is ", values.shape());
            size_ = static_cast<std::size_t>(values.size());
            bias_ = aligned_buffer<float>(kernels::padded_columns(size_));
            for (std::size_t i = 0; i < size_; ++i)
                bias_[i] = values.data()[static_cast<std::ptrdiff_t>(i) * values.strides()[0]];
        }

        void check_columns(std::size_t columns) const
        {
            require(size_ == columns, "the bias has ", size_, " values, but the layer has ", columns, " outputs");
        }

        kernels::add_columns stage() const { return { bias_.data() }; }

    private:
        std::size_t size_ = 0;
        aligned_buffer<float> bias_;
    };

    /// x + residual(row, column): what a skip connection adds.
    ///
    /// The residual is not copied: it must outlive the layer, and each call reads what it holds then. At a call it must
    /// have the shape of the output [m, out_features]; any strides. It may be the output itself.
    template <tensor_of<float> Residual>
    class add_residual
    {
    public:
        explicit add_residual(const Residual& residual)
            : residual_(&residual)
        {
        }

        explicit add_residual(const Residual&&) = delete;

        void check_output(const tensor_shape& output) const
        {
            const tensor_view<const float> view = view_of(*residual_);
            require(view.shape() == output, "the residual must have the shape of the output, ", output, ", but has ",
                    view.shape());
        }

        kernels::add_matrix<float> stage() const
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

        kernels::add_matrix<float> stage(kernels::matrix_view<float> y) const
        {
            return { { y.data, y.row_stride, y.column_stride } };
        }
    };

    /// min(max(x, low), high); NaN stays NaN.
    struct clamp
    {
        float low = 0.0f;
        float high = std::numeric_limits<float>::infinity();

        kernels::clamp_to stage() const { return { low, high }; }
    };

    /// max(x, 0); NaN stays NaN.
    struct relu
    {
        kernels::clamp_to stage() const { return { 0.0f, std::numeric_limits<float>::infinity() }; }
    };

    /// min(max(x, 0), 6); NaN stays NaN.
    struct relu6
    {
        kernels::clamp_to stage() const { return { 0.0f, 6.0f }; }
    };

    /// x * (1 + erf(x / sqrt(2))) / 2. Errors of this and the next: kernels/gemm/activations.hpp.
    struct gelu
    {
        kernels::apply_gelu stage() const { return {}; }
    };

    /// GELU as BERT and GPT-2 approximate it: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2
    struct gelu_tanh
    {
        kernels::apply_gelu_tanh stage() const { return {}; }
    };

    /// x * sigmoid(x), also known as swish
    struct silu
    {
        kernels::apply_silu stage() const { return {}; }
    };

    /// 1 / (1 + exp(-x))
    struct sigmoid
    {
        kernels::apply_sigmoid stage() const { return {}; }
    };

    /// tanh(x); its name leaves ::tanh alone
    struct tanh_activation
    {
        kernels::apply_tanh stage() const { return {}; }
    };

    /// The last stage of a layer that returns codes: q = clamp(zero_point + round(x * (1 / scale))).
    template <quantized_range Range = uint8_full>
    class quantize_to
    {
        static_assert(sizeof(typename Range::code_type) == 1, "layers return 8-bit codes or floats");

    public:
        using code_type = typename Range::code_type;

        /// Throws as check_qparams().
        explicit quantize_to(qparams params)
            : params_(params)
        {
            check_qparams(params, Range::bounds);
        }

        kernels::quantize_to_codes stage() const { return { 1.0f / params_.scale, params_.zero_point, Range::bounds }; }

    private:
        qparams params_;
    };

    /// x + bias[column] on the exact sums, whose unit is scale_x * scale_w; requantize_fixed_point follows.
    class add_integer_bias
    {
    public:
        static constexpr bool takes_sums = true;

        /// bias  one value per output; copied
        explicit add_integer_bias(std::span<const std::int32_t> bias)
            : size_(bias.size())
            , opposite_(detail::padded_to_panels(bias))
        {
            for (std::size_t i = 0; i < size_; ++i)
                opposite_[i] = static_cast<std::int32_t>(0u - static_cast<std::uint32_t>(bias[i]));
        }

        void check_columns(std::size_t columns) const
        {
            require(size_ == columns, "the bias has ", size_, " values, but the layer has ", columns, " outputs");
        }

        kernels::subtract_columns stage() const { return { opposite_.data() }; }

    private:
        std::size_t size_ = 0;
        aligned_buffer<std::int32_t> opposite_;
    };

    /// The last stage of a layer without floating point: q = clamp(zero_point + sum * multiplier[column]), the product
    /// rounded as TensorFlow Lite rounds it (core/fixed_point.hpp). Only add_integer_bias may stand before it.
    template <quantized_range Range = uint8_full, class Rounding = double_rounding>
    class requantize_fixed_point
    {
        static_assert(sizeof(typename Range::code_type) == 1, "layers return 8-bit codes or floats");

    public:
        using code_type = typename Range::code_type;
        static constexpr bool takes_sums = true;

        /// multipliers  scale_x * scale_w / scale_y, one or one per output
        /// kept         codes beyond are clamped; a ReLU keeps { zero_point, quant_max }
        /// Throws as to_fixed_point(), and where zero_point or kept lie outside the range.
        requantize_fixed_point(std::span<const double> multipliers, std::int32_t zero_point,
                               quant_bounds kept = Range::bounds)
            : size_(multipliers.size())
            , q31_(kernels::padded_columns(size_))
            , shift_(kernels::padded_columns(size_))
            , codes_ { zero_point, kept }
        {
            constexpr quant_bounds all = Range::bounds;
            require(size_ > 0, "requantize_fixed_point needs a multiplier");
            require(zero_point >= all.quant_min && zero_point <= all.quant_max, "zero_point ", zero_point,
                    " lies outside [", all.quant_min, ", ", all.quant_max, "]");
            require(kept.quant_min >= all.quant_min && kept.quant_min <= kept.quant_max
                        && kept.quant_max <= all.quant_max,
                    "cannot keep the codes [", kept.quant_min, ", ", kept.quant_max, "] of [", all.quant_min, ", ",
                    all.quant_max, "]");
            for (std::size_t i = 0; i < size_; ++i)
            {
                const fixed_point_multiplier fixed = to_fixed_point(multipliers[i]);
                require(fixed.shift <= Rounding::max_shift, "this rounding takes multipliers below 2^",
                        Rounding::max_shift, ", but one is ", multipliers[i]);
                q31_[i] = fixed.q31;
                shift_[i] = fixed.shift;
            }
        }

        requantize_fixed_point(double multiplier, std::int32_t zero_point, quant_bounds kept = Range::bounds)
            : requantize_fixed_point(std::span<const double>(&multiplier, 1), zero_point, kept)
        {
        }

        void check_columns(std::size_t columns) const
        {
            require(size_ == 1 || size_ == columns, "there are ", size_, " multipliers, but the layer has ", columns,
                    " outputs");
        }

        std::tuple<kernels::rescale_fixed_point<Rounding>, kernels::clamp_to_codes> stages() const
        {
            return { { q31_.data(), shift_.data(), std::size_t { size_ > 1 } }, codes_ };
        }

    private:
        std::size_t size_ = 0;
        aligned_buffer<std::int32_t> q31_, shift_;
        kernels::clamp_to_codes codes_;
    };

    namespace detail
    {
        template <class Stage>
        concept named_stage = requires(const Stage& stage)
        {
            stage.stage();
        };

        template <class Stage>
        inline constexpr bool reads_output = requires
        {
            Stage::reads_output;
        };

        /// Whether a stage works on the exact sums, so that nothing may make floats of them before.
        template <class Stage>
        inline constexpr bool takes_sums = requires
        {
            Stage::takes_sums;
        };

        template <class Stage>
        inline constexpr bool makes_floats =
            std::same_as<Stage, kernels::scale_columns> || std::same_as<Stage, kernels::scale_outer>;

        /// The kernels' stages for one of the user's, as a tuple.
        template <class Stage, class T>
        auto kernel_stages(const Stage& stage, kernels::matrix_view<T> c)
        {
            if constexpr (named_stage<Stage>)
                return std::tuple(stage.stage());
            else if constexpr (requires { stage.stages(); })
                return stage.stages();
            else if constexpr (reads_output<Stage>)
            {
                static_assert(std::same_as<T, float>, "codes cannot be accumulated: the output must be float");
                return std::tuple(stage.stage(c));
            }
            else
            {
                static_assert(
                    kernels::lane_stage<Stage>,
                    "an epilogue stage must be callable as float(float x, std::size_t row, std::size_t column)");
                return std::tuple<Stage>(stage);
            }
        }

        template <class Stage>
        void check_columns(const Stage& stage, std::size_t columns)
        {
            if constexpr (requires { stage.check_columns(columns); })
                stage.check_columns(columns);
        }

        template <class Stage>
        void check_output(const Stage& stage, const tensor_shape& output)
        {
            if constexpr (requires { stage.check_output(output); })
                stage.check_output(output);
        }

        /// A stage that the layer adds, unless the user's work on the sums as they are.
        template <bool TakesSums, class Stage>
        auto layer_stage(const Stage& stage)
        {
            if constexpr (TakesSums && makes_floats<Stage>)
                return std::tuple<>();
            else
                return std::tuple<Stage>(stage);
        }

        template <class C, class... Stages>
        auto kernel_epilogue_of(kernels::matrix_view<C> c, const std::tuple<Stages...>& stages)
        {
            return kernels::epilogue_of<kernels::store_to<C>, Stages...> { stages, { c } };
        }

        template <class... Stages>
        struct output_of
        {
            using type = float;
        };

        template <class First, class... Rest>
        struct output_of<First, Rest...> : output_of<Rest...>
        {
        };

        template <class Range>
        struct output_of<quantize_to<Range>>
        {
            using type = typename Range::code_type;
        };

        template <class Range, class Rounding>
        struct output_of<requantize_fixed_point<Range, Rounding>>
        {
            using type = typename Range::code_type;
        };
    }

    /// Stages in the order in which they run.
    template <class... Stages>
    class epilogue
    {
    public:
        /// float, or the code type of a final quantize_to or requantize_fixed_point.
        using output_type = typename detail::output_of<Stages...>::type;

        /// Whether the output must hold something before the call.
        static constexpr bool reads_output = (detail::reads_output<Stages> || ...);

        /// Whether the stages work on the exact sums, without floating point: all of them, then.
        static constexpr bool takes_sums = (detail::takes_sums<Stages> || ...);
        static_assert(!takes_sums || ((detail::takes_sums<Stages> && ...) && !std::same_as<output_type, float>),
                      "stages without floating point are add_integer_bias and a final requantize_fixed_point");

        explicit epilogue(Stages... stages)
            : stages_(std::move(stages)...)
        {
        }

        /// Throws unless every stage fits a layer with this many outputs.
        void check_columns(std::size_t columns) const
        {
            std::apply([&](const Stages&... stages) { (detail::check_columns(stages, columns), ...); }, stages_);
        }

        /// Throws unless every stage fits this output; checked at each call.
        void check_output(const tensor_shape& output) const
        {
            std::apply([&](const Stages&... stages) { (detail::check_output(stages, output), ...); }, stages_);
        }

        /// The kernels' form: `first` stages that the layer adds, then these, then the store to c.
        template <class... First>
        auto kernel_epilogue(kernels::matrix_view<output_type> c, First... first) const
        {
            return std::apply(
                [&](const Stages&... stages)
                {
                    return detail::kernel_epilogue_of(c, std::tuple_cat(detail::layer_stage<takes_sums>(first)...,
                                                                        detail::kernel_stages(stages, c)...));
                },
                stages_);
        }

    private:
        std::tuple<Stages...> stages_;
    };

    template <class... Stages>
    epilogue(Stages...) -> epilogue<Stages...>;
}
