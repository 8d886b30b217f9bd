// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX-512 operations of which GCC 12 warns in the user's program, because their plain intrinsics start from an
/// undefined register. With a mask of all lanes the instruction is the same.
#pragma once

#include <quantkit/kernels/isa.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline constexpr __mmask16 all_lanes = 0xffff;

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
