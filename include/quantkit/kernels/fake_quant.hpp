// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Reals to the grid and back: the same bits as dequantizing the codes, without storing any.
#pragma once

#include <quantkit/kernels/steps.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// y[i] = (clamp(zero_point + round(x[i] / scale), quant_min, quant_max) - zero_point) * scale
    ///
    /// x, y         [count] floats, may be the same array; no alignment needed
    /// x[i]         infinities saturate, NaN gives the real value of quant_min; there is no -0 in y
    /// error        |y - x| <= scale / 2 (plus float rounding) inside the range
    /// first_index  position of x[0] in its tensor, for rounding that depends on it (stochastic)
    /// source       Jacob et al. 2018, arXiv:1712.05877, sec. 3
    template <rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal, class Arch = default_arch>
    void fake_quantize(const float* x, float* y, std::size_t count, qparams params, quant_bounds bounds,
                       Rounding rounding = {}, Scaling scaling = {}, std::uint64_t first_index = 0, Arch = {}) noexcept
    {
        detail::quantize_to<Arch>(x, y, count, detail::shared_qparams<Scaling> { params, bounds }, rounding, scaling,
                                  first_index);
    }

    /// The same with a scale and a zero_point for every value, as for an axis that is innermost in memory.
    ///
    /// scale, zero_point  [count]; zero points lie within the bounds
    template <rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal, class Arch = default_arch>
    void fake_quantize_each(const float* x, float* y, std::size_t count, const float* scale,
                            const std::int32_t* zero_point, quant_bounds bounds, Rounding rounding = {},
                            Scaling scaling = {}, std::uint64_t first_index = 0, Arch = {}) noexcept
    {
        detail::quantize_to<Arch>(x, y, count, detail::own_qparams<Scaling> { scale, zero_point, bounds }, rounding,
                                  scaling, first_index);
    }
}
