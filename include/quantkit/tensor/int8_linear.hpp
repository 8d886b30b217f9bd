// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A linear layer that multiplies in integers: y = epilogue(x * W^T), x [m, in_features] -> y [m, out_features].
///
///     x is quantized on its way into the kernel                        x = scale_x * (a - zero_point_x)
///     sums = (a - zero_point_x) * (b - zero_point_w)^T                 int32, exact
///     y = epilogue(float(sums) * (scale_x * scale_w))                  float, or codes after quantize_to
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_input.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <variant>

namespace quantkit
{
    template <linear_input Input, class... Stages>
    class int8_linear
    {
        using input_range = typename Input::range_type;
        static_assert(std::same_as<typename input_range::code_type, std::uint8_t>,
                      "activations are quantized to uint8 ranges such as uint8_full or uint8_reduced");
        static_assert(detail::is_static<Input> || !epilogue<Stages...>::takes_sums,
                      "fixed-point multipliers hold the scale of the input, which must be static then");

    public:
        /// float, or the code type of a final quantize_to.
        using output_type = typename epilogue<Stages...>::output_type;

        /// weight  [out_features, in_features], per_tensor or per_axis { 0 }; packed here, not kept
        /// kernel  the CPU's best for codes of the input's range unless told otherwise
        /// Throws with the values where shapes do not fit, or in_features is so large that a sum may leave int32.
        template <quantized_range WeightRange>
        int8_linear(const quantized_tensor<WeightRange>& weight, Input input,
                    epilogue<Stages...> stages = epilogue<Stages...> {},
                    const kernels::micro_kernel& kernel = kernels::best_micro_kernel(input_range::quant_max))
            : input_(input)
            , stages_(std::move(stages))
            , weights_(checked_weight(weight).view(), kernel)
            , scales_(kernels::padded_columns(weights_.n()))
            , zero_points_(kernels::padded_columns(weights_.n()))
            , centered_sums_(kernels::padded_columns(weights_.n()))
        {
            require(kernel.largest_a >= input_range::quant_max, "the micro-kernel ", kernel.name(),
                    " is exact for activations up to ", int { kernel.largest_a }, ", but the input's range ends at ",
                    input_range::quant_max);
            stages_.check_columns(weights_.n());
            prepare_columns(weight);
            if constexpr (detail::is_static<Input>)
                fold_input(input_.params, centered_sums_.data(), scales_.data());
        }

        std::size_t in_features() const { return weights_.k(); }
        std::size_t out_features() const { return weights_.n(); }
        const kernels::micro_kernel& kernel() const { return weights_.kernel(); }

        /// x  [m, in_features] floats (or, in a static layer, codes); any strides, m may be 0
        /// The executor changes the time, never a bit of the result.
        template <tensor_like X, executor Executor = sequential>
        matrix<output_type> operator()(const X& x, const Executor& threads = {}) const
        {
            static_assert(!epilogue<Stages...>::reads_output, "accumulate needs an output that exists: layer(x, y)");
            const auto input = view_of(x);
            check_input(input.shape());
            matrix<output_type> y(input.shape()[0], static_cast<Eigen::Index>(out_features()));
            (*this)(x, y, threads);
            return y;
        }

        /// y  [m, out_features] existing storage, any strides; must not overlap x
        template <tensor_like X, writable_tensor_of<output_type> Y, executor Executor = sequential>
        void operator()(const X& x, Y&& y, const Executor& threads = {}) const
        {
            const tensor_view input = view_of(x);
            const tensor_view<output_type> output = view_of(y);
            using element = typename decltype(input)::value_type;
            check_input(input.shape());
            const tensor_shape expected { input.shape()[0], static_cast<std::ptrdiff_t>(out_features()) };
            require(output.shape() == expected, "the output must have the shape ", expected, ", but has ",
                    output.shape());
            stages_.check_output(expected);
            if (input.shape()[0] == 0)
                return;
            if constexpr (std::same_as<element, float>)
                run_floats(tensor_view<const float>(input), detail::matrix_view_of(output), threads);
            else
            {
                static_assert(detail::is_static<Input> && std::same_as<element, std::uint8_t>,
                              "the input must be float, or uint8 codes where the layer's input qparams are static");
                run_codes(tensor_view<const std::uint8_t>(input), detail::matrix_view_of(output), threads);
            }
        }

