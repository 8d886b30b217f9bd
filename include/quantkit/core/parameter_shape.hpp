// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How many pairs of scale and zero_point a tensor needs, and in which shape (core/granularity.hpp).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <cstddef>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        inline std::size_t checked_axis(const tensor_shape& shape, std::ptrdiff_t axis)
        {
            require(axis >= 0 && static_cast<std::size_t>(axis) < shape.rank(), "axis ", axis,
                    " does not exist in a tensor of rank ", shape.rank(), " with shape ", shape);
            return static_cast<std::size_t>(axis);
        }

        constexpr std::ptrdiff_t group_count(std::ptrdiff_t extent, std::ptrdiff_t group_size)
        {
            return extent / group_size + (extent % group_size != 0 ? 1 : 0);
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The shape of the scales and zero_points: [] for one pair.
    inline tensor_shape parameter_shape(const tensor_shape& /*shape*/, per_tensor) { return {}; }

    /// [extent of axis]; throws unless the axis exists.
    inline tensor_shape parameter_shape(const tensor_shape& shape, per_axis granularity)
    {
        return { shape[detail::checked_axis(shape, granularity.axis)] };
    }

    /// The tensor's shape with ceil(extent / group_size) for the axis; throws unless it exists and group_size > 0.
    inline tensor_shape parameter_shape(const tensor_shape& shape, per_group granularity)
    {
        const std::size_t axis = detail::checked_axis(shape, granularity.axis);
        require(granularity.group_size > 0, "group_size must be positive, but is ", granularity.group_size);
        tensor_shape parameters = shape;
        parameters[axis] = detail::group_count(shape[axis], granularity.group_size);
        return parameters;
    }
}
