// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The few operations that element-wise kernels are made of, on one value and on a batch, so that a kernel's body is
/// written once for both.
///
/// xsimd's own min and max are not used: with NaN they return the one operand up to version 13 and the other from 14.
#pragma once

#include <quantkit/kernels/arch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: its AVX-512 intrinsics begin with a register left undefined on purpose, and it warns wherever
// inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit::kernels
{
    /// How many values are processed together, and how.
    ///
    /// real, integer, word   float, int32 and uint32 lanes; each is constructed from one value for all lanes
    /// at_least, at_most     NaN gives the bound
    /// divided               x / y, correctly rounded
    /// nearest               float to int32, ties to even; |x| <= 2^24
    /// truncated             float to int32, towards zero; |x| <= 2^24
    /// to_real               int32 to float, rounded to nearest
    /// high_24_bits          the upper 24 bits of a word as a float
    /// consecutive           first, first + 1, ... in the lanes
    template <class Arch>
    struct lanes;

    template <>
    struct lanes<scalar_arch>
    {
        using real = float;
        using integer = std::int32_t;
        using word = std::uint32_t;
        static constexpr std::size_t width = 1;

        static QUANTKIT_INLINE real load(const float* values) { return *values; }
        static QUANTKIT_INLINE integer load(const std::int32_t* values) { return *values; }
        static QUANTKIT_INLINE void store(float* out, real values) { *out = values; }

        static QUANTKIT_INLINE real select(bool condition, real yes, real no) { return condition ? yes : no; }
        static QUANTKIT_INLINE real at_least(real x, real low) { return x > low ? x : low; }
        static QUANTKIT_INLINE real at_most(real x, real high) { return x < high ? x : high; }
        static QUANTKIT_INLINE real divided(real x, real y) { return x / y; }
        static QUANTKIT_INLINE real to_real(integer x) { return static_cast<real>(x); }
        static QUANTKIT_INLINE real high_24_bits(word x) { return static_cast<real>(x >> 8); }
        static QUANTKIT_INLINE integer truncated(real x) { return static_cast<integer>(x); }
        static QUANTKIT_INLINE integer nearest(real x)
        {
            const integer whole = truncated(x);
            const real rest = x - to_real(whole);
            const bool odd = (whole & 1) != 0;
            const bool up = rest > 0.5f || (rest == 0.5f && odd), down = rest < -0.5f || (rest == -0.5f && odd);
            return whole + static_cast<integer>(up) - static_cast<integer>(down);
        }
        static QUANTKIT_INLINE word consecutive(std::uint32_t first) { return first; }
    };

#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
    namespace detail
    {
        /// The same bits as lanes of the other type.
        template <class To, class From>
        QUANTKIT_INLINE To bits_as(const From& x)
        {
#if XSIMD_VERSION_MAJOR >= 11
            return xsimd::bitwise_cast<typename To::value_type>(x);
#else
            return xsimd::bitwise_cast<To>(x);
#endif
        }

        template <class Real>
        QUANTKIT_INLINE Real at_least(Real x, Real low, any_arch)
        {
            return xsimd::select(x > low, x, low);
        }
        template <class Real>
        QUANTKIT_INLINE Real at_most(Real x, Real high, any_arch)
        {
            return xsimd::select(x < high, x, high);
        }

        template <class Real>
        QUANTKIT_INLINE Real divided(Real x, Real y, any_arch)
        {
            return x / y;
        }
#if XSIMD_WITH_NEON64
        // xsimd 8.1 inherits the division of 32-bit NEON here, an estimate refined twice, which is not correctly
        // rounded.
        template <class Real>
        QUANTKIT_INLINE Real divided(Real x, Real y, xsimd::neon64)
        {
            return Real(vdivq_f32(x, y));
        }
#endif

        // The x86 instructions return their second operand when either is NaN.
#if XSIMD_WITH_SSE2
        template <class Real>
        QUANTKIT_INLINE Real at_least(Real x, Real low, xsimd::sse2)
        {
            return Real(_mm_max_ps(x, low));
        }
        template <class Real>
        QUANTKIT_INLINE Real at_most(Real x, Real high, xsimd::sse2)
        {
            return Real(_mm_min_ps(x, high));
        }
#endif
#if XSIMD_WITH_AVX
        template <class Real>
        QUANTKIT_INLINE Real at_least(Real x, Real low, xsimd::avx)
        {
            return Real(_mm256_max_ps(x, low));
        }
        template <class Real>
        QUANTKIT_INLINE Real at_most(Real x, Real high, xsimd::avx)
        {
            return Real(_mm256_min_ps(x, high));
        }
#endif
#if XSIMD_WITH_AVX512BW
        template <class Real>
        QUANTKIT_INLINE Real at_least(Real x, Real low, xsimd::avx512bw)
        {
            return Real(_mm512_max_ps(x, low));
        }
        template <class Real>
        QUANTKIT_INLINE Real at_most(Real x, Real high, xsimd::avx512bw)
        {
            return Real(_mm512_min_ps(x, high));
        }
#endif

        template <std::size_t Count>
        inline constexpr auto counting = []
        {
            std::array<std::uint32_t, Count> values {};
            for (std::size_t i = 0; i < Count; ++i)
                values[i] = static_cast<std::uint32_t>(i);
            return values;
        }();
    }

    template <class Arch>
    struct lanes
    {
        using real = xsimd::batch<float, Arch>;
        using integer = xsimd::batch<std::int32_t, Arch>;
        using word = xsimd::batch<std::uint32_t, Arch>;
        using condition = xsimd::batch_bool<float, Arch>;
        static constexpr std::size_t width = real::size;

        static QUANTKIT_INLINE real load(const float* values) { return real::load_unaligned(values); }
        static QUANTKIT_INLINE integer load(const std::int32_t* values) { return integer::load_unaligned(values); }
        static QUANTKIT_INLINE void store(float* out, const real& values) { values.store_unaligned(out); }

        static QUANTKIT_INLINE real select(const condition& mask, const real& yes, const real& no)
        {
            return xsimd::select(mask, yes, no);
        }
        static QUANTKIT_INLINE real at_least(const real& x, const real& low)
        {
            return detail::at_least(x, low, Arch {});
        }
        static QUANTKIT_INLINE real at_most(const real& x, const real& high)
        {
            return detail::at_most(x, high, Arch {});
        }
        static QUANTKIT_INLINE real divided(const real& x, const real& y) { return detail::divided(x, y, Arch {}); }
        static QUANTKIT_INLINE real to_real(const integer& x) { return xsimd::to_float(x); }
        static QUANTKIT_INLINE real high_24_bits(const word& x)
        {
#if XSIMD_VERSION_MAJOR >= 11
            return to_real(xsimd::bitwise_cast<std::int32_t>(x >> 8));
#else
            return to_real(xsimd::bitwise_cast<integer>(x >> 8));
#endif
        }
        static QUANTKIT_INLINE integer truncated(const real& x) { return xsimd::to_int(x); }
        static QUANTKIT_INLINE integer nearest(const real& x) { return xsimd::nearbyint_as_int(x); }
        static QUANTKIT_INLINE word consecutive(std::uint32_t first)
        {
            return word::load_unaligned(detail::counting<width>.data()) + word(first);
        }
    };
#endif

    /// stochastic::mixed (core/rounding.hpp) for any word.
    template <class Word>
    QUANTKIT_INLINE Word mixed(Word bits)
    {
        bits = (bits ^ (bits >> 16)) * Word(0x7feb352du);
        bits = (bits ^ (bits >> 15)) * Word(0x846ca68bu);
        return bits ^ (bits >> 16);
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
