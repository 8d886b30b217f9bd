// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What one core can do at most: products in registers, and bytes copied.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

#if defined(QUANTKIT_X86)
#include <immintrin.h>
#endif

namespace quantkit::bench
{
    namespace detail
    {
        constexpr std::int64_t peak_steps = 20'000;
        constexpr int peak_chains = 12;        // as many as 16 registers hold
        constexpr int peak_chains_avx512 = 20; // two a cycle, which take 5 cycles each, need 10 at least

#if defined(QUANTKIT_X86)
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vnni")
        inline std::int64_t multiply_avx512vnni()
        {
            __m512i sums[peak_chains_avx512] = {};
            const __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
            for (std::int64_t step = 0; step < peak_steps; ++step)
#pragma GCC unroll 20
                for (auto& sum : sums)
                {
                    sum = _mm512_dpbusd_epi32(sum, a, b);
                    __asm__ volatile("" : "+v"(sum));
                }
            return peak_steps * peak_chains_avx512 * 64 * 2;
        }

        QUANTKIT_TARGET("avx512f,avx512bw")
        inline std::int64_t multiply_avx512bw()
        {
            __m512i sums[peak_chains_avx512] = {};
            __m512i a = _mm512_set1_epi8(1);
            const __m512i b = _mm512_set1_epi8(2);
            for (std::int64_t step = 0; step < peak_steps; ++step)
#pragma GCC unroll 20
                for (auto& sum : sums)
                {
                    __asm__ volatile("" : "+v"(a)); // the product is to be made again
                    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
                    __asm__ volatile("" : "+v"(sum));
                }
            return peak_steps * peak_chains_avx512 * 32 * 2;
        }

        QUANTKIT_TARGET("avx2")
        inline std::int64_t multiply_avx2()
        {
            __m256i sums[peak_chains] = {};
            __m256i a = _mm256_set1_epi8(1);
            const __m256i b = _mm256_set1_epi8(2);
            for (std::int64_t step = 0; step < peak_steps; ++step)
#pragma GCC unroll 12
                for (auto& sum : sums)
                {
                    __asm__ volatile("" : "+x"(a)); // the product is to be made again
                    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
                    __asm__ volatile("" : "+x"(sum));
                }
            return peak_steps * peak_chains * 16 * 2;
        }
#endif
    }

    /// Operations (two per product) a second of the instructions that this micro-kernel multiplies with, all operands
    /// in registers: the best of many short runs. 0 where no loop is written for it.
    inline double peak_operations(isa_level level)
    {
        std::int64_t (*multiply)() = nullptr;
#if defined(QUANTKIT_X86)
        multiply = level == isa_level::avx512vnni ? &detail::multiply_avx512vnni
                   : level == isa_level::avx512bw ? &detail::multiply_avx512bw
                   : level == isa_level::avx2     ? &detail::multiply_avx2
                                                  : nullptr;
#endif
        if (multiply == nullptr)
            return 0.0;
        double best = 0.0;
        for (int run = 0; run < 50; ++run)
        {
            const auto begin = std::chrono::steady_clock::now();
            const auto operations = static_cast<double>(multiply());
            const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
            best = std::max(best, operations / seconds.count());
        }
        return best;
    }
}
