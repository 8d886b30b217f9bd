// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How many values share one scale and zero_point.
#pragma once

#include <concepts>
#include <cstddef>

namespace quantkit
{
    /// One pair for the whole tensor.
    struct per_tensor
    {
        friend constexpr bool operator==(per_tensor, per_tensor) = default;
    };

    /// One pair for each index along `axis`. Weights [out_features, in_features] use axis 0: one per output channel.
    struct per_axis
    {
        std::ptrdiff_t axis = 0;

        friend constexpr bool operator==(per_axis, per_axis) = default;
    };

    /// One pair for each run of `group_size` values along `axis`, separately for every index of the other axes.
    ///
    /// The last group of a run is shorter where group_size does not divide the extent: the parameters have the tensor's
    /// shape with the extent of `axis` replaced by ceil(extent / group_size). ONNX calls group_size block_size.
    struct per_group
    {
        std::ptrdiff_t axis = 0;
        std::ptrdiff_t group_size = 32;

        friend constexpr bool operator==(per_group, per_group) = default;
    };

    template <class Granularity>
    concept granularity =
        std::same_as<Granularity, per_tensor> || std::same_as<Granularity, per_axis> || std::same_as<Granularity,
                                                                                                     per_group>;
}
