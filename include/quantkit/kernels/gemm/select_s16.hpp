// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The micro-kernels for codes of up to 16 bits on both sides, and the choice among them at run time.
///
/// All are of format s16_s16, so that packed operands serve each of them. Their int32 sums are exact for k up to
/// max_accumulated_k() of the magnitudes of both ranges: 511 for signed_range<12>, 512 for narrow_range<12>, 2 for
/// narrow_range<16>.
#pragma once

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
}
