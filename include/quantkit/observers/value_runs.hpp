// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A tensor's values as contiguous pieces, for observers that do not care where in the tensor a value is.
#pragma once

#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>

#include <array>
#include <cstddef>

namespace quantkit
{
    /// Calls visit(const float* x, std::size_t count) so that every value is seen once; in no particular order.
    template <tensor_of<float> Tensor, class Visitor>
    void for_each_value_run(const Tensor& tensor, const Visitor& visit)
    {
        const tensor_view<const float> view = view_of(tensor);
        const tensor_strides no_output = detail::steps_of(view.shape(), per_tensor {}).strides;
        for_each_run(view.shape(), view.strides(), no_output, per_tensor {}, walk_order::memory,
                     [&](const tensor_run& run)
                     {
                         std::array<float, max_strided_run> buffer; // NOLINT: filled before it is read
                         const float* const first = view.data() + run.start.input;
                         visit(gathered(first, run.step.input, run.count, buffer.data()),
                               static_cast<std::size_t>(run.count));
                     });
    }
}
