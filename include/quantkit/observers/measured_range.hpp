// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The smallest and the largest value of a tensor, of each index along an axis, or of each group.
///
/// NaN is skipped; infinities count. A tensor without any other value has the range nothing_observed.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <vector>

namespace quantkit
{
    /// The range of no values at all: [+inf, -inf], which any value narrows to itself.
    inline constexpr real_range nothing_observed { std::numeric_limits<float>::infinity(),
                                                   -std::numeric_limits<float>::infinity() };

    /// The smallest range that holds both; -0 becomes 0, so that the bits do not depend on the order of the values.
    constexpr real_range united(real_range a, real_range b)
    {
        return { (b.min < a.min ? b.min : a.min) + 0.0f, (b.max > a.max ? b.max : a.max) + 0.0f };
    }

    namespace detail
    {
        /// Widens one range per parameter by the values of a run.
        template <class Arch>
        class range_reduction
        {
        public:
            range_reduction(const float* x, std::size_t parameters)
                : x_(x)
                , min_(parameters, nothing_observed.min)
                , max_(parameters, nothing_observed.max)
            {
            }

            void add(const tensor_run& run)
            {
                std::array<float, max_strided_run> buffer; // NOLINT: filled before it is read
                const float* x = gathered(x_ + run.start.input, run.step.input, run.count, buffer.data());
                const auto count = static_cast<std::size_t>(run.count);
                const auto parameter = static_cast<std::size_t>(run.start.parameter);
                if (run.step.parameter == 0)
                    widen(parameter, kernels_.reduce_range(x, count));
                else if (run.step.parameter == 1)
                    kernels_.reduce_range_each(x, count, min_.data() + parameter, max_.data() + parameter);
                else
                    for (std::size_t i = 0; i < count; ++i)
                        if (x[i] == x[i])
                            widen(parameter + i * static_cast<std::size_t>(run.step.parameter), { x[i], x[i] });
            }

            std::vector<real_range> ranges() const
            {
                std::vector<real_range> ranges(min_.size());
                for (std::size_t i = 0; i < ranges.size(); ++i)
                    ranges[i] = united(nothing_observed, { min_[i], max_[i] });
                return ranges;
            }

        private:
            void widen(std::size_t parameter, real_range by)
            {
                const real_range range = united({ min_[parameter], max_[parameter] }, by);
                min_[parameter] = range.min;
                max_[parameter] = range.max;
            }

            const float* x_;
            std::vector<float> min_, max_;
            kernels::active_kernels_of<Arch> kernels_ = kernels::active_kernels<Arch>();
        };
    }

    /// One range per parameter, row-major in parameter_shape(shape, granularity).
    template <tensor_of<float> Tensor, granularity Granularity, class Arch = kernels::active_arch>
    std::vector<real_range> measured_ranges(const Tensor& x, Granularity granularity)
    {
        const tensor_view<const float> view = view_of(x);
        const std::ptrdiff_t parameters = element_count(parameter_shape(view.shape(), granularity));
        detail::range_reduction<Arch> reduction(view.data(), static_cast<std::size_t>(parameters));
        const tensor_strides no_output = detail::steps_of(view.shape(), per_tensor {}).strides;
        for_each_run(view.shape(), view.strides(), no_output, granularity, walk_order::memory,
                     [&](const tensor_run& run) { reduction.add(run); });
        return reduction.ranges();
    }

    template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
    real_range measured_range(const Tensor& x)
    {
        return measured_ranges<Tensor, per_tensor, Arch>(x, {}).front();
    }
}
