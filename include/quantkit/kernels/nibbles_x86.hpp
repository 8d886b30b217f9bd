// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Blocks of 4-bit codes packed and unpacked, for x86: see pack_int4.hpp.
///
/// pack    `count` codes, one a byte, to count / 2 bytes; unpack  the other way, sign-extended where Code is signed
#pragma once

#include <quantkit/kernels/arch.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quantkit::kernels::detail
{
#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
#if XSIMD_WITH_SSE2
    struct sse2_nibbles
    {
        static constexpr const char* name = "sse2";
        static constexpr std::size_t count = 32;

        template <class Code>
        static QUANTKIT_INLINE void pack(const Code* codes, std::uint8_t* packed)
        {
            const auto* const in = reinterpret_cast<const __m128i*>(codes);
            const __m128i low = pairs(_mm_loadu_si128(in)), high = pairs(_mm_loadu_si128(in + 1));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(packed), _mm_packus_epi16(low, high));
        }

        template <class Code>
        static QUANTKIT_INLINE void unpack(const std::uint8_t* packed, Code* codes)
        {
            const __m128i nibbles = _mm_set1_epi8(0x0f);
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed));
            const __m128i even = extended<Code>(_mm_and_si128(bytes, nibbles));
            const __m128i odd = extended<Code>(_mm_and_si128(_mm_srli_epi16(bytes, 4), nibbles));
            auto* const out = reinterpret_cast<__m128i*>(codes);
            _mm_storeu_si128(out, _mm_unpacklo_epi8(even, odd));
            _mm_storeu_si128(out + 1, _mm_unpackhi_epi8(even, odd));
        }

    private:
        /// Two codes in 16 bits to one byte in 16 bits.
        static QUANTKIT_INLINE __m128i pairs(__m128i codes)
        {
            const __m128i even = _mm_and_si128(codes, _mm_set1_epi16(0x0f));
            const __m128i odd = _mm_and_si128(_mm_srli_epi16(codes, 4), _mm_set1_epi16(0xf0));
            return _mm_or_si128(even, odd);
        }

        template <class Code>
        static QUANTKIT_INLINE __m128i extended(__m128i codes)
        {
            const __m128i sign = _mm_set1_epi8(8);
            return std::is_signed_v<Code> ? _mm_sub_epi8(_mm_xor_si128(codes, sign), sign) : codes;
        }
    };
#endif
#if XSIMD_WITH_AVX2
    struct avx2_nibbles
    {
        static constexpr const char* name = "avx2";
        static constexpr std::size_t count = 64;

        template <class Code>
        static QUANTKIT_INLINE void pack(const Code* codes, std::uint8_t* packed)
        {
            const auto* const in = reinterpret_cast<const __m256i*>(codes);
            const __m256i low = pairs(_mm256_loadu_si256(in)), high = pairs(_mm256_loadu_si256(in + 1));
            // packus works within halves of 128 bits
            const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xd8);
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(packed), bytes);
        }

        template <class Code>
        static QUANTKIT_INLINE void unpack(const std::uint8_t* packed, Code* codes)
        {
            const auto* const in = reinterpret_cast<const __m128i*>(packed);
            auto* const out = reinterpret_cast<__m256i*>(codes);
            _mm256_storeu_si256(out, unpacked<Code>(_mm_loadu_si128(in)));
            _mm256_storeu_si256(out + 1, unpacked<Code>(_mm_loadu_si128(in + 1)));
        }

    private:
        static QUANTKIT_INLINE __m256i pairs(__m256i codes)
        {
            const __m256i even = _mm256_and_si256(codes, _mm256_set1_epi16(0x0f));
            const __m256i odd = _mm256_and_si256(_mm256_srli_epi16(codes, 4), _mm256_set1_epi16(0xf0));
            return _mm256_or_si256(even, odd);
        }

        template <class Code>
        static QUANTKIT_INLINE __m256i unpacked(__m128i packed)
        {
            const __m256i bytes = _mm256_cvtepu8_epi16(packed), sign = _mm256_set1_epi8(8);
            const __m256i both = _mm256_or_si256(bytes, _mm256_slli_epi16(bytes, 4));
            const __m256i codes = _mm256_and_si256(both, _mm256_set1_epi8(0x0f));
            return std::is_signed_v<Code> ? _mm256_sub_epi8(_mm256_xor_si256(codes, sign), sign) : codes;
        }
    };
#endif
#endif
}
