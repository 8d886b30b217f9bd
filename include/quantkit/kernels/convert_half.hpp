// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// binary16 and bfloat16 to float and back: the same bits as core/half.hpp, for many values at a time.
///
/// AVX-512 has instructions for binary16; the others compute with the bits in int32 lanes. The instruction for bfloat16
/// (AVX512_BF16) is not used: it takes subnormal floats for zero.
#pragma once

#include <quantkit/core/half.hpp>
#include <quantkit/kernels/loop.hpp>

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
#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
    namespace detail
    {
        inline constexpr std::int32_t float_infinity = 0x7f800000, float_magnitude = 0x7fffffff;

        template <class Arch>
        QUANTKIT_INLINE typename lanes<Arch>::real half_to_float(const std::uint16_t* half, lanes<Arch> in, any_arch)
        {
            using integer = typename lanes<Arch>::integer;
            using real = typename lanes<Arch>::real;
            const integer bits = load_codes(half, in), magnitude = bits & integer(0x7fff);
            const integer normal = (magnitude << 13) + integer(112 << 23);
            const integer quiet = xsimd::select(magnitude > integer(0x7c00), integer(0x00400000), integer(0));
            const integer special = (normal + integer(112 << 23)) | quiet;
            const integer subnormal = bits_as<integer>(in.to_real(magnitude) * real(0x1p-24f));
            const integer finite = xsimd::select(magnitude < integer(0x0400), subnormal, normal);
            const integer value = xsimd::select(magnitude >= integer(0x7c00), special, finite);
            return bits_as<real>(value | (bits & integer(0x8000)) << 16);
        }

        template <class Arch>
        QUANTKIT_INLINE typename lanes<Arch>::integer float_to_half(const float* x, lanes<Arch> in, any_arch)
        {
            using integer = typename lanes<Arch>::integer;
            using real = typename lanes<Arch>::real;
            const integer bits = bits_as<integer>(in.load(x)), magnitude = bits & integer(float_magnitude);
            const integer odd = (magnitude >> 13) & integer(1);
            const integer normal = (magnitude + odd + integer(0x0fff - (112 << 23))) >> 13;
            const integer subnormal = bits_as<integer>(bits_as<real>(magnitude) + real(0.5f)) - integer(0x3f000000);
            const integer nan = ((magnitude >> 13) & integer(0x03ff)) | integer(0x7e00);
            const integer special = xsimd::select(magnitude > integer(float_infinity), nan, integer(0x7c00));
            const integer finite = xsimd::select(magnitude < integer(0x38800000), subnormal, normal);
            return xsimd::select(magnitude >= integer(0x477ff000), special, finite) | ((bits >> 16) & integer(0x8000));
        }

#if XSIMD_WITH_AVX512BW
        template <class Arch>
        QUANTKIT_INLINE typename lanes<Arch>::real half_to_float(const std::uint16_t* half, lanes<Arch>,
                                                                 xsimd::avx512bw)
        {
            return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(half)));
        }

        template <class Arch>
        QUANTKIT_INLINE typename lanes<Arch>::integer float_to_half(const float* x, lanes<Arch>, xsimd::avx512bw)
        {
            return _mm512_cvtepu16_epi32(_mm512_cvtps_ph(_mm512_loadu_ps(x), _MM_FROUND_TO_NEAREST_INT));
        }
#endif

        template <class Arch>
        QUANTKIT_INLINE typename lanes<Arch>::real bfloat16_to_float(const std::uint16_t* bfloat16, lanes<Arch> in)
        {
            return bits_as<typename lanes<Arch>::real>(load_codes(bfloat16, in) << 16);
        }

        template <class Arch>
        QUANTKIT_INLINE typename lanes<Arch>::integer float_to_bfloat16(const float* x, lanes<Arch> in)
        {
            using integer = typename lanes<Arch>::integer;
            const integer bits = bits_as<integer>(in.load(x)), magnitude = bits & integer(float_magnitude);
            const integer odd = (bits >> 16) & integer(1);
            const integer rounded = bits + odd + integer(0x7fff), nan = bits | integer(0x00400000);
            return (xsimd::select(magnitude > integer(float_infinity), nan, rounded) >> 16) & integer(0xffff);
        }
    }
#endif

    namespace detail
    {
        struct floats_of_half
        {
            const std::uint16_t* half;

            template <class Arch>
            QUANTKIT_INLINE auto operator()(std::size_t i, lanes<Arch> in) const
            {
                if constexpr (std::same_as<Arch, scalar_arch>)
                    return quantkit::half_to_float(half[i]);
                else
                    return half_to_float(half + i, in, Arch {});
            }
        };

        struct half_of_floats
        {
            const float* x;

            template <class Arch>
            QUANTKIT_INLINE auto operator()(std::size_t i, lanes<Arch> in) const
            {
                if constexpr (std::same_as<Arch, scalar_arch>)
                    return std::int32_t { quantkit::float_to_half(x[i]) };
                else
                    return float_to_half(x + i, in, Arch {});
            }
        };

        struct floats_of_bfloat16
        {
            const std::uint16_t* bfloat16;

            template <class Arch>
            QUANTKIT_INLINE auto operator()(std::size_t i, lanes<Arch> in) const
            {
                if constexpr (std::same_as<Arch, scalar_arch>)
                    return quantkit::bfloat16_to_float(bfloat16[i]);
                else
                    return bfloat16_to_float(bfloat16 + i, in);
            }
        };

        struct bfloat16_of_floats
        {
            const float* x;

            template <class Arch>
            QUANTKIT_INLINE auto operator()(std::size_t i, lanes<Arch> in) const
            {
                if constexpr (std::same_as<Arch, scalar_arch>)
                    return std::int32_t { quantkit::float_to_bfloat16(x[i]) };
                else
                    return float_to_bfloat16(x + i, in);
            }
        };
    }

    /// x[i] = the value of the binary16 pattern half[i], exactly; a signalling NaN becomes quiet.
    ///
    /// half, x      [count]; no alignment needed, must not overlap. The same for the three conversions below.
    template <class Arch = default_arch>
    void half_to_float(const std::uint16_t* half, float* x, std::size_t count, Arch = {}) noexcept
    {
        store_each<Arch>(x, count, detail::floats_of_half { half });
    }

    /// half[i] = x[i], rounded to nearest, ties to even.
    template <class Arch = default_arch>
    void float_to_half(const float* x, std::uint16_t* half, std::size_t count, Arch = {}) noexcept
    {
        store_each<Arch>(half, count, detail::half_of_floats { x });
    }

    /// x[i] = the value of the bfloat16 pattern bfloat16[i], exactly.
    template <class Arch = default_arch>
    void bfloat16_to_float(const std::uint16_t* bfloat16, float* x, std::size_t count, Arch = {}) noexcept
    {
        store_each<Arch>(x, count, detail::floats_of_bfloat16 { bfloat16 });
    }

    /// bfloat16[i] = x[i], rounded to nearest, ties to even.
    template <class Arch = default_arch>
    void float_to_bfloat16(const float* x, std::uint16_t* bfloat16, std::size_t count, Arch = {}) noexcept
    {
        store_each<Arch>(bfloat16, count, detail::bfloat16_of_floats { x });
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
