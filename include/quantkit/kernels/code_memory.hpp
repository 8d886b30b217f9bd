// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Loads codes into int32 lanes and stores int32 lanes as codes.
///
/// xsimd has neither widening loads nor narrowing stores that are fast for int8 and int16 (its converting load and
/// store go element by element), so they are written with intrinsics, one struct per instruction set. What is stored
/// must be a value of the code type: some instruction sets saturate the others, some cut them off.
#pragma once

#include <quantkit/kernels/code_memory_neon.hpp>
#include <quantkit/kernels/code_memory_x86.hpp>
#include <quantkit/kernels/lanes.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    namespace detail
    {
        /// Any batch, through an array on the stack: right everywhere, and what an unknown instruction set gets.
        struct portable_code_memory
        {
            static constexpr const char* name = "portable";

            template <class Integer, class Code>
            static QUANTKIT_INLINE Integer load(const Code* codes)
            {
                std::int32_t wide[Integer::size];
                for (std::size_t i = 0; i < Integer::size; ++i)
                    wide[i] = codes[i];
                return Integer::load_unaligned(wide);
            }

            template <class Integer, class Code>
            static QUANTKIT_INLINE void store(Code* codes, const Integer& values)
            {
                std::int32_t wide[Integer::size];
                values.store_unaligned(wide);
                for (std::size_t i = 0; i < Integer::size; ++i)
                    codes[i] = static_cast<Code>(wide[i]);
            }

            template <class Integer, class Code>
            static QUANTKIT_INLINE void store(Code* codes, const Integer& a, const Integer& b, const Integer& c,
                                              const Integer& d)
            {
                store(codes, a);
                store(codes + Integer::size, b);
                store(codes + 2 * Integer::size, c);
                store(codes + 3 * Integer::size, d);
            }
        };

        // Overload resolution takes the nearest base of the tag. In xsimd no register width derives from another
        // (avx512f not from avx2): each needs an overload of its own here, or silently gets the portable one.
        portable_code_memory code_memory_of(any_arch);
#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
#if XSIMD_WITH_SSE2
        sse2_code_memory code_memory_of(xsimd::sse2);
#endif
#if XSIMD_WITH_AVX2
        avx2_code_memory code_memory_of(xsimd::avx2);
#endif
#if XSIMD_WITH_AVX512BW
        avx512bw_code_memory code_memory_of(xsimd::avx512bw);
#endif
#if XSIMD_WITH_NEON64
        neon64_code_memory code_memory_of(xsimd::neon64);
#endif
#endif
    }

    /// What loads and stores codes for an instruction set; its `name` tells which one overload resolution took.
    template <class Arch>
    using code_memory = decltype(detail::code_memory_of(Arch {}));

    /// lanes::width codes, widened to int32.
    template <class Code, class Arch>
    QUANTKIT_INLINE auto load_codes(const Code* codes, lanes<Arch> in)
    {
        if constexpr (std::same_as<Arch, scalar_arch>)
            return static_cast<std::int32_t>(*codes);
        else if constexpr (std::same_as<Code, std::int32_t>)
            return in.load(codes);
        else
            return code_memory<Arch>::template load<typename lanes<Arch>::integer>(codes);
    }

    /// The lanes as codes; they must be values of the code type.
    template <class Code, class Arch, class Integer>
    QUANTKIT_INLINE void store_lanes(Code* codes, lanes<Arch>, const Integer& values)
    {
        if constexpr (std::same_as<Arch, scalar_arch>)
            *codes = static_cast<Code>(values);
        else if constexpr (std::same_as<Code, std::int32_t> || std::same_as<Code, float>)
            values.store_unaligned(codes);
        else
            code_memory<Arch>::store(codes, values);
    }

    /// Four batches in a row.
    template <class Code, class Arch, class Integer>
    QUANTKIT_INLINE void store_lanes(Code* codes, lanes<Arch>, const Integer& a, const Integer& b, const Integer& c,
                                     const Integer& d)
    {
        if constexpr (std::same_as<Code, std::int32_t> || std::same_as<Code, float>)
        {
            a.store_unaligned(codes);
            b.store_unaligned(codes + lanes<Arch>::width);
            c.store_unaligned(codes + 2 * lanes<Arch>::width);
            d.store_unaligned(codes + 3 * lanes<Arch>::width);
        }
        else
            code_memory<Arch>::store(codes, a, b, c, d);
    }
}
