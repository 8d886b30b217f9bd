// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX2, in three ways that are exact, two of them with B in 8 bits:
///
/// avx2     any codes. A is packed in 16 bits and B widened as it is loaded (vpmovsxbw); vpmaddwd and an add: a pair of
///          16-bit products fits an int32.
/// avx2_u7  activations of 7 bits (uint8_reduced). vpmaddubsw, vpmaddwd by 1 and an add, which is one instruction less
///          for as many products: a pair is 2 * 127 * 128 at most and fits an int16. With codes up to 255 it would
///          saturate, which is the usual error of INT8 on AVX2.
/// avx2_s16 codes of up to 16 bits on both sides: as avx2, but B is loaded as it is. Pairs of products and sums are
///          modulo 2^32.
///
/// Main tiles 6 x 16 and 5 x 16: 12 (10) accumulators, 2 registers of B, 1 of A, 1 product (and the ones): 16 (15)
/// of 16.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        struct avx2_widened_product
        {
            static constexpr operand_format format = operand_format::s16_s8;
            static constexpr std::uint8_t largest_a = 255;
            static constexpr int max_rows[3] = { 6, 3, 1 };
            static constexpr std::string_view variant {};

            /// Number `half` of the two halves of one group step: 8 columns.
            QUANTKIT_TARGET("avx2") QUANTKIT_INLINE static __m256i columns(const std::byte* step, int half)
            {
                return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(step) + half));
            }

            QUANTKIT_TARGET("avx2") QUANTKIT_INLINE static __m256i multiplied(__m256i a, __m256i b)
            {
                return _mm256_madd_epi16(a, b);
            }
        };

        /// B as its panels hold it.
        struct avx2_loaded_columns
        {
            QUANTKIT_TARGET("avx2") QUANTKIT_INLINE static __m256i columns(const std::byte* step, int half)
            {
                return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(step) + half);
            }
        };

        struct avx2_s16_product : avx2_loaded_columns
        {
            static constexpr operand_format format = operand_format::s16_s16;
            static constexpr std::uint8_t largest_a = 255;
            static constexpr int max_rows[3] = { 6, 3, 1 };
            static constexpr std::string_view variant = "avx2_s16";

            QUANTKIT_TARGET("avx2") QUANTKIT_INLINE static __m256i multiplied(__m256i a, __m256i b)
            {
                return _mm256_madd_epi16(a, b);
            }
        };

        struct avx2_u7_product : avx2_loaded_columns
        {
            static constexpr operand_format format = operand_format::u8_s8;
            static constexpr std::uint8_t largest_a = 127;
            static constexpr int max_rows[3] = { 5, 2, 1 };
            static constexpr std::string_view variant = "avx2_u7";

            QUANTKIT_TARGET("avx2") QUANTKIT_INLINE static __m256i multiplied(__m256i a, __m256i b)
            {
                return _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1));
            }
        };
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <class Product>
    struct avx2_tiles_of
    {
        static constexpr isa_level level = isa_level::avx2;
        static constexpr operand_format format = Product::format;
        static constexpr std::uint8_t largest_a = Product::largest_a;
        static constexpr std::string_view variant = Product::variant;
        static constexpr lane_family lanes = lane_family::avx2;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { Product::max_rows[0], Product::max_rows[1], Product::max_rows[2] };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            __m256i sum[Rows][Panels][2];
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel][0] = sum[row][panel][1] = _mm256_setzero_si256();
            }

            detail::strip_rows<Rows> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    const std::byte* step = b + static_cast<std::size_t>(panel) * operands.panel_stride;
                    __m256i left = Product::columns(step, 0), right = Product::columns(step, 1);
                    __asm__("" : "+x"(left), "+x"(right)); // GCC would load them again for each row
                    QUANTKIT_UNROLL(6)
                    for (int row = 0; row < Rows; ++row)
                    {
                        const __m256i broadcast = _mm256_set1_epi32(a.group(row));
                        __m256i(&s)[2] = sum[row][panel];
                        s[0] = _mm256_add_epi32(s[0], Product::multiplied(broadcast, left));
                        s[1] = _mm256_add_epi32(s[1], Product::multiplied(broadcast, right));
                    }
                }
                a.advance();
                b += panel_columns * group_bytes_of_b(format);
            }

            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    auto* out = reinterpret_cast<__m256i*>(c + static_cast<std::size_t>(row) * ldc
                                                           + static_cast<std::size_t>(panel) * 16);
                    _mm256_storeu_si256(out, sum[row][panel][0]);
                    _mm256_storeu_si256(out + 1, sum[row][panel][1]);
                }
            }
        }
    };

    using avx2_tiles = avx2_tiles_of<detail::avx2_widened_product>;
    using avx2_s16_tiles = avx2_tiles_of<detail::avx2_s16_product>;
    using avx2_u7_tiles = avx2_tiles_of<detail::avx2_u7_product>;
}
#endif
