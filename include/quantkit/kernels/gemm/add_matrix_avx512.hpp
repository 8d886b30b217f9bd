// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The epilogue stage that adds a matrix in the shape of C, on 16 lanes of AVX-512.
#pragma once

#include <quantkit/kernels/gemm/epilogue_avx512.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE s32 lanes_at(const std::int32_t* elements, __mmask16 mask)
    {
        return { _mm512_maskz_loadu_epi32(mask, elements) };
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE f32 lanes_at(const float* elements, __mmask16 mask)
    {
        return { _mm512_maskz_loadu_ps(mask, elements) };
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE s32 sum(s32 a, s32 b) { return { _mm512_add_epi32(a.v, b.v) }; }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE f32 sum(f32 a, f32 b) { return { _mm512_add_ps(a.v, b.v) }; }

    template <class T>
    struct bound_add_matrix
    {
        const matrix_view<const T>& addend;
        place at;

        template <class Lanes>
        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE Lanes operator()(Lanes x, std::size_t i) const
        {
            if (addend.data == nullptr)
                return x;
            if (addend.column_stride == 1)
                return sum(x, lanes_at(addend.at(i, at.j), at.mask));
            T lanes[16] = {};
            for (std::size_t lane = 0; lane < 16; ++lane)
                if (at.mask >> lane & 1u)
                    lanes[lane] = *addend.at(i, at.j + lane);
            return sum(x, lanes_at(lanes, all_lanes));
        }
    };

    template <class T>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_add_matrix<T> bind(const add_matrix<T>& stage, place at)
    {
        return { stage.addend, at };
    }
}
#endif
