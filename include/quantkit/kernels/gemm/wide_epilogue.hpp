// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How sums of 64 bits (micro_kernel_s16_wide.hpp) become C.
///
///     store_wide       C = sums                                                          int64
///     wide_epilogue    C = rest(float(sums) * (row_scales[i] * column_scales[j]))        float(sums) is rounded once
///
/// |sum| is at most 2^30 k, so that int64 holds all up to k = 2^33 - 1.
#pragma once

#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/kernels/gemm/micro_kernel_s16_wide.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#if defined(QUANTKIT_X86)
#include <immintrin.h>
#endif

namespace quantkit::kernels
{
    /// Sums of 64 bits as they are.
    struct store_wide
    {
        matrix_view<std::int64_t> c;
    };

    /// row_scales     [m], or [1] with row_step 0
    /// column_scales  [padded_columns(n)]
    /// Rest           an epilogue_of whose stages take floats
    template <class Rest>
    struct wide_epilogue
    {
        const float* row_scales = nullptr;
        std::size_t row_step = 1; ///< 0 where all rows have one scale
        const float* column_scales = nullptr;
        Rest rest; ///< what follows
    };

    /// scaled[j] = float(joined_halves(low[j], high[j])) * (row_scale * column_scales[j]); count is in whole panels.
    using scale_halves_function = void (*)(const std::int32_t* low, const std::int32_t* high, std::size_t count,
                                           float row_scale, const float* column_scales, float* scaled) noexcept;
}

#if defined(QUANTKIT_X86)
namespace quantkit::kernels
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// float(high * 65536 + cut_off + 2^31) of 4 columns, rounded once: below 2^48 the sum is exact in double.
        QUANTKIT_TARGET("avx2") QUANTKIT_INLINE __m128 joined_floats(__m128i high, __m128i cut_off)
        {
            const __m256d upper = _mm256_mul_pd(_mm256_cvtepi32_pd(high), _mm256_set1_pd(65'536.0));
            const __m256d lower = _mm256_add_pd(_mm256_cvtepi32_pd(cut_off), _mm256_set1_pd(2'147'483'648.0));
            return _mm256_cvtpd_ps(_mm256_add_pd(upper, lower));
        }
    }
}
#endif

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The definition of scale_halves_function.
    inline void scale_halves(const std::int32_t* low, const std::int32_t* high, std::size_t count, float row_scale,
                             const float* column_scales, float* scaled) noexcept
    {
        for (std::size_t j = 0; j < count; ++j)
            scaled[j] = static_cast<float>(joined_halves(low[j], high[j])) * (row_scale * column_scales[j]);
    }

#if defined(QUANTKIT_X86)
    QUANTKIT_TARGET("avx2")
    inline void scale_halves_avx2(const std::int32_t* low, const std::int32_t* high, std::size_t count, float row_scale,
                                  const float* column_scales, float* scaled) noexcept
    {
        const __m256i top_bit = _mm256_set1_epi32(static_cast<std::int32_t>(0x80000000u));
        for (std::size_t j = 0; j < count; j += 8)
        {
            const __m256i upper = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(high + j));
            const __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(low + j));
            // unsigned, less 2^31 to be signed
            const __m256i lower = _mm256_xor_si256(_mm256_sub_epi32(all, _mm256_slli_epi32(upper, 16)), top_bit);
            const __m128 first = detail::joined_floats(_mm256_castsi256_si128(upper), _mm256_castsi256_si128(lower));
            const __m128 second =
                detail::joined_floats(_mm256_extracti128_si256(upper, 1), _mm256_extracti128_si256(lower, 1));
            const __m256 scales = _mm256_mul_ps(_mm256_set1_ps(row_scale), _mm256_loadu_ps(column_scales + j));
            _mm256_storeu_ps(scaled + j, _mm256_mul_ps(_mm256_set_m128(second, first), scales));
        }
    }
