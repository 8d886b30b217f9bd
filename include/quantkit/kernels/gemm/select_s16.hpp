// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The micro-kernels for codes of up to 16 bits on both sides, and the choice among them at run time.
///
/// All are of format s16_s16, so that packed operands serve each of them. Their int32 sums are exact for k up to
/// max_accumulated_k() of the magnitudes of both ranges: 511 for signed_range<12>, 512 for narrow_range<12>, 2 for
/// narrow_range<16>. Beyond, there are those with sums of 64 bits.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_s16_wide.hpp>
#include <quantkit/kernels/gemm/micro_kernel_s16_wide_avx2.hpp>
#include <quantkit/kernels/gemm/micro_kernel_s16_wide_avx512.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include <array>
#include <span>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In ascending order of preference.
    inline std::span<const micro_kernel* const> compiled_int16_kernels()
    {
        static constexpr std::array kernels
        {
            &micro_kernel_of<scalar_tiles>,
#if defined(QUANTKIT_X86)
                &micro_kernel_of<sse2_tiles>, &micro_kernel_of<avx2_s16_tiles>, &micro_kernel_of<avx512bw_tiles>,
#elif defined(__aarch64__)
                &micro_kernel_of<neon_tiles>,
#endif
        };
        return kernels;
    }

    /// The best that the CPU has and QUANTKIT_ISA allows. Throws as best_of().
    inline const micro_kernel& best_int16_kernel()
    {
        static const micro_kernel& best = best_of(compiled_int16_kernels());
        return best;
    }

    /// The same with sums of 64 bits, for store_wide and wide_epilogue.
    inline std::span<const micro_kernel* const> compiled_wide_kernels()
    {
        static constexpr std::array kernels
        {
            &micro_kernel_of<scalar_wide_tiles>,
#if defined(QUANTKIT_X86)
                &micro_kernel_of<avx2_wide_tiles>, &micro_kernel_of<avx512_wide_tiles>,
#endif
        };
        return kernels;
    }

    /// The best of them that this CPU has and QUANTKIT_ISA allows.
    inline const micro_kernel& best_wide_kernel()
    {
        static const micro_kernel& best = best_of(compiled_wide_kernels());
        return best;
    }
}
