// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The library's macros, and what it refuses to be compiled for.
#pragma once

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "quantkit needs C++20: compile with -std=c++20 or newer"
#endif
#if !defined(__cpp_exceptions)
#error "quantkit reports wrong shapes, values and files by exceptions: compile without -fno-exceptions"
#endif
#if defined(__FAST_MATH__) && !defined(QUANTKIT_ALLOW_FAST_MATH)
#error "quantkit promises what -ffast-math gives away (docs/environments.md): -DQUANTKIT_ALLOW_FAST_MATH does without"
#endif

#include <bit>
#include <cassert>
#include <cfloat>
#include <limits>

static_assert(std::endian::native == std::endian::little, "quantkit supports little-endian machines only");
static_assert(std::numeric_limits<float>::is_iec559, "quantkit needs IEEE 754 floats");
static_assert(FLT_EVAL_METHOD != 1 && FLT_EVAL_METHOD != 2,
              "quantkit needs floats that are rounded at each operation: on 32-bit x86, -msse2 -mfpmath=sse");

/// A kernel's precondition: checked in debug builds only. User errors throw instead (core/check.hpp).
#define QUANTKIT_ASSERT(condition) assert(condition)

#if defined(__GNUC__) || defined(__clang__)
/// Inlined even at -O0, so that code whose instructions depend on compiler flags leaves no shared symbol behind.
#define QUANTKIT_INLINE inline __attribute__((always_inline))
/// Compiles one function for the named instruction sets, whatever the flags of the translation unit.
#define QUANTKIT_TARGET(features) __attribute__((target(features)))
/// Compiled apart from its callers, for the flags of the translation unit.
#define QUANTKIT_NOINLINE __attribute__((noinline))
/// A pragma of these tokens, which a macro can hold.
#define QUANTKIT_PRAGMA(tokens) _Pragma(#tokens)
/// Before a loop of at most n steps over an array that is to stay in registers: it does where each index is a constant,
/// as it is when the steps stand one after the other. Other compilers decide for themselves.
#define QUANTKIT_UNROLL(n) QUANTKIT_PRAGMA(GCC unroll n)
#else
#define QUANTKIT_INLINE inline
#define QUANTKIT_TARGET(features)
#define QUANTKIT_NOINLINE
#define QUANTKIT_UNROLL(n)
#endif

/// Rounds a float before it goes on: the product that it is must not be contracted with an addition. GCC and clang may
/// do so by default, MSVC since 2022 only where asked (/fp:contract).
#if defined(__SSE2_MATH__)
#define QUANTKIT_ROUND_HERE(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__)
#define QUANTKIT_ROUND_HERE(x) __asm__("" : "+w"(x))
#elif defined(__GNUC__) || defined(__clang__)
#define QUANTKIT_ROUND_HERE(x) __asm__("" : "+m"(x))
#else
#define QUANTKIT_ROUND_HERE(x) static_cast<void>(x)
#endif

/// The innermost namespace of functions whose instructions depend on compiler flags, one for each set of flags that the
/// library tells apart: namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE. kernels/arch.hpp has the rule.
#if defined(__AVX512VNNI__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx512vnni
#elif defined(__AVX512BW__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx512bw
#elif defined(__AVX512F__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx512f
#elif defined(__AVXVNNI__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avxvnni
#elif defined(__AVX2__) && defined(__FMA__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx2_fma
#elif defined(__AVX2__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx2
#elif defined(__AVX__) && defined(__FMA__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx_fma
#elif defined(__AVX__)
#define QUANTKIT_FLAGS_NAMESPACE flags_avx
#elif defined(__SSE4_2__)
#define QUANTKIT_FLAGS_NAMESPACE flags_sse4_2
#elif defined(__SSE4_1__)
#define QUANTKIT_FLAGS_NAMESPACE flags_sse4_1
#elif defined(__SSSE3__)
#define QUANTKIT_FLAGS_NAMESPACE flags_ssse3
#elif defined(__SSE3__)
#define QUANTKIT_FLAGS_NAMESPACE flags_sse3
#elif defined(__ARM_FEATURE_SVE)
#define QUANTKIT_FLAGS_NAMESPACE flags_sve
#elif defined(__ARM_FEATURE_MATMUL_INT8)
#define QUANTKIT_FLAGS_NAMESPACE flags_neon_i8mm
#elif defined(__ARM_FEATURE_DOTPROD)
#define QUANTKIT_FLAGS_NAMESPACE flags_neon_dotprod
#else
#define QUANTKIT_FLAGS_NAMESPACE flags_baseline
#endif
