// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Float activations into uint8 codes at the speed of the micro-kernel that will eat them: one pass for the range of a
/// row, one for its codes. The same results as kernels/reduce_range.hpp and kernels/quantize.hpp, but with functions
/// for the CPU's best instruction set in every translation unit, whatever its flags.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(QUANTKIT_X86)
#include <immintrin.h>
#endif

namespace quantkit::kernels
{
    /// range     minimum and maximum of x [count], NaN skipped; {+inf, -inf} where nothing is left
    /// quantize  x [count] to q [count], as quantize_value(); the bounds lie within 0..255
    /// fold      offsets[j] = zero_point * sums[j] modulo 2^32, scaled[j] = scale * scales[j]; count is in whole panels
    ///
    /// Pairs come by reference: a copy of one that was just written as two numbers waits for all stores before it.
    struct row_kernels
    {
        real_range (*range)(const float* x, std::size_t count) noexcept;
        void (*quantize)(const float* x, std::uint8_t* q, std::size_t count, const qparams& params,
                         const quant_bounds& bounds) noexcept;
        void (*fold)(const qparams& params, const std::int32_t* sums, const float* scales, std::size_t count,
                     std::int32_t* offsets, float* scaled) noexcept;
    };
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The definition of row_kernels::fold.
    inline void fold_columns(const qparams& params, const std::int32_t* sums, const float* scales, std::size_t count,
                             std::int32_t* offsets, float* scaled) noexcept
    {
        for (std::size_t j = 0; j < count; ++j)
        {
            offsets[j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(params.zero_point)
                                                   * static_cast<std::uint32_t>(sums[j]));
            scaled[j] = params.scale * scales[j];
        }
    }

#if defined(QUANTKIT_X86)
    /// The range of a register's lanes; -0 becomes +0.
    QUANTKIT_INLINE real_range range_of_lanes(const float* lows, const float* highs, std::size_t lanes)
    {
        real_range range { lows[0], highs[0] };
        for (std::size_t lane = 1; lane < lanes; ++lane)
        {
            range.min = lows[lane] < range.min ? lows[lane] : range.min;
            range.max = highs[lane] > range.max ? highs[lane] : range.max;
        }
        return { range.min + 0.0f, range.max + 0.0f };
    }

    struct avx512_rows
    {
        QUANTKIT_TARGET("avx512f,avx512bw")
        static real_range range(const float* x, std::size_t count) noexcept
        {
            const __m512 infinity = _mm512_set1_ps(std::numeric_limits<float>::infinity());
            __m512 low[4] = { infinity, infinity, infinity, infinity };
            __m512 high[4];
            for (auto& part : high)
                part = _mm512_sub_ps(_mm512_setzero_ps(), infinity);
            const auto observe = [&](std::size_t part, __m512 values) QUANTKIT_TARGET("avx512f,avx512bw")
            {
                low[part] = avx512_lanes::min(values, low[part]); // the second operand where one is NaN
                high[part] = avx512_lanes::max(values, high[part]);
            };
            std::size_t i = 0;
            for (; i + 64 <= count; i += 64)
            {
                QUANTKIT_UNROLL(4)
                for (std::size_t part = 0; part < 4; ++part)
                    observe(part, _mm512_loadu_ps(x + i + part * 16));
            }
            if (i < count)
            {
                const __mmask64 mask = (std::uint64_t { 1 } << (count - i)) - 1;
                QUANTKIT_UNROLL(4)
                for (std::size_t part = 0; part < 4; ++part)
                {
                    const auto lanes = static_cast<__mmask16>(mask >> (16 * part));
                    const __m512 values = _mm512_maskz_loadu_ps(lanes, x + i + 16 * part);
                    low[part] = _mm512_mask_min_ps(low[part], lanes, values, low[part]);
                    high[part] = _mm512_mask_max_ps(high[part], lanes, values, high[part]);
                }
            }
            low[0] = avx512_lanes::min(avx512_lanes::min(low[0], low[1]), avx512_lanes::min(low[2], low[3]));
            high[0] = avx512_lanes::max(avx512_lanes::max(high[0], high[1]), avx512_lanes::max(high[2], high[3]));
            low[0] = avx512_lanes::min(low[0], avx512_lanes::swap_halves(low[0]));
            high[0] = avx512_lanes::max(high[0], avx512_lanes::swap_halves(high[0]));
            low[0] = avx512_lanes::min(low[0], avx512_lanes::swap_quarters(low[0]));
            high[0] = avx512_lanes::max(high[0], avx512_lanes::swap_quarters(high[0]));
            const __m128 lows = _mm512_maskz_extractf32x4_ps(0xf, low[0], 0);
            const __m128 highs = _mm512_maskz_extractf32x4_ps(0xf, high[0], 0);
            // [low 0 1, high 0 1] and [low 2 3, high 2 3], the high ones with their sign turned: one minimum for both
            const __m128 turned = _mm_sub_ps(_mm_set1_ps(-0.0f), highs);
            const __m128 two = _mm_min_ps(_mm_movelh_ps(lows, turned), _mm_movehl_ps(turned, lows));
            const __m128 one = _mm_min_ps(two, _mm_movehdup_ps(two));
            // -0 becomes +0
            return { _mm_cvtss_f32(one) + 0.0f, 0.0f - _mm_cvtss_f32(_mm_movehl_ps(one, one)) };
        }

