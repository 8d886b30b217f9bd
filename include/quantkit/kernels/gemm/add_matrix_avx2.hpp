// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The epilogue stage that adds a matrix in the shape of C, on 8 lanes of AVX2.
#pragma once

#include <quantkit/kernels/gemm/epilogue_avx2.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE s32 lanes_at(const std::int32_t* elements) { return { load_columns(elements) }; }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE f32 lanes_at(const float* elements) { return { _mm256_loadu_ps(elements) }; }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE s32 sum(s32 a, s32 b) { return { _mm256_add_epi32(a.v, b.v) }; }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE f32 sum(f32 a, f32 b) { return { _mm256_add_ps(a.v, b.v) }; }

    template <class T>
    struct bound_add_matrix
    {
        const matrix_view<const T>& addend;
        place at;

        template <class Lanes>
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE Lanes operator()(Lanes x, std::size_t i) const
        {
            if (addend.data == nullptr)
                return x;
            const T* elements = addend.at(i, at.j);
            if (addend.column_stride == 1 && at.count == 8)
                return sum(x, lanes_at(elements));
            T lanes[8] = {};
            for (std::size_t lane = 0; lane < at.count; ++lane, elements += addend.column_stride)
                lanes[lane] = *elements;
            return sum(x, lanes_at(lanes));
        }
    };

    template <class T>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_add_matrix<T> bind(const add_matrix<T>& stage, place at)
    {
        return { stage.addend, at };
    }
}
#endif
