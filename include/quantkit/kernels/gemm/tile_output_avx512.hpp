// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How AVX-512 tiles leave their registers: as they are, or scaled to float on the way.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Where the sums of the panel at `column` begin: at minus the offset, so that it needs no subtraction at the end.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512i first_sum(const std::int32_t* offsets, std::size_t column)
    {
        const __m512i zero = _mm512_setzero_si512();
        return offsets == nullptr ? zero : _mm512_sub_epi32(zero, _mm512_loadu_si512(offsets + column));
    }

    /// Where a tile goes, and how many of its columns exist there.
    struct tile_destination
    {
        std::byte* c; ///< floats or sums
        std::size_t row_bytes, columns;
    };

    /// That of the tile at `column`, whose sums go to c, ldc elements from row to row, unless they are scaled.
    QUANTKIT_INLINE tile_destination destination_of(const tile_operands& operands, std::size_t column, std::int32_t* c,
                                                    std::size_t ldc)
    {
        const std::size_t columns = operands.columns - column;
        if (operands.scaled == nullptr)
            return { reinterpret_cast<std::byte*>(c + column), ldc * sizeof(std::int32_t), columns };
        return { reinterpret_cast<std::byte*>(operands.scaled->c + column), operands.scaled->ldc * sizeof(float),
                 columns };
    }

    /// Calls for the lines that the tile will write.
    template <int Rows, int Panels>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void prefetch_tile(const tile_destination& to)
    {
        const std::byte* c = to.c;
        QUANTKIT_UNROLL(12)
        for (int row = 0; row < Rows; ++row, c += to.row_bytes)
        {
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
                _mm_prefetch(reinterpret_cast<const char*>(c + 64 * panel), _MM_HINT_T0);
        }
    }

    /// scaled_output for the tile at `column`: the same operations in the same order as the epilogue stages. The floats
    /// take the place of the sums.
    template <int Rows, int Panels>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void scale_tile(__m512i (&sum)[Rows][Panels], const scaled_output& out, std::size_t column)
    {
        const bool clamped =
            out.low != -std::numeric_limits<float>::infinity() || out.high != std::numeric_limits<float>::infinity();
        QUANTKIT_UNROLL(4)
        for (int panel = 0; panel < Panels; ++panel)
        {
            const std::size_t at = column + static_cast<std::size_t>(panel) * panel_columns;
            const __m512 scale = _mm512_loadu_ps(out.scales + at);
            __m512 x[Rows];
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                x[row] = _mm512_mul_ps(to_float(sum[row][panel]), scale);
                __asm__("" : "+v"(x[row])); // keeps the compiler from contracting it with the addition
            }
            if (out.bias != nullptr)
            {
                const __m512 bias = _mm512_loadu_ps(out.bias + at);
                QUANTKIT_UNROLL(12)
                for (int row = 0; row < Rows; ++row)
                    x[row] = _mm512_add_ps(x[row], bias);
            }
            if (clamped)
            {
                const __m512 low = _mm512_set1_ps(out.low), high = _mm512_set1_ps(out.high);
                QUANTKIT_UNROLL(12)
                for (int row = 0; row < Rows; ++row)
                    x[row] = min(high, max(low, x[row]));
            }
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
                sum[row][panel] = _mm512_castps_si512(x[row]);
        }
    }

    /// Row by row, as neighbours share lines, and without masks where it can, which slow down stores that cross lines.
    template <int Rows, int Panels>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void store_tile(const __m512i (&tile)[Rows][Panels], const tile_destination& to)
    {
        std::byte* c = to.c;
        __asm__("" : "+r"(c)); // GCC would keep a pointer to each row from tile to tile, in memory
        if (to.columns >= Panels * panel_columns)
        {
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row, c += to.row_bytes)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    _mm512_storeu_si512(c + 64 * panel, tile[row][panel]);
            }
            return;
        }
        QUANTKIT_UNROLL(4)
        for (int panel = 0; panel < Panels; ++panel)
        {
            const __mmask16 existing = first_lanes(to.columns - static_cast<std::size_t>(panel) * panel_columns);
            std::byte* part = c + 64 * panel;
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row, part += to.row_bytes)
                _mm512_mask_storeu_ps(part, existing, _mm512_castsi512_ps(tile[row][panel]));
        }
    }
}
#endif
