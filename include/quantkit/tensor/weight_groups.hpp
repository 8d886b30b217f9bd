// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Groups along k of weights [out_features, in_features], as layers take them.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>

#include <cstddef>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Values along k of one group: all of k, rounded up, where weights have one scale per tensor or output.
    ///
    /// Throws with the values unless scales are per_tensor, per_axis { 0 } or per_group along axis 1, with a group_size
    /// that is a multiple of 8.
    template <class Range>
    std::size_t weight_group_size(const quantized_tensor<Range>& weight)
    {
        constexpr std::ptrdiff_t unit = 8;
        const std::ptrdiff_t all = weight.shape()[1];
        if (const auto* axis = std::get_if<per_axis>(&weight.granularity()))
            require(axis->axis == 0,
                    "weights need their scales per_tensor, per_axis { 0 } or per_group along axis 1, but have them per "
                    "axis ",
                    axis->axis);
        const auto* group = std::get_if<per_group>(&weight.granularity());
        if (group == nullptr)
            return static_cast<std::size_t>((all + unit - 1) / unit * unit);
        require(group->axis == 1 && group->group_size % unit == 0,
                "weights need groups along axis 1 whose size is a multiple of ", unit, ", but have groups of ",
                group->group_size, " along axis ", group->axis);
        return static_cast<std::size_t>(group->group_size);
    }

    /// Which of the weights' parameters belongs to group number `group` of output `column`.
    template <class Range>
    std::size_t weight_parameter(const quantized_tensor<Range>& weight, std::size_t column, std::size_t group,
                                 std::size_t groups)
    {
        if (std::holds_alternative<per_tensor>(weight.granularity()))
            return 0;
        return std::holds_alternative<per_axis>(weight.granularity()) ? column : column * groups + group;
    }
}
