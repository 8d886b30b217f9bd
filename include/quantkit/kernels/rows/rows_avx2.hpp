// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions.hpp on 8 lanes of AVX2: the operations of row_blocks.inl.
#pragma once

#include <quantkit/kernels/gemm/activations_avx2.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/kernels/rows/row_functions.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace quantkit::kernels::avx2_row_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    namespace lanes = avx2_lanes;
    inline constexpr std::size_t lane_count = 8;

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 load_lanes(const float* x) { return _mm256_loadu_ps(x); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE void store_lanes(float* y, __m256 values) { _mm256_storeu_ps(y, values); }

    /// All bits of the first count lanes.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256i first_lanes(std::size_t count)
    {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                                  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 load_some(const float* x, std::size_t count, float fill)
    {
        const __m256i mask = first_lanes(count);
        return _mm256_blendv_ps(lanes::broadcast(fill), _mm256_maskload_ps(x, mask), _mm256_castsi256_ps(mask));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE void store_some(float* y, __m256 values, std::size_t count)
    {
        // not with a mask: that takes 40 instructions on a Zen 3
        if (count == 8)
            return _mm256_storeu_ps(y, values);
        __m128 rest = _mm256_castps256_ps128(values);
        if ((count & 4) != 0)
        {
            _mm_storeu_ps(y, rest);
            rest = _mm256_extractf128_ps(values, 1);
            y += 4;
        }
        if ((count & 2) != 0)
        {
            _mm_storel_pi(reinterpret_cast<__m64*>(y), rest);
            rest = _mm_movehl_ps(rest, rest);
            y += 2;
        }
        if ((count & 1) != 0)
            _mm_store_ss(y, rest);
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 power_of_two_of(__m256 shifted)
    {
        // the low 9 bits are those of n
        return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23),
                                                    _mm256_castps_si256(lanes::broadcast(1.0f))));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE float sum_of_lanes(__m256 x)
    {
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE float max_of_lanes(__m256 x)
    {
        const __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 larger(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }

#define QUANTKIT_LANES QUANTKIT_TARGET("avx2") QUANTKIT_INLINE
#define QUANTKIT_ROWS QUANTKIT_TARGET("avx2") inline
#define QUANTKIT_UNROLL_PARTS QUANTKIT_UNROLL(2)
#include <quantkit/kernels/rows/rows.inl>
#undef QUANTKIT_UNROLL_PARTS
#undef QUANTKIT_ROWS
#undef QUANTKIT_LANES
}
#endif
