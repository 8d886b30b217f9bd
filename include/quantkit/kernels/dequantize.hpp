// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Codes to reals: the same bits as core's dequantize_value, for many values at a time.
#pragma once

#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/loop.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    namespace detail
    {
        template <class Code>
        struct dequantized_values
        {
            const Code* q;
            qparams params;

            template <class Lanes>
            QUANTKIT_INLINE auto operator()(std::size_t i, Lanes in) const
            {
                const auto steps = load_codes(q + i, in) - typename Lanes::integer(params.zero_point);
                return in.to_real(steps) * typename Lanes::real(params.scale);
            }
        };

        template <class Code>
        struct dequantized_values_each
        {
            const Code* q;
            const float* scale;
            const std::int32_t* zero_point;

            template <class Lanes>
            QUANTKIT_INLINE auto operator()(std::size_t i, Lanes in) const
            {
                return in.to_real(load_codes(q + i, in) - in.load(zero_point + i)) * in.load(scale + i);
            }
        };

        /// Whether q - zero_point stays within int32 for every code.
        template <class Code>
        QUANTKIT_INLINE constexpr bool difference_fits(std::int32_t zero_point)
        {
            constexpr std::int32_t half = 1 << 30;
            return zero_point == 0 || (sizeof(Code) < sizeof(std::int32_t) && zero_point >= -half && zero_point < half);
        }
    }

    /// x[i] = float(q[i] - zero_point) * scale
    ///
    /// q, x    [count] codes and floats; no alignment needed
    template <class Code, class Arch = default_arch>
    void dequantize(const Code* q, float* x, std::size_t count, qparams params, Arch = {}) noexcept
    {
        if (detail::difference_fits<Code>(params.zero_point))
            return store_each<Arch>(x, count, detail::dequantized_values<Code> { q, params });
        for (std::size_t i = 0; i < count; ++i)
            x[i] = dequantize_value(q[i], params);
    }

    /// The same with a scale and a zero_point for every value, as for an axis that is innermost in memory.
    ///
    /// scale, zero_point  [count]; zero points are values of Code
    template <class Code, class Arch = default_arch>
    void dequantize_each(const Code* q, float* x, std::size_t count, const float* scale, const std::int32_t* zero_point,
                         Arch = {}) noexcept
    {
        if constexpr (sizeof(Code) < sizeof(std::int32_t))
            store_each<Arch>(x, count, detail::dequantized_values_each<Code> { q, scale, zero_point });
        else
            for (std::size_t i = 0; i < count; ++i)
                x[i] = dequantize_value(q[i], { scale[i], zero_point[i] });
    }
}
