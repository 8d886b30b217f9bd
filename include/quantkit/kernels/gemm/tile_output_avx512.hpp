// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How AVX-512 tiles leave their registers: as they are, or scaled to float on the way.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Where the sums of a panel begin: at minus the offset, so that it needs no subtraction at the end.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512i first_sum(const scaled_output* out, int panel)
    {
        const __m512i zero = _mm512_setzero_si512();
        if (out == nullptr)
            return zero;
        return _mm512_sub_epi32(zero,
                                _mm512_loadu_si512(out->offsets + static_cast<std::size_t>(panel) * panel_columns));
    }

    /// scaled_output for one panel; the same operations in the same order as the epilogue stages.
    template <int Rows, int Panels>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE
        void write_scaled_panel(const __m512i (&sum)[Rows][Panels], int panel, const scaled_output& out, bool clamped)
    {
        const auto column = static_cast<std::size_t>(panel) * panel_columns;
        const std::size_t left = out.columns - column;
        const auto mask = static_cast<__mmask16>(left >= panel_columns ? 0xffffu : (1u << left) - 1u);
        const __m512 scale = _mm512_loadu_ps(out.scales + column);
        const __m512 bias = out.bias != nullptr ? _mm512_loadu_ps(out.bias + column) : _mm512_set1_ps(-0.0f);
        __m512 x[Rows];
        QUANTKIT_UNROLL(12)
        for (int row = 0; row < Rows; ++row)
        {
            x[row] = _mm512_mul_ps(to_float(sum[row][panel]), scale);
            __asm__("" : "+v"(x[row])); // keeps the compiler from contracting it with the addition
            x[row] = _mm512_add_ps(x[row], bias);
        }
        if (clamped)
        {
            const __m512 low = _mm512_set1_ps(out.low), high = _mm512_set1_ps(out.high);
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
                x[row] = min(high, max(low, x[row]));
        }
        float* c = out.c + column;
        QUANTKIT_UNROLL(12)
        for (int row = 0; row < Rows; ++row, c += out.ldc)
            _mm512_mask_storeu_ps(c, mask, x[row]);
    }

    template <int Rows, int Panels>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE void write_tile(const __m512i (&sum)[Rows][Panels], const scaled_output* scaled, std::int32_t* c,
                                    std::size_t ldc)
    {
        if (scaled != nullptr)
        {
            const bool clamped = scaled->low != -std::numeric_limits<float>::infinity()
                                 || scaled->high != std::numeric_limits<float>::infinity();
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
                write_scaled_panel(sum, panel, *scaled, clamped);
            return;
        }
        QUANTKIT_UNROLL(12)
        for (int row = 0; row < Rows; ++row)
        {
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
                _mm512_storeu_si512(c + static_cast<std::size_t>(row) * ldc
                                        + static_cast<std::size_t>(panel) * panel_columns,
                                    sum[row][panel]);
        }
    }
}
#endif