    private:
        template <class WeightRange>
        static const quantized_tensor<WeightRange>& checked_weight(const quantized_tensor<WeightRange>& weight)
        {
            static_assert(kernels::code8<typename WeightRange::code_type>, "int8_linear needs 8-bit weights");
            require(weight.rank() == 2, "weights must have the shape [out_features, in_features], but have ",
                    weight.shape());
            const auto* axis = std::get_if<per_axis>(&weight.granularity());
            require(!std::holds_alternative<per_group>(weight.granularity())
                        && (axis == nullptr || axis->axis == 0 || axis->axis == -2),
                    "int8_linear needs weights quantized per_tensor or per_axis { 0 }");
            detail::require_k_fits(detail::extent(weight.shape(), 1), activation_magnitude(),
                                   detail::largest_magnitude(weight.zero_points(), WeightRange::bounds));
            return weight;
        }

        /// Codes and zero points keep to the range.
        static constexpr std::int64_t activation_magnitude() { return input_range::quant_max - input_range::quant_min; }

        template <class WeightRange>
        void prepare_columns(const quantized_tensor<WeightRange>& weight)
        {
            const auto scales = weight.scales();
            const auto zero_points = weight.zero_points();
            const kernels::packed_b panels = weights_.view();
            const auto k = static_cast<std::int64_t>(weights_.k());
            for (std::size_t j = 0; j < weights_.n(); ++j)
            {
                const std::size_t parameter = scales.size() == 1 ? 0 : j;
                scales_[j] = scales[parameter];
                zero_points_[j] = kernels::packed_zero_point<typename WeightRange::code_type>(
                    zero_points[parameter], kernel().format, kernels::operand::b);
                centered_sums_[j] = static_cast<std::int32_t>(panels.column_sums[j] - k * zero_points_[j]);
                has_zero_points_ = has_zero_points_ || zero_points_[j] != 0;
            }
        }

        /// One pair for the whole input makes one offset and one scale per column.
        void fold_input(qparams params, std::int32_t* offsets, float* scales) const
        {
            params.zero_point = packed_input_zero_point(params);
            kernels::row_kernels_of(kernel().lanes)
                .fold(params, centered_sums_.data(), scales_.data(), scales_.size(), offsets, scales);
        }

        std::int32_t packed_input_zero_point(qparams params) const
        {
            return kernels::packed_zero_point<std::uint8_t>(params.zero_point, kernel().format, kernels::operand::a);
        }

        void check_input(const tensor_shape& shape) const
        {
            require(shape.rank() == 2 && detail::extent(shape, 1) == in_features(),
                    "the input must have the shape [m, ", in_features(), "], but has ", shape);
        }

        kernels::gemm_extents extents(const tensor_shape& input) const
        {
            return { detail::extent(input, 0), weights_.n(), weights_.k() };
        }

        /// Codes that are given as such may not keep to the range that the layer, and its micro-kernel, count on.
        static void check_codes(kernels::matrix_view<const std::uint8_t> x, kernels::gemm_extents size)
        {
            for (std::size_t i = 0; i < size.m; ++i)
                for (std::size_t j = 0; j < size.k; ++j)
                    require(*x.at(i, j) <= input_range::quant_max, "the input code ", int { *x.at(i, j) }, " at (", i,
                            ", ", j, ") lies outside the layer's range [", input_range::quant_min, ", ",
                            input_range::quant_max, "]");
        }

        template <class Executor>
        void run_codes(const tensor_view<const std::uint8_t>& x, kernels::matrix_view<output_type> y,
                       const Executor& threads) const
        {
            if constexpr (input_range::quant_max < 255)
                check_codes(detail::matrix_view_of(x), extents(x.shape()));
            run(extents(x.shape()), kernels::code_rows<std::uint8_t> { detail::matrix_view_of(x) }, y,
                kernels::subtract_columns { centered_sums_.data() }, kernels::scale_columns { scales_.data() },
                threads);
        }

        template <class Executor>
        void run_floats(const tensor_view<const float>& x, kernels::matrix_view<output_type> y,
                        const Executor& threads) const
        {
            kernels::float_rows rows { detail::matrix_view_of(x), nullptr, 0, input_range::bounds,
                                       kernels::row_kernels_of(kernel().lanes) };
            if constexpr (detail::is_static<Input>)
            {
                rows.params = &input_.params;
                run(extents(x.shape()), rows, y, kernels::subtract_columns { centered_sums_.data() },
                    kernels::scale_columns { scales_.data() }, threads);
            }
            else
                run_dynamic(rows, extents(x.shape()), y, threads);
        }

