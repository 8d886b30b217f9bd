// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Epilogue stages on 16 lanes of AVX-512. Results equal epilogue_scalar.hpp bit for bit.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>

#include <bit>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Columns [j, j + 16) of C; the mask tells which exist.
    struct place
    {
        std::size_t j;
        __mmask16 mask;
    };

#define QUANTKIT_LANES QUANTKIT_TARGET("avx512f,avx512bw") QUANTKIT_INLINE
#include <quantkit/kernels/gemm/epilogue.inl>
#undef QUANTKIT_LANES

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
            kernels::detail::run_foreign(stage, lanes, static_cast<std::size_t>(std::popcount(at.mask)), i, at.j);
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

    /// Whether an epilogue has a stage with a chain of operations so long that two rows take it together: the processor
    /// does not look far enough ahead to find the second one itself.
    template <class Epilogue>
    inline constexpr bool has_long_stages = false;
    template <class Store, class... Stages>
    inline constexpr bool has_long_stages<epilogue_of<Store, Stages...>> = (activation_stage<Stages> || ...);

    template <class Sum, class Epilogue>
    QUANTKIT_TARGET("avx512f,avx512bw")
    void finish(const finished_tile<Sum>& tile, const Epilogue& epilogue) noexcept
    {
        for (std::size_t column = 0; column < tile.columns; column += 16)
        {
            const __mmask16 mask = first_lanes(tile.columns - column);
            const bound_stages<0, Epilogue> stages { epilogue, place { tile.first_column + column, mask } };
            const Sum* sums = tile.sums + column;
            std::size_t row = 0;
            if constexpr (has_long_stages<Epilogue>)
                for (; row + 2 <= tile.rows; row += 2, sums += 2 * tile.tile_stride)
                    stages.run(load(sums, mask), load(sums + tile.tile_stride, mask), tile.first_row + row);
            for (; row < tile.rows; ++row, sums += tile.tile_stride)
                stages.run(load(sums, mask), tile.first_row + row);
        }
    }
}
#endif