#endif

    /// That of an instruction set.
    inline scale_halves_function scale_halves_of(lane_family lanes)
    {
#if defined(QUANTKIT_X86)
        if (lanes != lane_family::scalar)
            return &scale_halves_avx2;
#endif
        static_cast<void>(lanes);
        return &scale_halves;
    }

    /// A tile's sums over all of k, part after part.
    ///
    /// sums  [at.rows][at.width]
    inline void sum_wide_tile(tile_function tile, tile_operands& operands, const tile_place& at,
                              std::int64_t* sums) noexcept
    {
        const std::size_t count = at.rows * at.width;
        alignas(64) std::int32_t halves[2 * max_tile_rows * max_tile_panels * panel_columns];
        std::fill_n(sums, count, 0);
        for (std::size_t left = operands.groups; left > 0; left -= operands.groups)
        {
            operands.groups = std::min(left, max_wide_groups);
            tile(operands, halves, at.width);
            for (std::size_t i = 0; i < count; ++i)
                sums[i] += joined_halves(halves[i], halves[count + i]);
            operands.a += operands.groups * group_bytes;
            operands.b += operands.groups * panel_step_bytes;
        }
    }

    template <>
    class tile_runner<store_wide>
    {
    public:
        tile_runner(const micro_kernel& kernel, gemm_extents extents, const store_wide& epilogue)
            : n_(extents.n)
            , c_(epilogue.c)
        {
            QUANTKIT_ASSERT(kernel.sums_in_halves);
            static_cast<void>(kernel);
        }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            std::int64_t sums[max_tile_rows * max_tile_panels * panel_columns];
            sum_wide_tile(tile, operands, at, sums);
            for (std::size_t row = 0; row < at.rows; ++row)
                for (std::size_t column = 0; column < std::min(at.width, n_ - at.column); ++column)
                    *c_.at(at.row + row, at.column + column) = sums[row * at.width + column];
        }

    private:
        std::size_t n_;
        matrix_view<std::int64_t> c_;
    };

    template <class Rest>
    class tile_runner<wide_epilogue<Rest>>
    {
    public:
        tile_runner(const micro_kernel& kernel, gemm_extents extents, const wide_epilogue<Rest>& epilogue)
            : n_(extents.n)
            , epilogue_(epilogue)
            , scale_halves_(scale_halves_of(kernel.lanes))
            , finish_(finish_function_of<float, Rest>(kernel.lanes))
        {
            QUANTKIT_ASSERT(kernel.sums_in_halves);
        }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            alignas(64) float scaled[max_tile_rows * max_tile_panels * panel_columns];
            if (operands.groups <= max_wide_groups)
                scale_one_part(tile, operands, at, scaled);
            else
                scale_parts(tile, operands, at, scaled);
            finish_({ scaled, at.width, at.rows, std::min(at.width, n_ - at.column), at.row, at.column },
                    epilogue_.rest);
        }

    private:
        float row_scale(std::size_t row) const noexcept { return epilogue_.row_scales[row * epilogue_.row_step]; }

        void scale_one_part(tile_function tile, tile_operands& operands, const tile_place& at,
                            float* scaled) const noexcept
        {
            alignas(64) std::int32_t halves[2 * max_tile_rows * max_tile_panels * panel_columns];
            tile(operands, halves, at.width);
            for (std::size_t row = 0; row < at.rows; ++row)
                scale_halves_(halves + row * at.width, halves + (at.rows + row) * at.width, at.width,
                              row_scale(at.row + row), epilogue_.column_scales + at.column, scaled + row * at.width);
        }

        void scale_parts(tile_function tile, tile_operands& operands, const tile_place& at,
                         float* scaled) const noexcept
        {
            std::int64_t sums[max_tile_rows * max_tile_panels * panel_columns];
            sum_wide_tile(tile, operands, at, sums);
            for (std::size_t row = 0; row < at.rows; ++row)
                for (std::size_t j = 0; j < at.width; ++j)
                    scaled[row * at.width + j] = static_cast<float>(sums[row * at.width + j])
                                                 * (row_scale(at.row + row) * epilogue_.column_scales[at.column + j]);
        }

        std::size_t n_;
        const wide_epilogue<Rest>& epilogue_;
        scale_halves_function scale_halves_;
        finish_function<float, Rest> finish_;
    };
}
