// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Quantization parameters, and the equation of the whole library:
///
///     real = scale * (q - zero_point)
///
/// Its inverse for one value is defined here, in scalar form; the kernels compute the same bits many at a time.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless the scale and its reciprocal are positive and finite and the zero point is a code.
    ///
    /// The reciprocal counts because quantizing multiplies by it: scales below 2.94e-39 are refused.
    inline void check_qparams(qparams params, quant_bounds bounds)
    {
        require(std::isfinite(params.scale) && params.scale > 0.0f && std::isfinite(1.0f / params.scale),
                "scale must be positive and finite, with a finite reciprocal, but is ", params.scale);
        require(params.zero_point >= bounds.quant_min && params.zero_point <= bounds.quant_max, "zero_point ",
                params.zero_point, " lies outside [", bounds.quant_min, ", ", bounds.quant_max, "]");
    }

    /// The code of one real value: q = clamp(zero_point + round(scaled(x)), quant_min, quant_max).
    ///
    /// x       any float: beyond the range, also infinite, it saturates; NaN gives quant_min
    /// index   position of x in its tensor, for rounding policies that depend on it (stochastic)
    /// source  Jacob et al. 2018, arXiv:1712.05877, eq. 1; ties and order of operations as PyTorch (core/rounding.hpp)
    template <rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal>
    constexpr std::int32_t quantize_value(float x, qparams params, quant_bounds bounds, Rounding rounding = {},
                                          Scaling scaling = {}, std::uint64_t index = 0)
    {
        const double zero_point = params.zero_point;
        const double lowest = bounds.quant_min - zero_point, highest = bounds.quant_max - zero_point;
        const float steps = scaling.scaled(x, scaling.factor(params.scale));
        if (!(steps > lowest)) // also NaN
            return bounds.quant_min;
        const double rounded = rounding(steps, index);
        return static_cast<std::int32_t>(std::clamp(rounded, lowest, highest) + zero_point);
    }

    /// The real value of one code. One rounding: q - zero_point is rounded to float only beyond 2^24.
    constexpr float dequantize_value(std::int32_t q, qparams params)
    {
        return static_cast<float>(std::int64_t { q } - params.zero_point) * params.scale;
    }
}
