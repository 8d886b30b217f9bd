// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Epilogue stages on 8 lanes of AVX2. Results equal epilogue_scalar.hpp bit for bit.
///
/// A stage is bound to 8 columns once, with bind(), which loads what it knows of them into registers; the bound stage
/// then runs on every row of the tile.
#pragma once

#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/isa.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct s32
    {
        __m256i v;
    };

    struct f32
    {
        __m256 v;
    };

    /// Columns [j, j + count) of C, at most 8.
    struct place
    {
        std::size_t j;
        std::size_t count;
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256i load_columns(const std::int32_t* columns)
    {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE f32 product(__m256 a, __m256 b)
    {
        f32 result { _mm256_mul_ps(a, b) };
        __asm__("" : "+x"(result.v)); // keeps the compiler from contracting it with an addition
        return result;
    }

    struct bound_subtract_columns
    {
        __m256i columns;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const { return { _mm256_sub_epi32(x.v, columns) }; }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_subtract_columns bind(const subtract_columns& stage, place at)
    {
        return { load_columns(stage.columns + at.j) };
    }

    struct bound_subtract_outer
    {
        const subtract_outer& stage;
        __m256i columns;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t i) const
        {
            const __m256i row = _mm256_set1_epi32(stage.rows[i * stage.row_step]);
            return { _mm256_sub_epi32(x.v, _mm256_mullo_epi32(row, columns)) };
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_subtract_outer bind(const subtract_outer& stage, place at)
    {
        return { stage, load_columns(stage.columns + at.j) };
    }

    struct bound_scale_columns
    {
        __m256 columns;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(s32 x, std::size_t) const { return product(_mm256_cvtepi32_ps(x.v), columns); }

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const { return product(x.v, columns); }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_scale_columns bind(const scale_columns& stage, place at)
    {
        return { _mm256_loadu_ps(stage.columns + at.j) };
    }

    struct bound_subtract_real_outer
    {
        const subtract_real_outer& stage;
        __m256 columns;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t i) const
        {
            const __m256 row = _mm256_set1_ps(stage.rows[i * stage.row_step]);
            return { _mm256_sub_ps(x.v, product(row, columns).v) };
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_subtract_real_outer bind(const subtract_real_outer& stage, place at)
    {
        return { stage, _mm256_loadu_ps(stage.columns + at.j) };
    }

    struct bound_scale_outer
    {
        const scale_outer& stage;
        __m256 columns;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(s32 x, std::size_t i) const
        {
            const __m256 row = _mm256_set1_ps(stage.rows[i * stage.row_step]);
            return product(_mm256_cvtepi32_ps(x.v), _mm256_mul_ps(row, columns));
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_scale_outer bind(const scale_outer& stage, place at)
    {
        return { stage, _mm256_loadu_ps(stage.columns + at.j) };
    }

    struct bound_add_columns
    {
        __m256 columns;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const { return { _mm256_add_ps(x.v, columns) }; }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_add_columns bind(const add_columns& stage, place at)
    {
        return { _mm256_loadu_ps(stage.columns + at.j) };
    }

    struct bound_clamp_to
    {
        __m256 low, high;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const
        {
            return { _mm256_min_ps(high, _mm256_max_ps(low, x.v)) }; // x where it is NaN
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_clamp_to bind(const clamp_to& stage, place)
    {
        return { _mm256_set1_ps(stage.low), _mm256_set1_ps(stage.high) };
    }

    struct bound_quantize_to_codes
    {
        __m256 factor, low, high;
        __m256i zero_point;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE s32 operator()(f32 x, std::size_t) const
        {
            const __m256 steps = _mm256_min_ps(_mm256_max_ps(_mm256_mul_ps(x.v, factor), low), high);
            return { _mm256_add_epi32(_mm256_cvtps_epi32(steps), zero_point) };
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_quantize_to_codes bind(const quantize_to_codes& stage, place)
    {
        return { _mm256_set1_ps(stage.factor),
                 _mm256_set1_ps(static_cast<float>(stage.bounds.quant_min - stage.zero_point)),
                 _mm256_set1_ps(static_cast<float>(stage.bounds.quant_max - stage.zero_point)),
                 _mm256_set1_epi32(stage.zero_point) };
    }

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

    /// The bound stages from Index on, in order.
    template <std::size_t Index, class Epilogue>
    struct bound_stages
    {
        using stage_type = std::tuple_element_t<Index, decltype(Epilogue::stages)>;

        decltype(bind(std::declval<const stage_type&>(), place {})) first;
        bound_stages<Index + 1, Epilogue> rest;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE bound_stages(const Epilogue& epilogue, place at)
            : first(bind(std::get<Index>(epilogue.stages), at))
            , rest(epilogue, at)
        {
        }

        template <class Lanes>
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE void run(Lanes x, std::size_t i) const
        {
            rest.run(first(x, i), i);
        }
    };

    template <std::size_t Index, class Epilogue>
        requires(Index == std::tuple_size_v<decltype(Epilogue::stages)>)
    struct bound_stages<Index, Epilogue>
    {
        const Epilogue& epilogue;
        place at;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE bound_stages(const Epilogue& whole, place columns)
            : epilogue(whole)
            , at(columns)
        {
        }

        template <class Lanes>
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE void run(Lanes x, std::size_t i) const
        {
            store(epilogue.store, x, i, at);
        }
    };

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
