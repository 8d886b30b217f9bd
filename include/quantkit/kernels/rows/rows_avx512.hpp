// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions.hpp on 16 lanes of AVX-512: the operations of row_blocks.inl.
#pragma once

#include <quantkit/kernels/gemm/activations_avx512.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/kernels/rows/row_functions.hpp>
#include <quantkit/kernels/rows/rows_avx2.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace quantkit::kernels::avx512_row_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    namespace lanes = avx512_lanes;
    inline constexpr std::size_t lane_count = 16;

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 load_lanes(const float* x) { return _mm512_loadu_ps(x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void store_lanes(float* y, __m512 values) { _mm512_storeu_ps(y, values); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __mmask16 first_lanes(std::size_t count) { return static_cast<__mmask16>((1u << count) - 1u); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 load_some(const float* x, std::size_t count, float fill)
    {
        return _mm512_mask_loadu_ps(lanes::broadcast(fill), first_lanes(count), x);
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void store_some(float* y, __m512 values, std::size_t count)
    {
        _mm512_mask_storeu_ps(y, first_lanes(count), values);
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 power_of_two_of(__m512 shifted)
    {
        // the low 9 bits are those of n
        const __m512i exponent = _mm512_maskz_slli_epi32(lanes::all_lanes, _mm512_castps_si512(shifted), 23);
        return _mm512_castsi512_ps(_mm512_add_epi32(exponent, _mm512_castps_si512(lanes::broadcast(1.0f))));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 larger(__m512 a, __m512 b) { return lanes::max(a, b); }

    template <int Half>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m256 half_of(__m512 x)
    {
        return _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(0xf, _mm512_castps_pd(x), Half));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE float sum_of_lanes(__m512 x)
    {
        return avx2_row_lanes::sum_of_lanes(_mm256_add_ps(half_of<0>(x), half_of<1>(x)));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE float max_of_lanes(__m512 x)
    {
        return avx2_row_lanes::max_of_lanes(_mm256_max_ps(half_of<0>(x), half_of<1>(x)));
    }

#define QUANTKIT_LANES QUANTKIT_TARGET("avx512f,avx512bw") QUANTKIT_INLINE
#define QUANTKIT_ROWS QUANTKIT_TARGET("avx512f,avx512bw") inline
#define QUANTKIT_UNROLL_PARTS QUANTKIT_UNROLL(1)
#include <quantkit/kernels/rows/rows.inl>
#undef QUANTKIT_UNROLL_PARTS
#undef QUANTKIT_ROWS
#undef QUANTKIT_LANES
}
#endif
