// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The operations of AVX-512 under the names that epilogue.inl and activations.inl call them by, and a few more.
///
/// Those with a mask of all lanes are the same instruction as without; but of the plain intrinsics, which start from an
/// undefined register, GCC 12 warns in the user's program.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/isa.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline constexpr __mmask16 all_lanes = 0xffff;

    /// The first `count` lanes; all where there are more.
    QUANTKIT_INLINE __mmask16 first_lanes(std::size_t count)
    {
        return static_cast<__mmask16>(count >= 16 ? 0xffffu : (1u << count) - 1u);
    }

    using reals = __m512;
    using ints = __m512i;

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE reals broadcast(float x) { return _mm512_set1_ps(x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE ints broadcast(std::int32_t x) { return _mm512_set1_epi32(x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE reals load_columns(const float* columns) { return _mm512_loadu_ps(columns); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE ints load_columns(const std::int32_t* columns) { return _mm512_loadu_si512(columns); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE reals add(reals a, reals b) { return _mm512_add_ps(a, b); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE ints add(ints a, ints b) { return _mm512_add_epi32(a, b); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE reals subtract(reals a, reals b) { return _mm512_sub_ps(a, b); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE ints subtract(ints a, ints b) { return _mm512_sub_epi32(a, b); }

    /// Nothing is fused with it.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE reals multiply(reals a, reals b)
    {
        reals product = _mm512_mul_ps(a, b);
        __asm__("" : "+v"(product)); // keeps the compiler from contracting it with an addition
        return product;
    }

    /// The low 32 bits.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE ints multiply(ints a, ints b) { return _mm512_mullo_epi32(a, b); }

    /// b where one of them is NaN, or both are zero.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 min(__m512 a, __m512 b) { return _mm512_maskz_min_ps(all_lanes, a, b); }

    /// b where one of them is NaN, or both are zero.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 max(__m512 a, __m512 b) { return _mm512_maskz_max_ps(all_lanes, a, b); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 to_float(__m512i x) { return _mm512_maskz_cvtepi32_ps(all_lanes, x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512i to_int(__m512 x) { return _mm512_maskz_cvtps_epi32(all_lanes, x); }

    /// The low byte of each lane, in order.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m128i low_bytes(__m512i x) { return _mm512_maskz_cvtepi32_epi8(all_lanes, x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 swap_halves(__m512 x) { return _mm512_maskz_shuffle_f32x4(all_lanes, x, x, 0b01'00'11'10); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 swap_quarters(__m512 x)
    {
        return _mm512_maskz_shuffle_f32x4(all_lanes, x, x, 0b10'11'00'01);
    }
}
#endif
