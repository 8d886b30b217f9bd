// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Epilogue stages on 16 lanes of AVX-512. Results equal epilogue_scalar.hpp bit for bit.
///
/// A stage is bound to 16 columns once, with bind(), which loads what it knows of them into registers; the bound stage
/// then runs on every row of the tile.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct s32
    {
        __m512i v;
    };

    struct f32
    {
        __m512 v;
    };

    /// Columns [j, j + 16) of C; the mask tells which exist.
    struct place
    {
        std::size_t j;
        __mmask16 mask;
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE f32 product(__m512 a, __m512 b)
    {
        f32 result { _mm512_mul_ps(a, b) };
        __asm__("" : "+v"(result.v)); // keeps the compiler from contracting it with an addition
        return result;
    }

    struct bound_subtract_columns
    {
        __m512i columns;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const { return { _mm512_sub_epi32(x.v, columns) }; }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_subtract_columns bind(const subtract_columns& stage, place at)
    {
        return { _mm512_loadu_si512(stage.columns + at.j) };
    }

    struct bound_subtract_outer
    {
        const subtract_outer& stage;
        __m512i columns;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t i) const
        {
            const __m512i row = _mm512_set1_epi32(stage.rows[i * stage.row_step]);
            return { _mm512_sub_epi32(x.v, _mm512_mullo_epi32(row, columns)) };
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_subtract_outer bind(const subtract_outer& stage, place at)
    {
        return { stage, _mm512_loadu_si512(stage.columns + at.j) };
    }

    struct bound_scale_columns
    {
        __m512 columns;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(s32 x, std::size_t) const { return product(to_float(x.v), columns); }

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const { return product(x.v, columns); }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_scale_columns bind(const scale_columns& stage, place at)
    {
        return { _mm512_loadu_ps(stage.columns + at.j) };
    }

    struct bound_subtract_real_outer
    {
        const subtract_real_outer& stage;
        __m512 columns;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t i) const
        {
            const __m512 row = _mm512_set1_ps(stage.rows[i * stage.row_step]);
            return { _mm512_sub_ps(x.v, product(row, columns).v) };
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_subtract_real_outer bind(const subtract_real_outer& stage, place at)
    {
        return { stage, _mm512_loadu_ps(stage.columns + at.j) };
    }

    struct bound_scale_outer
    {
        const scale_outer& stage;
        __m512 columns;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(s32 x, std::size_t i) const
        {
            const __m512 row = _mm512_set1_ps(stage.rows[i * stage.row_step]);
            return product(to_float(x.v), _mm512_mul_ps(row, columns));
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_scale_outer bind(const scale_outer& stage, place at)
    {
        return { stage, _mm512_loadu_ps(stage.columns + at.j) };
    }

    struct bound_add_columns
    {
        __m512 columns;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const { return { _mm512_add_ps(x.v, columns) }; }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_add_columns bind(const add_columns& stage, place at)
    {
        return { _mm512_loadu_ps(stage.columns + at.j) };
    }

    struct bound_clamp_to
    {
        __m512 low, high;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const
        {
            return { min(high, max(low, x.v)) }; // x where it is NaN
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_clamp_to bind(const clamp_to& stage, place)
    {
        return { _mm512_set1_ps(stage.low), _mm512_set1_ps(stage.high) };
    }

    struct bound_quantize_to_codes
    {
        __m512 factor, low, high;
        __m512i zero_point;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE s32 operator()(f32 x, std::size_t) const
        {
            const __m512 steps = min(max(_mm512_mul_ps(x.v, factor), low), high);
            return { _mm512_add_epi32(to_int(steps), zero_point) };
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_quantize_to_codes bind(const quantize_to_codes& stage, place)
    {
        return { _mm512_set1_ps(stage.factor),
                 _mm512_set1_ps(static_cast<float>(stage.bounds.quant_min - stage.zero_point)),
                 _mm512_set1_ps(static_cast<float>(stage.bounds.quant_max - stage.zero_point)),
                 _mm512_set1_epi32(stage.zero_point) };
    }

    template <lane_stage Stage>
    struct bound_foreign
    {
        const Stage& stage;
        place at;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t i) const
        {
            float lanes[16];
            _mm512_storeu_ps(lanes, x.v);
            kernels::detail::run_foreign(stage, lanes, static_cast<std::size_t>(__builtin_popcount(at.mask)), i, at.j);
            return { _mm512_loadu_ps(lanes) };
        }
    };

    template <lane_stage Stage>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_foreign<Stage> bind(const Stage& stage, place at)
    {
        return { stage, at };
    }

    /// Lane by lane, for columns of C that are not adjacent.
    template <class T, class Lane>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void scatter(const matrix_view<T>& c, const Lane* lanes, std::size_t i, place at)
    {
        for (std::size_t lane = 0; lane < 16; ++lane)
            if (at.mask >> lane & 1u)
                *c.at(i, at.j + lane) = static_cast<T>(lanes[lane]);
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void store(const store_to<float>& out, f32 x, std::size_t i, place at)
    {
        float* c = out.c.at(i, at.j);
        if (out.c.column_stride == 1)
            return at.mask == all_lanes ? _mm512_storeu_ps(c, x.v) : _mm512_mask_storeu_ps(c, at.mask, x.v);
        float lanes[16];
        _mm512_storeu_ps(lanes, x.v);
        scatter(out.c, lanes, i, at);
    }

    template <class T>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void store(const store_to<T>& out, s32 x, std::size_t i, place at)
    {
        const bool whole = at.mask == all_lanes;
        T* c = out.c.at(i, at.j);
        if (out.c.column_stride == 1 && sizeof(T) == 4)
            return whole ? _mm512_storeu_si512(c, x.v) : _mm512_mask_storeu_epi32(c, at.mask, x.v);
        if (out.c.column_stride == 1)
            return whole ? _mm_storeu_si128(reinterpret_cast<__m128i*>(c), low_bytes(x.v))
                         : _mm512_mask_cvtepi32_storeu_epi8(c, at.mask, x.v);
        std::int32_t lanes[16];
        _mm512_storeu_si512(lanes, x.v);
        scatter(out.c, lanes, i, at);
    }

    /// The bound stages from Index on, in order.
    template <std::size_t Index, class Epilogue>
    struct bound_stages
    {
        using stage_type = std::tuple_element_t<Index, decltype(Epilogue::stages)>;

        decltype(bind(std::declval<const stage_type&>(), place {})) first;
        bound_stages<Index + 1, Epilogue> rest;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE bound_stages(const Epilogue& epilogue, place at)
            : first(bind(std::get<Index>(epilogue.stages), at))
            , rest(epilogue, at)
        {
        }

        template <class Lanes>
        QUANTKIT_TARGET("avx512f,avx512bw")
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

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE bound_stages(const Epilogue& whole, place columns)
            : epilogue(whole)
            , at(columns)
        {
        }

        template <class Lanes>
        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE void run(Lanes x, std::size_t i) const
        {
            store(epilogue.store, x, i, at);
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE s32 load(const std::int32_t* sums, __mmask16)
    {
        return { _mm512_loadu_si512(sums) }; // a tile of sums is whole vectors wide
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE f32 load(const float* sums, __mmask16 mask)
    {
        return { mask == all_lanes ? _mm512_loadu_ps(sums) : _mm512_maskz_loadu_ps(mask, sums) };
    }

    template <class Sum, class Epilogue>
    QUANTKIT_TARGET("avx512f,avx512bw")
    void finish(const finished_tile<Sum>& tile, const Epilogue& epilogue) noexcept
    {
        for (std::size_t column = 0; column < tile.columns; column += 16)
        {
            const std::size_t left = tile.columns - column;
            const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffffu : (1u << left) - 1u);
            const bound_stages<0, Epilogue> stages { epilogue, place { tile.first_column + column, mask } };
            const Sum* sums = tile.sums + column;
            for (std::size_t row = 0; row < tile.rows; ++row, sums += tile.tile_stride)
                stages.run(load(sums, mask), tile.first_row + row);
        }
    }
}
#endif
