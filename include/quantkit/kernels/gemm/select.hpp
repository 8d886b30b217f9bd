// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Every micro-kernel of this build, and the choice among them at run time. micro_kernels_of() says why these are
/// templates.
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

#include <cstdint>
#include <span>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In ascending order of preference.
    template <class = void>
    std::span<const micro_kernel* const> compiled_micro_kernels()
    {
#if defined(QUANTKIT_X86)
        return micro_kernels_of<scalar_tiles, sse2_tiles, avx2_tiles, avxvnni_tiles, avx512bw_tiles,
                                avx512vnni_tiles>();
#elif defined(QUANTKIT_NEON_DOTPROD) && defined(QUANTKIT_NEON_I8MM)
        return micro_kernels_of<scalar_tiles, neon_tiles, neon_dotprod_tiles, neon_i8mm_tiles>();
#elif defined(QUANTKIT_NEON_DOTPROD)
        return micro_kernels_of<scalar_tiles, neon_tiles, neon_dotprod_tiles>();
#elif defined(QUANTKIT_NEON_I8MM)
        return micro_kernels_of<scalar_tiles, neon_tiles, neon_i8mm_tiles>();
#elif defined(__aarch64__)
        return micro_kernels_of<scalar_tiles, neon_tiles>();
#else
        return micro_kernels_of<scalar_tiles>();
#endif
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
    template <class = void>
    const micro_kernel& best_micro_kernel()
    {
        static const micro_kernel& best = best_of(compiled_micro_kernels());
        return best;
    }

    /// The same for uint8 activations that never exceed largest_a: where the level has a quicker kernel for those,
    /// that.
    template <class = void>
    const micro_kernel& best_micro_kernel(std::int32_t largest_a)
    {
        const micro_kernel& best = best_micro_kernel();
#if defined(QUANTKIT_X86)
        const micro_kernel& avx2_u7 = *micro_kernels_of<avx2_u7_tiles>().front();
        if (best.level == avx2_u7.level && largest_a <= avx2_u7.largest_a)
            return avx2_u7;
#else
        static_cast<void>(largest_a);
#endif
        return best;
    }
}