        QUANTKIT_TARGET("avx512f,avx512bw")
        static void quantize(const float* x, std::uint8_t* q, std::size_t count, const qparams& params,
                             const quant_bounds& bounds) noexcept
        {
            const __m512 factor = _mm512_set1_ps(1.0f / params.scale);
            const __m512 low = _mm512_set1_ps(static_cast<float>(bounds.quant_min - params.zero_point));
            const __m512 high = _mm512_set1_ps(static_cast<float>(bounds.quant_max - params.zero_point));
            const __m512i zero_point = _mm512_set1_epi32(params.zero_point);
            const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            const auto codes = [&](__m512 values) QUANTKIT_TARGET("avx512f,avx512bw")
            {
                const __m512 steps = _mm512_mul_ps(values, factor);
                const __m512 clamped = avx512_lanes::min(avx512_lanes::max(steps, low), high); // NaN gives low
                return _mm512_add_epi32(avx512_lanes::to_int(clamped), zero_point);
            };
            const auto bytes = [&](__m512 a, __m512 b, __m512 c, __m512 d) QUANTKIT_TARGET("avx512f,avx512bw")
            {
                const __m512i first = _mm512_packs_epi32(codes(a), codes(b));
                const __m512i second = _mm512_packs_epi32(codes(c), codes(d));
                return _mm512_maskz_permutexvar_epi32(avx512_lanes::all_lanes, in_order,
                                                      _mm512_packus_epi16(first, second));
            };
            const auto quantize_block = [&](std::size_t i) QUANTKIT_TARGET("avx512f,avx512bw")
            {
                _mm512_storeu_si512(q + i, bytes(_mm512_loadu_ps(x + i), _mm512_loadu_ps(x + i + 16),
                                                 _mm512_loadu_ps(x + i + 32), _mm512_loadu_ps(x + i + 48)));
            };
            std::size_t i = 0;
            for (; i + 64 <= count; i += 64)
                quantize_block(i);
            if (i < count && count >= 64)
                quantize_block(count - 64); // some of them again: a masked store would keep the product waiting
            else if (i < count)
            {
                const __mmask64 mask = (std::uint64_t { 1 } << (count - i)) - 1;
                const auto load = [&](unsigned part) QUANTKIT_TARGET("avx512f,avx512bw")
                { return _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> (16 * part)), x + i + 16 * part); };
                _mm512_mask_storeu_epi8(q + i, mask, bytes(load(0), load(1), load(2), load(3)));
            }
        }

        QUANTKIT_TARGET("avx512f,avx512bw")
        static void fold(const qparams& params, const std::int32_t* sums, const float* scales, std::size_t count,
                         std::int32_t* offsets, float* scaled) noexcept
        {
            const __m512i zero_point = _mm512_set1_epi32(params.zero_point);
            const __m512 scale = _mm512_set1_ps(params.scale);
            for (std::size_t j = 0; j < count; j += 16)
            {
                _mm512_storeu_si512(offsets + j, _mm512_mullo_epi32(zero_point, _mm512_loadu_si512(sums + j)));
                _mm512_storeu_ps(scaled + j, _mm512_mul_ps(scale, _mm512_loadu_ps(scales + j)));
            }
        }
    };

    struct avx2_rows
    {
        QUANTKIT_TARGET("avx2")
        static real_range range(const float* x, std::size_t count) noexcept
        {
            const __m256 infinity = _mm256_set1_ps(std::numeric_limits<float>::infinity());
            __m256 low[2] = { infinity, infinity };
            __m256 high[2];
            high[0] = high[1] = _mm256_sub_ps(_mm256_setzero_ps(), infinity);
            std::size_t i = 0;
            for (; i + 16 <= count; i += 16)
                for (std::size_t part = 0; part < 2; ++part)
                {
                    const __m256 values = _mm256_loadu_ps(x + i + part * 8);
                    low[part] = _mm256_min_ps(values, low[part]); // the second operand where one is NaN
                    high[part] = _mm256_max_ps(values, high[part]);
                }
            float lows[8], highs[8];
            _mm256_storeu_ps(lows, _mm256_min_ps(low[0], low[1]));
            _mm256_storeu_ps(highs, _mm256_max_ps(high[0], high[1]));
            real_range range = range_of_lanes(lows, highs, 8);
            for (; i < count; ++i)
                range = { x[i] < range.min ? x[i] : range.min, x[i] > range.max ? x[i] : range.max };
            return { range.min + 0.0f, range.max + 0.0f };
        }

        QUANTKIT_TARGET("avx2")
        static void quantize(const float* x, std::uint8_t* q, std::size_t count, const qparams& params,
                             const quant_bounds& bounds) noexcept
        {
            const __m256 factor = _mm256_set1_ps(1.0f / params.scale);
            const __m256 low = _mm256_set1_ps(static_cast<float>(bounds.quant_min - params.zero_point));
            const __m256 high = _mm256_set1_ps(static_cast<float>(bounds.quant_max - params.zero_point));
            const __m256i zero_point = _mm256_set1_epi32(params.zero_point);
            const __m256i in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
            const auto codes = [&](const float* values) QUANTKIT_TARGET("avx2")
            {
                const __m256 steps = _mm256_mul_ps(_mm256_loadu_ps(values), factor);
                const __m256 clamped = _mm256_min_ps(_mm256_max_ps(steps, low), high); // NaN gives low
                return _mm256_add_epi32(_mm256_cvtps_epi32(clamped), zero_point);
            };
            std::size_t i = 0;
            for (; i + 32 <= count; i += 32)
            {
                const __m256i first = _mm256_packs_epi32(codes(x + i), codes(x + i + 8));
                const __m256i second = _mm256_packs_epi32(codes(x + i + 16), codes(x + i + 24));
                const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, second), in_order);
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i), bytes);
            }
            for (; i < count; ++i)
                q[i] = static_cast<std::uint8_t>(quantize_value(x[i], params, bounds));
        }

        QUANTKIT_TARGET("avx2")
        static void fold(const qparams& params, const std::int32_t* sums, const float* scales, std::size_t count,
                         std::int32_t* offsets, float* scaled) noexcept
        {
            const __m256i zero_point = _mm256_set1_epi32(params.zero_point);
            const __m256 scale = _mm256_set1_ps(params.scale);
            for (std::size_t j = 0; j < count; j += 8)
            {
                const __m256i sum = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + j));
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(offsets + j), _mm256_mullo_epi32(zero_point, sum));
                _mm256_storeu_ps(scaled + j, _mm256_mul_ps(scale, _mm256_loadu_ps(scales + j)));
            }
        }
    };
#endif

    /// row_kernels::quantize of the kernel table.
    template <class Arch>
    void quantize_by_table(const float* x, std::uint8_t* q, std::size_t count, const qparams& params,
                           const quant_bounds& bounds) noexcept
    {
        active_kernels<Arch>().template codes<std::uint8_t>().quantize(x, q, count, params, bounds);
    }

    /// Those of an instruction set.
    template <class Arch = active_arch>
    row_kernels row_kernels_of(lane_family lanes)
    {
#if defined(QUANTKIT_X86)
        if (lanes == lane_family::avx512)
            return { &avx512_rows::range, &avx512_rows::quantize, &avx512_rows::fold };
        if (lanes == lane_family::avx2)
            return { &avx2_rows::range, &avx2_rows::quantize, &avx2_rows::fold };
#endif
        static_cast<void>(lanes);
        return { active_kernels<Arch>().reduce_range, &quantize_by_table<Arch>, &fold_columns };
    }
}
