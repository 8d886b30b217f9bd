// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Epilogue stages on 8 lanes of AVX2. Results equal epilogue_scalar.hpp bit for bit.
#pragma once

#include <quantkit/kernels/gemm/avx2_operations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Columns [j, j + count) of C, at most 8.
    struct place
    {
        std::size_t j;
        std::size_t count;
    };

#define QUANTKIT_LANES QUANTKIT_TARGET("avx2") QUANTKIT_INLINE
#include <quantkit/kernels/gemm/epilogue.inl>
#undef QUANTKIT_LANES

    template <lane_stage Stage>
    struct bound_foreign
    {
        const Stage& stage;
        place at;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t i) const
        {
            float lanes[8];
            _mm256_storeu_ps(lanes, x.v);
            kernels::detail::run_foreign(stage, lanes, at.count, i, at.j);
            return { _mm256_loadu_ps(lanes) };
        }
    };

    template <lane_stage Stage>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_foreign<Stage> bind(const Stage& stage, place at)
    {
        return { stage, at };
    }

    /// Lane by lane: rows that end here, and columns of C that are not adjacent.
    template <class T, class Lane>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE void scatter(const matrix_view<T>& c, const Lane* lanes, std::size_t i, place at)
    {
        for (std::size_t lane = 0; lane < at.count; ++lane)
            *c.at(i, at.j + lane) = static_cast<T>(lanes[lane]);
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE void store(const store_to<float>& out, f32 x, std::size_t i, place at)
    {
        if (out.c.column_stride == 1 && at.count == 8)
            return _mm256_storeu_ps(out.c.at(i, at.j), x.v);
        float lanes[8];
        _mm256_storeu_ps(lanes, x.v);
        scatter(out.c, lanes, i, at);
    }

    /// The low byte of each lane, in order, in the low half of the result.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m128i low_bytes(__m256i x)
    {
        const __m256i first_bytes = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4,
                                                     8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
        const __m256i gathered = _mm256_shuffle_epi8(x, first_bytes);
        return _mm_unpacklo_epi32(_mm256_castsi256_si128(gathered), _mm256_extracti128_si256(gathered, 1));
    }

    template <class T>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE void store(const store_to<T>& out, s32 x, std::size_t i, place at)
    {
        const bool whole = out.c.column_stride == 1 && at.count == 8;
        T* c = out.c.at(i, at.j);
        if (whole && sizeof(T) == 4)
            return _mm256_storeu_si256(reinterpret_cast<__m256i*>(c), x.v);
        if (whole)
            return _mm_storel_epi64(reinterpret_cast<__m128i*>(c), low_bytes(x.v));
        std::int32_t lanes[8];
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), x.v);
        scatter(out.c, lanes, i, at);
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE s32 load(const std::int32_t* sums, std::size_t)
    {
        return { load_columns(sums) }; // a tile of sums is whole vectors wide
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE f32 load(const float* sums, std::size_t count)
    {
        if (count == 8)
            return { _mm256_loadu_ps(sums) };
        float lanes[8] = {};
        std::memcpy(lanes, sums, count * sizeof(float));
        return { _mm256_loadu_ps(lanes) };
    }

    template <class Sum, class Epilogue>
    QUANTKIT_TARGET("avx2")
    void finish(const finished_tile<Sum>& tile, const Epilogue& epilogue) noexcept
    {
        for (std::size_t column = 0; column < tile.columns; column += 8)
        {
            const std::size_t count = std::min<std::size_t>(tile.columns - column, 8);
            const bound_stages<0, Epilogue> stages { epilogue, place { tile.first_column + column, count } };
            const Sum* sums = tile.sums + column;
            for (std::size_t row = 0; row < tile.rows; ++row, sums += tile.tile_stride)
                stages.run(load(sums, count), tile.first_row + row);
        }
    }
}
#endif
