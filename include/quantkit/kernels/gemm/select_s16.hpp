// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The micro-kernels for codes of up to 16 bits on both sides, and the choice among them at run time.
///
/// All are of format s16_s16, so that packed operands serve each of them. Their int32 sums are exact for k up to
/// max_accumulated_k() of the magnitudes of both ranges: 511 for signed_range<12>, 512 for narrow_range<12>, 2 for
/// narrow_range<16>. Beyond, there are those with sums of 64 bits. micro_kernels_of() says why these
/// are templates.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_s16_wide.hpp>
#include <quantkit/kernels/gemm/micro_kernel_s16_wide_avx2.hpp>
#include <quantkit/kernels/gemm/micro_kernel_s16_wide_avx512.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include <span>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In ascending order of preference.
    template <class = void>
    std::span<const micro_kernel* const> compiled_int16_kernels()
    {
#if defined(QUANTKIT_X86)
        return micro_kernels_of<scalar_tiles, sse2_tiles, avx2_s16_tiles, avx512bw_tiles>();
#elif defined(__aarch64__)
        return micro_kernels_of<scalar_tiles, neon_tiles>();
#else
        return micro_kernels_of<scalar_tiles>();
#endif
    }

    /// The best that the CPU has and QUANTKIT_ISA allows. Throws as best_of().
    template <class = void>
    const micro_kernel& best_int16_kernel()
    {
        static const micro_kernel& best = best_of(compiled_int16_kernels());
        return best;
    }

    /// The same with sums of 64 bits, for store_wide and wide_epilogue.
    template <class = void>
    std::span<const micro_kernel* const> compiled_wide_kernels()
    {
#if defined(QUANTKIT_X86)
        return micro_kernels_of<scalar_wide_tiles, avx2_wide_tiles, avx512_wide_tiles>();
#else
        return micro_kernels_of<scalar_wide_tiles>();
#endif
    }

    /// The best of them that this CPU has and QUANTKIT_ISA allows.
    template <class = void>
    const micro_kernel& best_wide_kernel()
    {
        static const micro_kernel& best = best_of(compiled_wide_kernels());
        return best;
    }
}
