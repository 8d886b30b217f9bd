// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Every micro-kernel of this build, and the choice among them at run time.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/micro_kernel_avx2.hpp>
#include <quantkit/kernels/gemm/micro_kernel_avx512bw.hpp>
#include <quantkit/kernels/gemm/micro_kernel_avx512vnni.hpp>
#include <quantkit/kernels/gemm/micro_kernel_avxvnni.hpp>
#include <quantkit/kernels/gemm/micro_kernel_neon.hpp>
#include <quantkit/kernels/gemm/micro_kernel_neon_dotprod.hpp>
#include <quantkit/kernels/gemm/micro_kernel_neon_i8mm.hpp>
#include <quantkit/kernels/gemm/micro_kernel_sse2.hpp>

#include <array>
#include <span>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In ascending order of preference.
    inline std::span<const micro_kernel* const> compiled_micro_kernels()
    {
        static constexpr std::array kernels
        {
            &micro_kernel_of<scalar_tiles>,
#if defined(QUANTKIT_X86)
                &micro_kernel_of<sse2_tiles>, &micro_kernel_of<avx2_tiles>, &micro_kernel_of<avxvnni_tiles>,
                &micro_kernel_of<avx512bw_tiles>, &micro_kernel_of<avx512vnni_tiles>,
#elif defined(__aarch64__)
                &micro_kernel_of<neon_tiles>,
#if defined(QUANTKIT_NEON_DOTPROD)
                &micro_kernel_of<neon_dotprod_tiles>,
#endif
#if defined(QUANTKIT_NEON_I8MM)
                &micro_kernel_of<neon_i8mm_tiles>,
#endif
#endif
        };
        return kernels;
    }

    /// The last of these, from scalar_tiles up, that the CPU has and QUANTKIT_ISA allows. Throws std::invalid_argument
    /// where QUANTKIT_ISA is no name.
    inline const micro_kernel& best_of(std::span<const micro_kernel* const> ascending)
    {
        const micro_kernel* chosen = ascending.front();
        for (const micro_kernel* kernel : ascending)
            if (kernel->level <= isa_cap() && cpu_has(kernel->level))
                chosen = kernel;
        return *chosen;
    }

    /// The best that the CPU has and QUANTKIT_ISA allows. Throws std::invalid_argument where QUANTKIT_ISA is no name.
    inline const micro_kernel& best_micro_kernel()
    {
        static const micro_kernel& best = best_of(compiled_micro_kernels());
        return best;
    }

    /// The same for uint8 activations that never exceed largest_a: where the level has a quicker kernel for those,
    /// that.
    inline const micro_kernel& best_micro_kernel(std::int32_t largest_a)
    {
        const micro_kernel& best = best_micro_kernel();
#if defined(QUANTKIT_X86)
        constexpr const micro_kernel& avx2_u7 = micro_kernel_of<avx2_u7_tiles>;
        if (best.level == avx2_u7.level && largest_a <= avx2_u7.largest_a)
            return avx2_u7;
#else
        static_cast<void>(largest_a);
#endif
        return best;
    }
}
