// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From the range of the real values to scale and zero_point.
///
/// Every scheme widens the range to hold 0, so that 0 has an exact code (padding and ReLU need that), and throws
/// std::invalid_argument with the values when the range is not finite, reversed, or too wide for a float scale.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace quantkit
{
    /// Floor of the scale in PyTorch's observers: 2^-23.
    inline constexpr float default_scale_eps = std::numeric_limits<float>::epsilon();

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        inline real_range with_zero(real_range range)
        {
            require(std::isfinite(range.min) && std::isfinite(range.max) && range.min <= range.max,
                    "cannot choose qparams for the range [", range.min, ", ", range.max,
                    "]: it must be finite and not reversed");
            return { std::min(range.min, 0.0f), std::max(range.max, 0.0f) };
        }

        inline float checked_scale(float scale, real_range range)
        {
            require(std::isfinite(scale), "the range [", range.min, ", ", range.max, "] is too wide for a float scale");
            return scale;
        }

        /// The nearest code, ties to the even one.
        constexpr std::int32_t rounded_code(double x, quant_bounds bounds)
        {
            if (is_integral_by_size(x))
                return static_cast<std::int32_t>(std::clamp<double>(x, bounds.quant_min, bounds.quant_max));
            return static_cast<std::int32_t>(
                std::clamp<std::int64_t>(nearest_even(x), bounds.quant_min, bounds.quant_max));
        }

        constexpr float steps_in(quant_bounds bounds)
        {
            return static_cast<float>(std::int64_t { bounds.quant_max } - bounds.quant_min);
        }
    }

    /// scale = max((max - min) / (quant_max - quant_min), eps); zero_point = clamp(quant_min - round(min / scale)).
    ///
    /// In float32, as PyTorch's observers. eps = 0 gives ONNX DynamicQuantizeLinear, whose all-zero input has scale 1.
    struct affine
    {
        float eps = default_scale_eps;

        QUANTKIT_INLINE qparams operator()(real_range range, quant_bounds bounds) const
        {
            const auto [min, max] = detail::with_zero(range);
            float scale = detail::checked_scale(std::max((max - min) / detail::steps_in(bounds), eps), range);
            if (scale == 0.0f)
                scale = 1.0f;
            const double zero_point = static_cast<double>(bounds.quant_min) - round_half_even(min / scale);
            return { scale, detail::rounded_code(zero_point, bounds) };
        }
    };
    static_assert(quantization_scheme<affine>);

    /// scale = max(max|x| / ((quant_max - quant_min) / 2), eps); zero_point = 0, or the middle of an unsigned range.
    ///
    /// In float32, as PyTorch: full-range int8 divides by 127.5, narrow int8 by 127. The middle of 0..255 is 128, of
    /// 0..15 it is 8; PyTorch takes 7 when that range was given as a custom one: set zero_point to say so.
    struct symmetric
    {
        float eps = default_scale_eps;
        std::optional<std::int32_t> zero_point = std::nullopt;

        QUANTKIT_INLINE qparams operator()(real_range range, quant_bounds bounds) const
        {
            const auto [min, max] = detail::with_zero(range);
            const float scale =
                detail::checked_scale(std::max(std::max(-min, max) / (detail::steps_in(bounds) / 2.0f), eps), range);
            return { scale == 0.0f ? 1.0f : scale, zero_point.value_or(middle(bounds)) };
        }

        QUANTKIT_INLINE static constexpr std::int32_t middle(quant_bounds bounds)
        {
            if (bounds.quant_min < 0)
                return 0;
            return static_cast<std::int32_t>((std::int64_t { bounds.quant_min } + bounds.quant_max + 1) / 2);
        }
    };
    static_assert(quantization_scheme<symmetric>);

    /// The symmetric scale rounded up to a power of two, so that rescaling is a shift.
    struct power_of_two
    {
        float eps = default_scale_eps;

        QUANTKIT_INLINE qparams operator()(real_range range, quant_bounds bounds) const
        {
            const qparams exact = symmetric { eps }(range, bounds);
            int exponent = 0;
            const float fraction =
                std::frexp(exact.scale, &exponent); // scale = fraction * 2^exponent, fraction in [0.5, 1)
            const float scale = std::ldexp(1.0f, fraction == 0.5f ? exponent - 1 : exponent);
            return { detail::checked_scale(scale, range), exact.zero_point };
        }
    };
    static_assert(quantization_scheme<power_of_two>);

    /// What PyTorch's dynamic quantization uses (torch._choose_qparams_per_tensor): not the observers' formula.
    ///
    /// In double; a scale below 6.1e-5 is raised to it, and the zero point is taken from the end of the range that
    /// gives the smaller rounding error.
    struct dynamic_affine
    {
        static constexpr double small_scale = static_cast<double>(6.1e-5f);

        QUANTKIT_INLINE qparams operator()(real_range range, quant_bounds bounds) const
        {
            const auto [low, high] = detail::with_zero(range);
            double min = static_cast<double>(low), max = static_cast<double>(high);
            const double quant_min = bounds.quant_min, quant_max = bounds.quant_max;
            double scale = (max - min) / (quant_max - quant_min);
            if (static_cast<float>(scale) <= 0x1p-128f) // 0, or its reciprocal is infinite
                scale = 0.1;
            if (scale < small_scale)
            {
                const double widening = small_scale / scale;
                if (min == 0.0)
                    max = small_scale * (quant_max - quant_min);
                else if (max == 0.0)
                    min = -small_scale * (quant_max - quant_min);
                else
                    min *= widening, max *= widening;
                scale = small_scale;
            }
            const double low_steps = min / scale, high_steps = max / scale;
            const double zero_points[2] { quant_max - high_steps, quant_min - low_steps };
            const bool min_is_better =
                std::abs(quant_min) + std::abs(low_steps) < std::abs(quant_max) + std::abs(high_steps);
            const double zero_point = zero_points[min_is_better ? 1 : 0]; // a load, not a jump
            return { detail::checked_scale(static_cast<float>(scale), range),
                     detail::rounded_code(zero_point, bounds) };
        }
    };
    static_assert(quantization_scheme<dynamic_affine>);
}
