// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One pass from a tensor to another of the same shape, each element with its own scale and zero_point: what quantizer,
/// dequantizer and fake_quantizer have in common.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quantkit::detail
{
    /// The policies for which the kernel table has kernels; others instantiate the kernel templates.
    template <class Rounding, class Scaling>
    inline constexpr bool are_default_policies =
        std::same_as<Rounding, half_even>&& std::same_as<Scaling, by_reciprocal>;

    /// Only these two are known to ignore the index; all others must see an element's logical index in any layout.
    template <class Rounding>
    inline constexpr walk_order order_for =
        std::same_as<Rounding, half_even> || std::same_as<Rounding, half_away> ? walk_order::memory
                                                                               : walk_order::logical;

    /// Runs one operation on one run after another; what is not contiguous goes through buffers on the stack.
    ///
    /// Operation  (in, out, count, qparams, index) and (in, out, count, scales, zero_points, index), index that of
    /// in[0]
    template <class In, class Out, class Operation>
    class run_transform
    {
    public:
        run_transform(const In* in, Out* out, const qparams_list& params, const Operation& operation)
            : in_(in)
            , out_(out)
            , params_(params)
            , operation_(operation)
        {
        }

        void operator()(const tensor_run& run) const
        {
            std::array<In, max_strided_run> in_buffer;
            std::array<Out, max_strided_run> out_buffer;
            const In* in = gathered(in_ + run.start.input, run.step.input, run.count, in_buffer.data());
            Out* const out = out_ + run.start.output;
            if (run.step.output == 1 || run.count == 1)
                return apply(run, in, out);
            apply(run, in, out_buffer.data());
            for (std::ptrdiff_t i = 0; i < run.count; ++i)
                out[i * run.step.output] = out_buffer[static_cast<std::size_t>(i)];
        }

    private:
        void apply(const tensor_run& run, const In* in, Out* out) const
        {
            const auto count = static_cast<std::size_t>(run.count);
            const auto index = static_cast<std::uint64_t>(run.start.index);
            if (run.step.parameter == 0)
                return operation_(in, out, count, params_[static_cast<std::size_t>(run.start.parameter)], index);
            std::array<float, max_strided_run> scale_buffer {};
            std::array<std::int32_t, max_strided_run> zero_point_buffer {};
            const float* scales = params_.scales().data() + run.start.parameter;
            const std::int32_t* zero_points = params_.zero_points().data() + run.start.parameter;
            operation_(in, out, count, gathered(scales, run.step.parameter, run.count, scale_buffer.data()),
                       gathered(zero_points, run.step.parameter, run.count, zero_point_buffer.data()), index);
        }

        const In* in_;
        Out* out_;
        const qparams_list& params_;
        const Operation& operation_;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void check_output(const tensor_shape& input, const tensor_shape& output, const tensor_strides& strides)
    {
        require(output == input, "the output has shape ", output, ", but the input has ", input);
        const bool is_empty = element_count(output) == 0;
        for (std::size_t axis = 0; axis < output.rank(); ++axis)
            require(is_empty || output[axis] == 1 || strides[axis] != 0, "the output of shape ", output,
                    " and strides ", strides, " has one element in several places");
    }
}

namespace quantkit::detail
{
    /// input, output  of the same shape; the same tensor, or tensors that do not overlap
    /// params         one valid pair per parameter (check_qparams)
    template <class In, class Out, class Granularity, class Operation>
    void transform(const tensor_view<const In>& input, const tensor_view<Out>& output, const qparams_list& params,
                   Granularity granularity, walk_order order, const Operation& operation)
    {
        check_output(input.shape(), output.shape(), output.strides());
        for_each_run(input.shape(), input.strides(), output.strides(), granularity, order,
                     run_transform(input.data(), output.data(), params, operation));
    }
}
