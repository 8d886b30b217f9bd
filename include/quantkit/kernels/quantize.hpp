// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Reals to codes: the same bits as core's quantize_value, for many values at a time.
#pragma once

#include <quantkit/kernels/steps.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// q[i] = clamp(zero_point + round(x[i] / scale), quant_min, quant_max)
    ///
    /// x, q         [count] floats and codes; no alignment needed
    /// x[i]         infinities saturate, NaN gives quant_min
    /// bounds       values of Code
    /// first_index  position of x[0] in its tensor, for rounding that depends on it (stochastic)
    template <class Code, rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal,
              class Arch = default_arch>
    void quantize(const float* x, Code* q, std::size_t count, qparams params, quant_bounds bounds,
                  Rounding rounding = {}, Scaling scaling = {}, std::uint64_t first_index = 0, Arch = {}) noexcept
    {
        detail::quantize_to<Arch>(x, q, count, detail::shared_qparams<Scaling> { params, bounds }, rounding, scaling,
                                  first_index);
    }

    /// The same with a scale and a zero_point for every value, as for an axis that is innermost in memory.
    ///
    /// scale, zero_point  [count]; zero points lie within the bounds
    template <class Code, rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal,
              class Arch = default_arch>
    void quantize_each(const float* x, Code* q, std::size_t count, const float* scale, const std::int32_t* zero_point,
                       quant_bounds bounds, Rounding rounding = {}, Scaling scaling = {}, std::uint64_t first_index = 0,
                       Arch = {}) noexcept
    {
        detail::quantize_to<Arch>(x, q, count, detail::own_qparams<Scaling> { scale, zero_point, bounds }, rounding,
                                  scaling, first_index);
    }
}
