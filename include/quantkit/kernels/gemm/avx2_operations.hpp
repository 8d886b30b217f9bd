// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The operations of AVX2 under the names that epilogue.inl and activations.inl call them by.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/isa.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <cstdint>

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    using reals = __m256;
    using ints = __m256i;

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals broadcast(float x) { return _mm256_set1_ps(x); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE ints broadcast(std::int32_t x) { return _mm256_set1_epi32(x); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals load_columns(const float* columns) { return _mm256_loadu_ps(columns); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE ints load_columns(const std::int32_t* columns)
    {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals add(reals a, reals b) { return _mm256_add_ps(a, b); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE ints add(ints a, ints b) { return _mm256_add_epi32(a, b); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals subtract(reals a, reals b) { return _mm256_sub_ps(a, b); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE ints subtract(ints a, ints b) { return _mm256_sub_epi32(a, b); }

    /// Nothing is fused with it.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals multiply(reals a, reals b)
    {
        reals product = _mm256_mul_ps(a, b);
        __asm__("" : "+x"(product)); // keeps the compiler from contracting it with an addition
        return product;
    }

    /// The low 32 bits.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE ints multiply(ints a, ints b) { return _mm256_mullo_epi32(a, b); }

    /// b where one of them is NaN, or both are zero.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals min(reals a, reals b) { return _mm256_min_ps(a, b); }

    /// b where one of them is NaN, or both are zero.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals max(reals a, reals b) { return _mm256_max_ps(a, b); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE reals to_float(ints x) { return _mm256_cvtepi32_ps(x); }

    /// The nearest integer, ties to even.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE ints to_int(reals x) { return _mm256_cvtps_epi32(x); }
}
#endif
