// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The order in which tensors of any layout are walked: in runs along the axis that is contiguous in memory.
///
/// Four arrays advance together: the input, the output, the parameters (one pair of scale and zero_point for one or
/// many elements, see granularity.hpp), and the element's logical row-major index. Each has its own stride along each
/// axis, so per tensor, per axis and per group differ in the strides of the parameters only:
///
///     x [2, 6] row-major     input strides [6, 1]
///     per_tensor             parameter strides [0, 0]
///     per_axis { 0 }         parameter strides [1, 0]
///     per_group { 1, 3 }     parameters [2, 2]: x is walked as [2, 2, 3] with parameter strides [2, 1, 0]
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/parameter_shape.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace quantkit
{
    /// Runs that are not contiguous in every array are at most this long, so that callers can copy them to the stack.
    ///
    /// All runs of this length along one axis are visited before the next ones: the cache lines of 32 rows stay in L1
    /// while a column-major matrix becomes a row-major one ([2048, 2048] to int8: 13 ms, 32 ms with runs of 256).
    inline constexpr std::ptrdiff_t max_strided_run = 32;

    /// A position in, or a distance through, each of the four arrays, in elements.
    struct walk_offsets
    {
        std::ptrdiff_t input = 0;
        std::ptrdiff_t output = 0;
        std::ptrdiff_t parameter = 0;
        std::ptrdiff_t index = 0;

        friend constexpr bool operator==(const walk_offsets&, const walk_offsets&) = default;

        /// Array by array.
        friend constexpr walk_offsets operator+(const walk_offsets& a, const walk_offsets& b)
        {
            return { a.input + b.input, a.output + b.output, a.parameter + b.parameter, a.index + b.index };
        }

        /// Array by array.
        friend constexpr walk_offsets operator*(std::ptrdiff_t steps, const walk_offsets& a)
        {
            return { steps * a.input, steps * a.output, steps * a.parameter, steps * a.index };
        }
    };

    /// The elements start, start + step, ..., `count` of them.
    struct tensor_run
    {
        std::ptrdiff_t count = 0;
        walk_offsets start;
        walk_offsets step;
    };

    /// The elements values[0], values[step], ... next to each other: where they are, or copied to the buffer.
    ///
    /// buffer  [max_strided_run], which holds every run of for_each_run that needs copying
    template <class Value>
    const Value* gathered(const Value* values, std::ptrdiff_t step, std::ptrdiff_t count, Value* buffer)
    {
        if (step == 1 || count == 1)
            return values;
        for (std::ptrdiff_t i = 0; i < count; ++i)
            buffer[i] = values[i * step];
        return buffer;
    }

    /// Which axis becomes the innermost one.
    enum class walk_order
    {
        memory, ///< the one whose neighbours are closest in the input; tensor_run::index is 0
        logical ///< the last one: consecutive elements of a run have consecutive indices
    };

    namespace detail
    {
        constexpr std::ptrdiff_t distance(std::ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

        /// Nested loops, outermost first; axes that all arrays step through evenly become one.
        class loop_nest
        {
        public:
            /// Axes are added outermost first.
            void add(std::ptrdiff_t extent, const walk_offsets& step)
            {
                if (extent != 1)
                    axes_[rank_++] = { extent, step };
            }

            /// The axes along which the input is contiguous become the inner ones; equal ones keep their order.
            void sort_by_input_stride()
            {
                for (std::size_t sorted = 1; sorted < rank_; ++sorted)
                {
                    const axis moved = axes_[sorted];
                    std::size_t place = sorted;
                    for (; place > 0 && distance(axes_[place - 1].step.input) < distance(moved.step.input); --place)
                        axes_[place] = axes_[place - 1];
                    axes_[place] = moved;
                }
            }

            void merge_axes()
            {
                std::size_t last = 0;
                for (std::size_t next = 1; next < rank_; ++next)
                {
                    if (axes_[last].step == axes_[next].extent * axes_[next].step)
                        axes_[last] = { axes_[last].extent * axes_[next].extent, axes_[next].step };
                    else
                        axes_[++last] = axes_[next];
                }
                rank_ = rank_ == 0 ? 0 : last + 1;
            }

            template <class Visitor>
            void visit_from(const walk_offsets& origin, const Visitor& visit) const
            {
                const axis inner = rank_ == 0 ? axis { 1, { 1, 1, 0, 1 } } : axes_[rank_ - 1];
                const std::ptrdiff_t longest = longest_run(inner);
                for (std::ptrdiff_t first = 0; first < inner.extent; first += longest)
                {
                    const std::ptrdiff_t rest = inner.extent - first;
                    visit_outer(0, origin + first * inner.step,
                                [&](const walk_offsets& start) {
                                    visit(tensor_run { rest < longest ? rest : longest, start, inner.step });
                                });
                }
            }

        private:
            struct axis
            {
                std::ptrdiff_t extent = 1;
                walk_offsets step;
            };

            /// Indices may be apart where a last group of one element made another axis the innermost one.
            static constexpr std::ptrdiff_t longest_run(const axis& inner)
            {
                const walk_offsets& step = inner.step;
                const bool is_contiguous = step.input == 1 && (step.output == 0 || step.output == 1)
                                           && (step.parameter == 0 || step.parameter == 1);
                return step.index > 1 ? 1 : is_contiguous ? inner.extent : max_strided_run;
            }

            template <class Visitor>
            void visit_outer(std::size_t outer, walk_offsets start, const Visitor& visit) const
            {
                if (outer + 1 >= rank_)
                    return visit(start);
                for (std::ptrdiff_t i = 0; i < axes_[outer].extent; ++i, start = start + axes_[outer].step)
                    visit_outer(outer + 1, start, visit);
            }

            /// One more than the rank: a grouped axis is walked as two.
            std::array<axis, max_rank + 1> axes_ {};
            std::size_t rank_ = 0;
        };

        /// How the parameters lie along the tensor's axes; `size` elements along `axis` share one.
        struct parameter_steps
        {
            tensor_strides strides;
            std::size_t axis = 0;
            std::ptrdiff_t size = 1;
        };

        QUANTKIT_INLINE parameter_steps steps_of(const tensor_shape& shape, per_tensor)
        {
            parameter_steps steps { shape };
            for (std::size_t axis = 0; axis < shape.rank(); ++axis)
                steps.strides[axis] = 0;
            return steps;
        }

        QUANTKIT_INLINE parameter_steps steps_of(const tensor_shape& shape, per_axis granularity)
        {
            parameter_steps steps = steps_of(shape, per_tensor {});
            steps.strides[checked_axis(shape, granularity.axis)] = 1;
            return steps;
        }

        QUANTKIT_INLINE parameter_steps steps_of(const tensor_shape& shape, per_group granularity)
        {
            return { row_major_strides(parameter_shape(shape, granularity)), static_cast<std::size_t>(granularity.axis),
                     granularity.group_size };
        }

        /// What is to be walked: the strides of every array along every axis.
        class walk_plan
        {
        public:
            walk_plan(const tensor_shape& shape, const tensor_strides& input, const tensor_strides& output,
                      const parameter_steps& parameters, walk_order order)
                : shape_(shape)
                , parameters_(parameters)
                , order_(order)
            {
                const tensor_strides index = row_major_strides(shape);
                for (std::size_t axis = 0; axis < shape.rank(); ++axis)
                    steps_[axis] = { input[axis], output[axis], parameters.strides[axis],
                                     order == walk_order::logical ? index[axis] : 0 };
                if (parameters.size > 1) // groups longer than the axis are one group of all of it
                    parameters_.size =
                        std::min(parameters.size, std::max(shape[parameters.axis], std::ptrdiff_t { 1 }));
            }

            /// Full groups first, then the shorter ones at the end of the axis.
            template <class Visitor>
            void visit(const Visitor& visitor) const
            {
                if (element_count(shape_) == 0)
                    return;
                if (parameters_.size == 1)
                    return visit_groups(0, 1, 1, visitor);
                const std::ptrdiff_t extent = shape_[parameters_.axis], size = parameters_.size;
                if (extent >= size)
                    visit_groups(0, extent / size, size, visitor);
                if (extent % size != 0)
                    visit_groups(extent / size, 1, extent % size, visitor);
            }

        private:
            /// `groups` groups of `size` elements, from the group number `first` on.
            template <class Visitor>
            void visit_groups(std::ptrdiff_t first, std::ptrdiff_t groups, std::ptrdiff_t size,
                              const Visitor& visitor) const
            {
                loop_nest nest;
                walk_offsets origin;
                for (std::size_t axis = 0; axis < shape_.rank(); ++axis)
                {
                    if (parameters_.size == 1 || axis != parameters_.axis)
                    {
                        nest.add(shape_[axis], steps_[axis]);
                        continue;
                    }
                    walk_offsets inside = steps_[axis];
                    inside.parameter = 0;
                    walk_offsets group = parameters_.size * inside;
                    group.parameter = steps_[axis].parameter;
                    origin = first * group;
                    nest.add(groups, group);
                    nest.add(size, inside);
                }
                if (order_ == walk_order::memory)
                    nest.sort_by_input_stride();
                nest.merge_axes();
                nest.visit_from(origin, visitor);
            }

            tensor_shape shape_;
            std::array<walk_offsets, max_rank> steps_ {};
            parameter_steps parameters_;
            walk_order order_;
        };
    }

    /// Calls visit(const tensor_run&) for runs that together cover every element of a tensor once.
    ///
    /// input, output  strides of two tensors of the same shape; no output: all 0
    template <granularity Granularity, class Visitor>
    void for_each_run(const tensor_shape& shape, const tensor_strides& input, const tensor_strides& output,
                      Granularity granularity, walk_order order, const Visitor& visit)
    {
        detail::walk_plan(shape, input, output, detail::steps_of(shape, granularity), order).visit(visit);
    }
}
