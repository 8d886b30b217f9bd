// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Codes of 8 and 16 bits to and from int32 lanes, for x86: see code_memory.hpp.
///
/// load    lanes::width codes, widened
/// store   the lanes of one batch, or of four in a row: packing four at a time takes a quarter of the shuffles
#pragma once

#include <quantkit/kernels/arch.hpp>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: its AVX-512 intrinsics begin with a register left undefined on purpose, and it warns wherever
// inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit::kernels::detail
{
#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
#if XSIMD_WITH_SSE2
    struct sse2_code_memory
    {
        static constexpr const char* name = "sse2";

        /// The lowest 4 codes of the register, widened.
        template <class Code>
        static QUANTKIT_INLINE __m128i widened(__m128i codes)
        {
            const __m128i zero = _mm_setzero_si128();
            if constexpr (sizeof(Code) == 1)
            {
                const __m128i high = _mm_unpacklo_epi8(std::is_signed_v<Code> ? codes : zero, codes);
                return std::is_signed_v<Code> ? _mm_srai_epi32(_mm_unpacklo_epi16(high, high), 24)
                                              : _mm_srli_epi32(_mm_unpacklo_epi16(zero, high), 24);
            }
            else
                return std::is_signed_v<Code> ? _mm_srai_epi32(_mm_unpacklo_epi16(codes, codes), 16)
                                              : _mm_unpacklo_epi16(codes, zero);
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE Integer load(const Code* codes)
        {
            // Through a register: a short store followed by a long load would wait for the store to reach the cache.
            if constexpr (sizeof(Code) == 1)
            {
                std::int32_t bytes = 0;
                std::memcpy(&bytes, codes, sizeof(bytes));
                return Integer(widened<Code>(_mm_cvtsi32_si128(bytes)));
            }
            else
                return Integer(widened<Code>(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes))));
        }

        /// int32 to 16 bits: a in the lower half, b in the upper. SSE2 has no unsigned saturation here.
        template <class Code>
        static QUANTKIT_INLINE __m128i packed_16(__m128i a, __m128i b)
        {
            if constexpr (std::same_as<Code, std::uint16_t>)
            {
                a = _mm_srai_epi32(_mm_slli_epi32(a, 16), 16);
                b = _mm_srai_epi32(_mm_slli_epi32(b, 16), 16);
            }
            return _mm_packs_epi32(a, b);
        }

        template <class Code>
        static QUANTKIT_INLINE __m128i packed_8(__m128i a, __m128i b)
        {
            return std::is_signed_v<Code> ? _mm_packs_epi16(a, b) : _mm_packus_epi16(a, b);
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& values)
        {
            __m128i packed = packed_16<Code>(values, values);
            if constexpr (sizeof(Code) == 1)
                packed = packed_8<Code>(packed, packed);
            std::memcpy(codes, &packed, 4 * sizeof(Code));
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& a, const Integer& b, const Integer& c,
                                          const Integer& d)
        {
            const __m128i ab = packed_16<Code>(a, b), cd = packed_16<Code>(c, d);
            auto* const out = reinterpret_cast<__m128i*>(codes);
            if constexpr (sizeof(Code) == 1)
                _mm_storeu_si128(out, packed_8<Code>(ab, cd));
            else
            {
                _mm_storeu_si128(out, ab);
                _mm_storeu_si128(out + 1, cd);
            }
        }
    };
#endif
#if XSIMD_WITH_AVX2
    /// Packing works within halves of 128 bits; a permutation restores the order afterwards.
    struct avx2_code_memory
    {
        static constexpr const char* name = "avx2";

        template <class Integer, class Code>
        static QUANTKIT_INLINE Integer load(const Code* codes)
        {
            const auto* const from = reinterpret_cast<const __m128i*>(codes);
            if constexpr (sizeof(Code) == 1)
            {
                const __m128i bytes = _mm_loadl_epi64(from);
                return Integer(std::is_signed_v<Code> ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes));
            }
            else
            {
                const __m128i words = _mm_loadu_si128(from);
                return Integer(std::is_signed_v<Code> ? _mm256_cvtepi16_epi32(words) : _mm256_cvtepu16_epi32(words));
            }
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& values)
        {
            __m128i packed =
                sse2_code_memory::packed_16<Code>(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
            if constexpr (sizeof(Code) == 1)
                packed = sse2_code_memory::packed_8<Code>(packed, packed);
            std::memcpy(codes, &packed, 8 * sizeof(Code));
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& a, const Integer& b, const Integer& c,
                                          const Integer& d)
        {
            auto* const out = reinterpret_cast<__m256i*>(codes);
            if constexpr (sizeof(Code) == 1)
            {
                const __m256i ab = _mm256_packs_epi32(a, b), cd = _mm256_packs_epi32(c, d);
                const __m256i packed =
                    std::is_signed_v<Code> ? _mm256_packs_epi16(ab, cd) : _mm256_packus_epi16(ab, cd);
                const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
                _mm256_storeu_si256(out, _mm256_permutevar8x32_epi32(packed, order));
            }
            else
            {
                const __m256i ab = std::is_signed_v<Code> ? _mm256_packs_epi32(a, b) : _mm256_packus_epi32(a, b);
                const __m256i cd = std::is_signed_v<Code> ? _mm256_packs_epi32(c, d) : _mm256_packus_epi32(c, d);
                _mm256_storeu_si256(out, _mm256_permute4x64_epi64(ab, 0xd8));
                _mm256_storeu_si256(out + 1, _mm256_permute4x64_epi64(cd, 0xd8));
            }
        }
    };
#endif
#if XSIMD_WITH_AVX512BW
    struct avx512bw_code_memory
    {
        static constexpr const char* name = "avx512bw";

        template <class Integer, class Code>
        static QUANTKIT_INLINE Integer load(const Code* codes)
        {
            if constexpr (sizeof(Code) == 1)
            {
                const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
                return Integer(std::is_signed_v<Code> ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes));
            }
            else
            {
                const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
                return Integer(std::is_signed_v<Code> ? _mm512_cvtepi16_epi32(words) : _mm512_cvtepu16_epi32(words));
            }
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& values)
        {
            if constexpr (sizeof(Code) == 1)
                _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm512_cvtepi32_epi8(values));
            else
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), _mm512_cvtepi32_epi16(values));
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& a, const Integer& b, const Integer& c,
                                          const Integer& d)
        {
            auto* const out = reinterpret_cast<__m512i*>(codes);
            if constexpr (sizeof(Code) == 1)
            {
                const __m512i ab = _mm512_packs_epi32(a, b), cd = _mm512_packs_epi32(c, d);
                const __m512i packed =
                    std::is_signed_v<Code> ? _mm512_packs_epi16(ab, cd) : _mm512_packus_epi16(ab, cd);
                const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
                _mm512_storeu_si512(out, _mm512_permutexvar_epi32(order, packed));
            }
            else
            {
                const __m512i ab = std::is_signed_v<Code> ? _mm512_packs_epi32(a, b) : _mm512_packus_epi32(a, b);
                const __m512i cd = std::is_signed_v<Code> ? _mm512_packs_epi32(c, d) : _mm512_packus_epi32(c, d);
                const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
                _mm512_storeu_si512(out, _mm512_permutexvar_epi64(order, ab));
                _mm512_storeu_si512(out + 1, _mm512_permutexvar_epi64(order, cd));
            }
        }
    };
#endif
#endif
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
