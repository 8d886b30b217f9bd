// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What an int8_linear keeps of its weights, its input and its stages.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_input.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless these weights fit a layer whose input codes, and zero points, keep to input_bounds.
    template <class WeightRange>
    const quantized_tensor<WeightRange>& checked_weight(const quantized_tensor<WeightRange>& weight,
                                                        quant_bounds input_bounds)
    {
        static_assert(kernels::code8<typename WeightRange::code_type>, "int8_linear needs 8-bit weights");
        require(weight.rank() == 2, "weights must have the shape [out_features, in_features], but have ",
                weight.shape());
        const auto* axis = std::get_if<per_axis>(&weight.granularity());
        require(axis == nullptr || axis->axis == 0,
                "int8_linear needs weights quantized per_tensor, per_axis { 0 } or per_group along axis 1");
        if (const auto* group = std::get_if<per_group>(&weight.granularity()))
            require(group->axis == 1 && group->group_size % 4 == 0,
                    "int8_linear needs groups along axis 1 whose size is a multiple of 4, but the weights have groups "
                    "of ",
                    group->group_size, " along axis ", group->axis);
        require_k_fits(extent(weight.shape(), 1), input_bounds.quant_max - input_bounds.quant_min,
                       largest_magnitude(weight.zero_points(), WeightRange::bounds));
        return weight;
    }
}

namespace quantkit::detail
{
    /// What a layer keeps. Columns are outputs: arrays hold padded_columns(out_features) values.
    template <linear_input Input, class... Stages>
    struct linear_parts
    {
        using input_type = Input;
        using output_type = typename epilogue<Stages...>::output_type;
        static constexpr quant_bounds input_bounds = Input::range_type::bounds;
        static constexpr bool takes_sums = epilogue<Stages...>::takes_sums;

        template <class WeightRange, class Arch = kernels::active_arch>
        linear_parts(const quantized_tensor<WeightRange>& weight, Input its_input, epilogue<Stages...> its_stages,
                     const kernels::micro_kernel& kernel)
            : input(its_input)
            , stages(std::move(its_stages))
            , weights(checked_weight(weight, input_bounds).view(), kernel)
            , groups(group_count(weight))
            , scales(groups * kernels::padded_columns(weights.n()))
            , zero_points(scales.size())
            , centered_sums(scales.size())
        {
            require(kernel.largest_a >= input_bounds.quant_max, "the micro-kernel ", kernel.name(),
                    " is exact for activations up to ", int { kernel.largest_a }, ", but the input's range ends at ",
                    input_bounds.quant_max);
            stages.check_columns(weights.n());
            if (const auto* group = std::get_if<per_group>(&weight.granularity()))
                group_size = static_cast<std::size_t>(group->group_size);
            require(group_size == 0 || !epilogue<Stages...>::takes_sums,
                    "stages without floating point need one scale for all of k, but the weights have groups of ",
                    group_size);
            for (std::size_t group = 0; group < groups; ++group)
                for (std::size_t j = 0; j < weights.n(); ++j)
                    prepare_column(weight, group, j);
        }

        Input input;
        epilogue<Stages...> stages;
        packed_weights weights;
        std::size_t groups = 1;                     ///< along k, each with scales and zero points of its own
        std::size_t group_size = 0;                 ///< 0 where the weights are not quantized by groups
        aligned_buffer<float> scales;               ///< [groups] scale_w; times scale_x, where it is frozen
        aligned_buffer<std::int32_t> zero_points;   ///< [groups] zero_point_w of the packed codes
        aligned_buffer<std::int32_t> centered_sums; ///< [groups] of b - zero_point_w; times a frozen zero_point_x
        bool has_zero_points = false;

    private:
        template <class WeightRange>
        QUANTKIT_INLINE static std::size_t group_count(const quantized_tensor<WeightRange>& weight)
        {
            const bool grouped = std::holds_alternative<per_group>(weight.granularity());
            return grouped ? extent(parameter_shape(weight.shape(), weight.granularity()), 1) : 1;
        }

        /// Scale, zero point and sum of one group of one output's weights.
        template <class WeightRange>
        QUANTKIT_INLINE void prepare_column(const quantized_tensor<WeightRange>& weight, std::size_t group,
                                            std::size_t j)
        {
            const std::size_t parameter = weight.scales().size() == 1 ? 0 : j * groups + group;
            const std::size_t at = group * kernels::padded_columns(weights.n()) + j;
            const std::int32_t shift =
                kernels::packing_shift<typename WeightRange::code_type>(weights.kernel().format, kernels::operand::b);
            const std::size_t first = group * group_size;
            const std::size_t last = group_size == 0 ? weights.k() : std::min(first + group_size, weights.k());
            std::int64_t sum = 0;
            zero_points[at] = weight.zero_points()[parameter] + shift;
            for (std::size_t p = first; p < last; ++p)
                sum += weight.codes()[j * weights.k() + p] + shift - zero_points[at];
            scales[at] = weight.scales()[parameter];
            centered_sums[at] = static_cast<std::int32_t>(sum);
            has_zero_points = has_zero_points || zero_points[at] != 0;
        }
    };
}
