// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A linear layer that multiplies in integers: y = epilogue(x * W^T), x [m, in_features] -> y [m, out_features].
///
///     x is quantized on its way into the kernel                        x = scale_x * (a - zero_point_x)
///     sums = (a - zero_point_x) * (b - zero_point_w)^T                 int32, exact
///     y = epilogue(float(sums) * (scale_x * scale_w))                  float, or codes after quantize_to
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_call.hpp>
#include <quantkit/tensor/linear_input.hpp>
#include <quantkit/tensor/linear_parts.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/types.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quantkit
{
    template <linear_input Input, class... Stages>
    class int8_linear
    {
        using parts_type = detail::linear_parts<Input, Stages...>;
        static_assert(std::same_as<typename Input::range_type::code_type, std::uint8_t>,
                      "activations are quantized to uint8 ranges such as uint8_full or uint8_reduced");
        static_assert(detail::is_static<Input> || !epilogue<Stages...>::takes_sums,
                      "fixed-point multipliers hold the scale of the input, which must be static then");

    public:
        /// float, or the code type of a final quantize_to.
        using output_type = typename epilogue<Stages...>::output_type;

        /// weight  [out_features, in_features], per_tensor, per_axis { 0 }, or per_group along axis 1 with groups of a
        ///         multiple of 4 (the last may be shorter); packed here, not kept
        /// kernel  the CPU's best for codes of the input's range unless told otherwise
        /// Throws with the values where shapes do not fit, or in_features is so large that a sum may leave int32.
        template <quantized_range WeightRange, class Arch = kernels::active_arch>
        int8_linear(const quantized_tensor<WeightRange>& weight, Input input,
                    epilogue<Stages...> stages = epilogue<Stages...> {},
                    const kernels::micro_kernel& kernel = kernels::best_micro_kernel(Input::range_type::quant_max))
            : parts_(weight, input, std::move(stages), kernel)
        {
            if constexpr (detail::is_static<Input>)
                if (parts_.group_size == 0)
                    detail::linear_call<parts_type, Arch> { parts_ }.fold_input(
                        parts_.input.params, parts_.centered_sums.data(), parts_.scales.data());
        }

        QUANTKIT_INLINE std::size_t in_features() const { return parts_.weights.k(); }
        QUANTKIT_INLINE std::size_t out_features() const { return parts_.weights.n(); }
        QUANTKIT_INLINE const kernels::micro_kernel& kernel() const { return parts_.weights.kernel(); }

        /// x  [m, in_features] floats (or, in a static layer, codes); any strides, m may be 0
        /// The executor changes the time, never a bit of the result.
        template <tensor_like X, executor Executor = sequential, class Arch = kernels::active_arch>
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
        template <tensor_like X, writable_tensor_of<output_type> Y, executor Executor = sequential,
                  class Arch = kernels::active_arch>
        void operator()(const X& x, Y&& y, const Executor& threads = {}) const
        {
            const tensor_view input = view_of(x);
            const tensor_view<output_type> output = view_of(y);
            using element = typename decltype(input)::value_type;
            static_assert(
                std::same_as<element, float> || (detail::is_static<Input> && std::same_as<element, std::uint8_t>),
                "the input must be float, or uint8 codes where the layer's input qparams are static");
            check_input(input.shape());
            const tensor_shape expected(input.shape()[0], static_cast<std::ptrdiff_t>(out_features()));
            require(output.shape() == expected, "the output must have the shape ", expected, ", but has ",
                    output.shape());
            parts_.stages.check_output(expected);
            const tensor_view<const element>& elements = input; // a view of constants is not copied
            if (input.shape()[0] > 0)
                detail::linear_call<parts_type, Arch> { parts_ }.run(elements, detail::matrix_view_of(output), threads);
        }

    private:
        QUANTKIT_INLINE void check_input(const tensor_shape& shape) const
        {
            require(shape.rank() == 2 && detail::extent(shape, 1) == in_features(),
                    "the input must have the shape [m, ", in_features(), "], but has ", shape);
        }

        parts_type parts_;
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
