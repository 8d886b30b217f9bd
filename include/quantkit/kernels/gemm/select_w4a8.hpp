// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Every micro-kernel of 4-bit weights and 8-bit activations in this build, and the choice among them at run time.
/// micro_kernels_of() says why these are templates.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_w4a8.hpp>
#include <quantkit/kernels/gemm/micro_kernel_w4a8_avx2.hpp>
#include <quantkit/kernels/gemm/micro_kernel_w4a8_avx512vnni.hpp>

#include <span>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In ascending order of preference.
    template <class = void>
    std::span<const w4a8_micro_kernel* const> compiled_w4a8_micro_kernels()
    {
#if defined(QUANTKIT_X86)
        return w4a8_micro_kernels_of<w4a8_scalar_tiles, w4a8_avx2_tiles, w4a8_avx512vnni_tiles>();
#else
        return w4a8_micro_kernels_of<w4a8_scalar_tiles>();
#endif
    }

    /// The best that the CPU has and QUANTKIT_ISA allows. Throws std::invalid_argument where QUANTKIT_ISA is no name.
    template <class = void>
    const w4a8_micro_kernel& best_w4a8_micro_kernel()
    {
        static const w4a8_micro_kernel* const best = []
        {
            const w4a8_micro_kernel* chosen = compiled_w4a8_micro_kernels().front();
            for (const w4a8_micro_kernel* kernel : compiled_w4a8_micro_kernels())
                if (kernel->level <= isa_cap() && cpu_has(kernel->level))
                    chosen = kernel;
            return chosen;
        }();
        return *best;
    }
}