        /// Measures the ranges first; what follows from them is part of the workspace. One pair for all rows is folded
        /// into the columns, as a frozen one is.
        template <class Executor>
        void run_dynamic(kernels::float_rows rows, kernels::gemm_extents size, kernels::matrix_view<output_type> y,
                         const Executor& threads) const
        {
            using pieces = detail::memory_pieces;
            const std::size_t count = detail::is_per_row<Input> ? size.m : 1;
            const std::size_t factors = count == 1 ? scales_.size() : count;
            pieces memory { detail::thread_workspace(
                pieces::bytes<qparams>(count) + pieces::bytes<std::int32_t>(factors) + pieces::bytes<float>(factors)
                + pieces::bytes<float>(size.k) + run_bytes(size, rows, threads)) };
            auto* params = memory.take<qparams>(count);
            auto* offsets = memory.take<std::int32_t>(factors);
            auto* scales = memory.take<float>(factors);
            choose_params(rows, size, params, memory.take<float>(size.k));
            rows.params = params;
            rows.params_step = count == 1 ? 0 : 1;
            if (count == 1)
            {
                fold_input(params[0], offsets, scales);
                return run_in(memory, size, rows, y, kernels::subtract_columns { offsets },
                              kernels::scale_columns { scales }, threads);
            }
            for (std::size_t i = 0; i < count; ++i)
            {
                offsets[i] = packed_input_zero_point(params[i]);
                scales[i] = params[i].scale;
            }
            if constexpr (detail::is_per_row<Input>)
                run_in(memory, size, rows, y, kernels::subtract_outer { offsets, 1, centered_sums_.data() },
                       kernels::scale_outer { scales, 1, scales_.data() }, threads);
        }

        void choose_params(const kernels::float_rows& rows, kernels::gemm_extents size, qparams* params,
                           float* gathered) const
        {
            if constexpr (detail::is_per_row<Input>)
                for (std::size_t i = 0; i < size.m; ++i)
                    params[i] = input_.scheme(size.k == 0 ? real_range {} : rows.row_range(i, size.k, gathered),
                                              input_range::bounds);
            else
                params[0] = input_.scheme(size.k == 0 ? real_range {} : rows.range(size.m, size.k, gathered),
                                          input_range::bounds);
        }

        template <class Source, class Executor>
        std::size_t run_bytes(kernels::gemm_extents size, const Source& rows, const Executor& threads) const
        {
            return detail::memory_pieces::bytes<std::int32_t>(size.m)
                   + kernels::gemm_workspace_bytes(kernel(), size, rows, threads);
        }

        template <class Source, class Offset, class Scale, class Executor>
        void run(kernels::gemm_extents size, const Source& rows, kernels::matrix_view<output_type> y, Offset offset,
                 Scale scale, const Executor& threads) const
        {
            const detail::memory_pieces memory { detail::thread_workspace(run_bytes(size, rows, threads)) };
            run_in(memory, size, rows, y, offset, scale, threads);
        }

        /// Weights with zero points need the row sums of the input as well; the others are spared a second correction.
        template <class Source, class Offset, class Scale, class Executor>
        void run_in(detail::memory_pieces memory, kernels::gemm_extents size, const Source& rows,
                    kernels::matrix_view<output_type> y, Offset offset, Scale scale, const Executor& threads) const
        {
            auto* row_sums = memory.take<std::int32_t>(size.m);
            auto* workspace = memory.take<std::byte>(0);
            if (has_zero_points_)
            {
                const kernels::subtract_outer weight_offset { row_sums, 1, zero_points_.data() };
                kernels::gemm(kernel(), size, rows, weights_.view(),
                              stages_.kernel_epilogue(y, offset, weight_offset, scale), row_sums, workspace, threads);
            }
            else
                kernels::gemm(kernel(), size, rows, weights_.view(), stages_.kernel_epilogue(y, offset, scale), nullptr,
                              workspace, threads);
        }

        Input input_;
        epilogue<Stages...> stages_;
        packed_weights weights_;
        aligned_buffer<float> scales_;
        aligned_buffer<std::int32_t> zero_points_;
        aligned_buffer<std::int32_t> centered_sums_;
        bool has_zero_points_ = false;
    };

    template <class Range, linear_input Input, class... Stages>
    int8_linear(const quantized_tensor<Range>&, Input, epilogue<Stages...>) -> int8_linear<Input, Stages...>;
    template <class Range, linear_input Input, class... Stages>
    int8_linear(const quantized_tensor<Range>&, Input, epilogue<Stages...>, const kernels::micro_kernel&)
        -> int8_linear<Input, Stages...>;
    template <class Range, linear_input Input>
    int8_linear(const quantized_tensor<Range>&, Input) -> int8_linear<Input>;
    template <class Range, class... Stages>
    int8_linear(const quantized_tensor<Range>&, qparams, epilogue<Stages...>)
        -> int8_linear<static_input<uint8_full>, Stages...>;
    template <class Range>
    int8_linear(const quantized_tensor<Range>&, qparams) -> int8_linear<static_input<uint8_full>>;
}
