// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Codes of 8 and 16 bits to and from int32 lanes, for 64-bit ARM: see code_memory.hpp.
///
/// load    4 codes, widened
/// store   the lanes of one batch, or of four in a row
#pragma once

#include <quantkit/kernels/arch.hpp>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace quantkit::kernels::detail
{
#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
#if XSIMD_WITH_NEON64
    /// Narrowing keeps the low bits, which are the same for signed and unsigned codes.
    struct neon64_code_memory
    {
        static constexpr const char* name = "neon64";

        template <class Integer, class Code>
        static QUANTKIT_INLINE Integer load(const Code* codes)
        {
            std::conditional_t<sizeof(Code) == 1, std::uint32_t, std::uint64_t> bits;
            std::memcpy(&bits, codes, sizeof(bits));
            const uint64x1_t bytes = vcreate_u64(bits);
            if constexpr (std::same_as<Code, std::int8_t>)
                return Integer(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u64(bytes)))));
            else if constexpr (std::same_as<Code, std::uint8_t>)
                return Integer(vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u64(bytes))))));
            else if constexpr (std::same_as<Code, std::int16_t>)
                return Integer(vmovl_s16(vreinterpret_s16_u64(bytes)));
            else
                return Integer(vreinterpretq_s32_u32(vmovl_u16(vreinterpret_u16_u64(bytes))));
        }

        static QUANTKIT_INLINE int16x8_t packed_16(int32x4_t a, int32x4_t b)
        {
            return vcombine_s16(vmovn_s32(a), vmovn_s32(b));
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& values)
        {
            const int16x8_t words = packed_16(values, values);
            if constexpr (sizeof(Code) == 1)
            {
                const int8x8_t bytes = vmovn_s16(words);
                std::memcpy(codes, &bytes, 4);
            }
            else
                std::memcpy(codes, &words, 8);
        }

        template <class Integer, class Code>
        static QUANTKIT_INLINE void store(Code* codes, const Integer& a, const Integer& b, const Integer& c,
                                          const Integer& d)
        {
            const int16x8_t ab = packed_16(a, b), cd = packed_16(c, d);
            if constexpr (sizeof(Code) == 1)
            {
                const int8x16_t bytes = vcombine_s8(vmovn_s16(ab), vmovn_s16(cd));
                std::memcpy(codes, &bytes, 16);
            }
            else
            {
                std::memcpy(codes, &ab, 16);
                std::memcpy(codes + 8, &cd, 16);
            }
        }
    };
#endif
#endif
}
