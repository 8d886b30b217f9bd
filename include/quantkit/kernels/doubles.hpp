// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Floats widened to doubles, as many at a time as a register of the instruction set holds doubles.
#pragma once

#include <quantkit/kernels/arch.hpp>

#include <cstddef>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: see lanes.hpp.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit::kernels::detail
{
    /// How many doubles are summed at a time; as many floats, loaded, subtracted and widened to double.
    struct scalar_doubles
    {
        using real = double;
        using floats = float;
        static constexpr std::size_t width = 1;

        static QUANTKIT_INLINE floats load(const float* x) { return *x; }
        static QUANTKIT_INLINE floats difference(floats x, floats y) { return x - y; }
        static QUANTKIT_INLINE real widened(floats x) { return x; }
        static QUANTKIT_INLINE real magnitude(real x) { return x < 0 ? -x : x; }
        static QUANTKIT_INLINE real greater(real x, real max) { return x > max ? x : max; }
        static QUANTKIT_INLINE void store(double* out, real x) { *out = x; }
    };

#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
    template <class Arch>
    struct batch_doubles
    {
        using real = xsimd::batch<double, Arch>;
        static constexpr std::size_t width = real::size;

        static QUANTKIT_INLINE real magnitude(const real& x) { return xsimd::abs(x); }
        static QUANTKIT_INLINE real greater(const real& x, const real& max) { return xsimd::select(x > max, x, max); }
        static QUANTKIT_INLINE void store(double* out, const real& x) { x.store_unaligned(out); }
    };

#if XSIMD_WITH_SSE2
    template <class Arch>
    struct sse2_doubles : batch_doubles<Arch>
    {
        using floats = __m128;
        static QUANTKIT_INLINE floats load(const float* x)
        {
            return _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
        }
        static QUANTKIT_INLINE floats difference(floats x, floats y) { return _mm_sub_ps(x, y); }
        static QUANTKIT_INLINE auto widened(floats x) { return xsimd::batch<double, Arch>(_mm_cvtps_pd(x)); }
    };
    template <class Arch>
    sse2_doubles<Arch> doubles_of(Arch, xsimd::sse2);
#endif
#if XSIMD_WITH_AVX
    template <class Arch>
    struct avx_doubles : batch_doubles<Arch>
    {
        using floats = __m128;
        static QUANTKIT_INLINE floats load(const float* x) { return _mm_loadu_ps(x); }
        static QUANTKIT_INLINE floats difference(floats x, floats y) { return _mm_sub_ps(x, y); }
        static QUANTKIT_INLINE auto widened(floats x) { return xsimd::batch<double, Arch>(_mm256_cvtps_pd(x)); }
    };
    template <class Arch>
    avx_doubles<Arch> doubles_of(Arch, xsimd::avx);
#endif
#if XSIMD_WITH_AVX512BW
    template <class Arch>
    struct avx512_doubles : batch_doubles<Arch>
    {
        using floats = __m256;
        static QUANTKIT_INLINE floats load(const float* x) { return _mm256_loadu_ps(x); }
        static QUANTKIT_INLINE floats difference(floats x, floats y) { return _mm256_sub_ps(x, y); }
        static QUANTKIT_INLINE auto widened(floats x) { return xsimd::batch<double, Arch>(_mm512_cvtps_pd(x)); }
    };
    template <class Arch>
    avx512_doubles<Arch> doubles_of(Arch, xsimd::avx512bw);
#endif
#if XSIMD_WITH_NEON64
    template <class Arch>
    struct neon64_doubles : batch_doubles<Arch>
    {
        using floats = float32x2_t;
        static QUANTKIT_INLINE floats load(const float* x) { return vld1_f32(x); }
        static QUANTKIT_INLINE floats difference(floats x, floats y) { return vsub_f32(x, y); }
        static QUANTKIT_INLINE auto widened(floats x) { return xsimd::batch<double, Arch>(vcvt_f64_f32(x)); }
    };
    template <class Arch>
    neon64_doubles<Arch> doubles_of(Arch, xsimd::neon64);
#endif
#endif
    template <class Arch>
    scalar_doubles doubles_of(Arch, any_arch);

    /// scalar_doubles or the batches of Arch.
    template <class Arch>
    using doubles = decltype(doubles_of(Arch {}, Arch {}));
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
