// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Random shapes and memory layouts, and which parameter an element has by definition.
#pragma once

#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>

#include "support/random.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace quantkit::test
{
    /// Rank 1 to 4, extents 1 to 7, now and then 0.
    inline tensor_shape random_shape(random_bits& random, bool with_empty = true)
    {
        tensor_shape shape;
        for (std::int64_t axes = random.integer(1, 4); axes > 0; --axes)
            shape.push_back(with_empty && random.integer(0, 19) == 0 ? 0 : random.integer(1, 7));
        return shape;
    }

    /// Axes lie in memory in any order, with gaps, some of them reversed.
    inline tensor_strides random_strides(const tensor_shape& shape, random_bits& random)
    {
        std::array<std::size_t, max_rank> order { 0, 1, 2, 3, 4, 5, 6, 7 };
        for (std::size_t i = shape.rank(); i > 1; --i)
            std::swap(order[i - 1], order[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
        tensor_strides strides = shape;
        std::ptrdiff_t stride = random.integer(1, 2);
        for (std::size_t i = 0; i < shape.rank(); ++i)
        {
            strides[order[i]] = random.integer(0, 5) == 0 ? -stride : stride;
            stride *= std::max<std::ptrdiff_t>(shape[order[i]], 1) + (random.integer(0, 2) == 0 ? 1 : 0);
        }
        return strides;
    }

    /// The indices of the element with this row-major number.
    inline axis_values indices_of(const tensor_shape& shape, std::ptrdiff_t number)
    {
        axis_values at = shape;
        for (std::size_t axis = shape.rank(); axis-- > 0; number /= shape[axis])
            at[axis] = number % shape[axis];
        return at;
    }

    inline std::ptrdiff_t offset_of(const axis_values& at, const tensor_strides& strides)
    {
        std::ptrdiff_t offset = 0;
        for (std::size_t axis = 0; axis < at.rank(); ++axis)
            offset += at[axis] * strides[axis];
        return offset;
    }

    /// A tensor of any strides with memory of its own; gaps hold `filler`.
    template <class T>
    class strided_tensor
    {
    public:
        strided_tensor(const tensor_shape& shape, const tensor_strides& strides, T filler = {})
        {
            std::ptrdiff_t lowest = 0, highest = 0;
            for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            {
                const std::ptrdiff_t reach = std::max<std::ptrdiff_t>(shape[axis] - 1, 0) * strides[axis];
                (reach < 0 ? lowest : highest) += reach;
            }
            memory_.assign(static_cast<std::size_t>(highest - lowest) + 1, filler);
            view_ = tensor_view<T>(memory_.data() - lowest, shape, strides);
        }

        strided_tensor(const tensor_shape& shape, const tensor_strides& strides, const std::vector<T>& row_major)
            : strided_tensor(shape, strides)
        {
            for (std::size_t i = 0; i < row_major.size(); ++i)
                at(i) = row_major[i];
        }

        strided_tensor(const strided_tensor&) = delete;
        strided_tensor& operator=(const strided_tensor&) = delete;

        const tensor_view<T>& view() const { return view_; }

        std::vector<T> row_major()
        {
            std::vector<T> values(static_cast<std::size_t>(view_.size()));
            for (std::size_t i = 0; i < values.size(); ++i)
                values[i] = at(i);
            return values;
        }

    private:
        T& at(std::size_t i)
        {
            return view_.data()[offset_of(indices_of(view_.shape(), static_cast<std::ptrdiff_t>(i)), view_.strides())];
        }

        std::vector<T> memory_;
        tensor_view<T> view_;
    };

    inline std::ptrdiff_t parameter_of(const tensor_shape&, const axis_values&, per_tensor) { return 0; }

    inline std::ptrdiff_t parameter_of(const tensor_shape&, const axis_values& at, per_axis granularity)
    {
        return at[static_cast<std::size_t>(granularity.axis)];
    }

    inline std::ptrdiff_t parameter_of(const tensor_shape& shape, const axis_values& at, per_group granularity)
    {
        std::ptrdiff_t parameter = 0;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        {
            const bool grouped = axis == static_cast<std::size_t>(granularity.axis);
            const std::ptrdiff_t size = grouped ? granularity.group_size : 1;
            parameter = parameter * (shape[axis] / size + (shape[axis] % size != 0)) + at[axis] / size;
        }
        return parameter;
    }

    /// check(granularity) with each of the three, on a random axis.
    template <class Check>
    void for_each_granularity(const tensor_shape& shape, random_bits& random, Check check)
    {
        const auto axis = static_cast<std::ptrdiff_t>(random.integer(0, static_cast<int>(shape.rank()) - 1));
        check(per_tensor {});
        check(per_axis { axis });
        check(per_group { axis, static_cast<std::ptrdiff_t>(random.integer(1, 9)) });
    }
}
