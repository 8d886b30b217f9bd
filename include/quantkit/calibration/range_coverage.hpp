// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What calibrated ranges miss of other data: how many values lie outside, how far, and where.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/parameter_shape.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/arch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace quantkit
{
    /// How well one range covers the values of its parameter.
    struct range_coverage
    {
        std::size_t parameter = 0; ///< index of the channel or group; 0 per tensor
        real_range range;
        std::size_t values = 0;  ///< NaN not counted
        std::size_t outside = 0; ///< infinities are outside
        float worst = 0.0f;      ///< the value furthest outside, the first of equals; 0 if there is none

        /// 0 to 1; 0 without values.
        QUANTKIT_INLINE double share_outside() const
        {
            return values == 0 ? 0.0 : static_cast<double>(outside) / static_cast<double>(values);
        }

        /// How far the worst value lies outside, in units of x; 0 if none does.
        QUANTKIT_INLINE double overshoot() const { return outside == 0 ? 0.0 : distance_outside(worst); }

        /// Counts one value.
        QUANTKIT_INLINE void include(float x)
        {
            if (x != x)
                return;
            ++values;
            if (x >= range.min && x <= range.max)
                return;
            if (outside++ == 0 || distance_outside(x) > distance_outside(worst))
                worst = x;
        }

        friend bool operator==(const range_coverage&, const range_coverage&) = default;

    private:
        QUANTKIT_INLINE double distance_outside(float x) const
        {
            return x < range.min ? static_cast<double>(range.min) - static_cast<double>(x)
                                 : static_cast<double>(x) - static_cast<double>(range.max);
        }
    };

    namespace detail
    {
        template <class Arch, class Granularity>
        std::vector<range_coverage> measured_coverage(const tensor_view<const float>& x, const real_range* ranges,
                                                      std::size_t count, Granularity granularity)
        {
            const auto parameters = static_cast<std::size_t>(element_count(parameter_shape(x.shape(), granularity)));
            require(count == parameters, "a tensor of shape ", x.shape(), " has ", parameters,
                    " parameters, but there are ", count, " ranges");
            std::vector<range_coverage> coverage(parameters);
            for (std::size_t i = 0; i < parameters; ++i)
                coverage[i] = { .parameter = i, .range = ranges[i] };
            const auto count_run = [&](const tensor_run& run)
            {
                for (std::ptrdiff_t i = 0; i < run.count; ++i)
                {
                    const walk_offsets at = run.start + i * run.step;
                    coverage[static_cast<std::size_t>(at.parameter)].include(x.data()[at.input]);
                }
            };
            const tensor_strides no_output = steps_of(x.shape(), per_tensor {}).strides;
            for_each_run(x.shape(), x.strides(), no_output, granularity, walk_order::logical, count_run);
            return coverage;
        }
    }

    /// One finding per parameter, in the order of the ranges.
    ///
    /// x       any layout; infinities count, NaN does not
    /// ranges  one per parameter of x (core/parameter_shape.hpp), else std::invalid_argument with both numbers
    template <tensor_of<float> Tensor, granularity Granularity = per_tensor, class Arch = kernels::active_arch>
    std::vector<range_coverage> measured_coverage(const Tensor& x, std::span<const real_range> ranges,
                                                  Granularity granularity = {})
    {
        return detail::measured_coverage<Arch>(view_of(x), ranges.data(), ranges.size(), granularity);
    }

    /// Of one range.
    template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
    range_coverage measured_coverage(const Tensor& x, real_range range)
    {
        return detail::measured_coverage<Arch>(view_of(x), &range, 1, per_tensor {}).front();
    }

    /// Those of which more than the allowed share lies outside, the worst share first: what to warn about.
    template <class Arch = kernels::active_arch>
    std::vector<range_coverage> coverage_warnings(std::vector<range_coverage> coverage, double allowed_share = 0.001)
    {
        std::erase_if(coverage,
                      [=](const range_coverage& finding) { return finding.share_outside() <= allowed_share; });
        std::sort(coverage.begin(), coverage.end(),
                  [](const range_coverage& a, const range_coverage& b)
                  {
                      const double share_a = a.share_outside(), share_b = b.share_outside();
                      return share_a != share_b ? share_a > share_b : a.parameter < b.parameter;
                  });
        return coverage;
    }
}
