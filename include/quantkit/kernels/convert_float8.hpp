// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// 8-bit floats to float and back: the same bits as core/float8.hpp, for many values at a time.
///
/// Values per ns from L2 (Zen 3), scalar, SSE2, AVX2: to float 0.8, 1.8, 6.0; from float 0.65, 1.6, 4.1.
#pragma once

#include <quantkit/core/float8.hpp>
#include <quantkit/kernels/convert_half.hpp> // for bits_as
#include <quantkit/kernels/loop.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: see lanes.hpp.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit::kernels
{
    namespace detail
    {
        template <float8_format Format>
        struct floats_of_float8
        {
            using layout = float8_layout<Format>;
            const std::uint8_t* float8;

            template <class Arch>
            QUANTKIT_INLINE auto operator()(std::size_t i, lanes<Arch> in) const
            {
                if constexpr (std::same_as<Arch, scalar_arch>)
                    return float8_to_float<Format>(float8[i]);
                else
                    return batch(i, in);
            }

            template <class Arch>
            QUANTKIT_INLINE typename lanes<Arch>::real batch(std::size_t i, lanes<Arch> in) const
            {
                using integer = typename lanes<Arch>::integer;
                using real = typename lanes<Arch>::real;
                const integer bits = load_codes(float8 + i, in), magnitude = bits & integer(0x7f);
                const integer normal =
                    (magnitude << layout::shift) + integer(static_cast<std::int32_t>(layout::rebias));
                const integer subnormal = bits_as<integer>(in.to_real(magnitude) * real(layout::step));
                const integer finite =
                    xsimd::select(magnitude < integer(1 << Format::mantissa_bits), subnormal, normal);
                integer special(0x7fc00000);
                if constexpr (Format::has_infinity)
                    special = xsimd::select(magnitude == integer(layout::beyond), integer(0x7f800000), special);
                const integer value = xsimd::select(magnitude > integer(Format::largest), special, finite);
                return bits_as<real>(value | ((bits & integer(0x80)) << 24));
            }
        };

        template <float8_format Format>
        struct float8_of_floats
        {
            using layout = float8_layout<Format>;
            const float* x;
            float8_overflow overflow;

            template <class Arch>
            QUANTKIT_INLINE auto operator()(std::size_t i, lanes<Arch> in) const
            {
                if constexpr (std::same_as<Arch, scalar_arch>)
                    return std::int32_t { float_to_float8<Format>(x[i], overflow) };
                else
                    return batch(i, in);
            }

            template <class Arch>
            QUANTKIT_INLINE typename lanes<Arch>::integer batch(std::size_t i, lanes<Arch> in) const
            {
                using integer = typename lanes<Arch>::integer;
                using real = typename lanes<Arch>::real;
                constexpr auto rounding = static_cast<std::int32_t>((1u << (layout::shift - 1)) - 1 - layout::rebias);
                const integer bits = bits_as<integer>(in.load(x + i)), magnitude = bits & integer(0x7fffffff);
                const integer odd = (magnitude >> layout::shift) & integer(1);
                const integer normal = (magnitude + odd + integer(rounding)) >> layout::shift;
                const integer subnormal = bits_as<integer>(bits_as<real>(magnitude) + real(layout::aligner))
                                          - integer(std::bit_cast<std::int32_t>(layout::aligner));
                const integer least_normal(static_cast<std::int32_t>(layout::least_normal));
                const integer finite = xsimd::select(magnitude < least_normal, subnormal, normal);
                const integer largest(Format::largest), beyond(layout::beyond);
                const integer overflown = overflow == float8_overflow::saturate ? largest : beyond;
                const integer value = xsimd::select(finite > largest, overflown, finite);
                const integer nan(layout::nan);
                return xsimd::select(magnitude > integer(0x7f800000), nan, value) | ((bits >> 24) & integer(0x80));
            }
        };
    }

    /// x[i] = the value of the pattern float8[i], exactly; NaN becomes a quiet NaN.
    ///
    /// float8, x    [count]; no alignment needed, must not overlap. The same for the other direction.
    template <float8_format Format, class Arch = default_arch>
    void float8_to_float(const std::uint8_t* float8, float* x, std::size_t count, Arch = {}) noexcept
    {
        store_each<Arch>(x, count, detail::floats_of_float8<Format> { float8 });
    }

    /// float8[i] = x[i], rounded to nearest, ties to even.
    template <float8_format Format, class Arch = default_arch>
    void float_to_float8(const float* x, std::uint8_t* float8, std::size_t count,
                         float8_overflow overflow = float8_overflow::saturate, Arch = {}) noexcept
    {
        store_each<Arch>(float8, count, detail::float8_of_floats<Format> { x, overflow });
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
