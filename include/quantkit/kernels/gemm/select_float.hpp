// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The float micro-kernels of this build for each format of the weights, and the choice among them at run time.
/// micro_kernels_of() says why these are templates.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_bf16_dot.hpp>
#include <quantkit/kernels/gemm/micro_kernel_bf16_dot_avx512.hpp>
#include <quantkit/kernels/gemm/micro_kernel_float.hpp>
#include <quantkit/kernels/gemm/micro_kernel_float_avx2.hpp>
#include <quantkit/kernels/gemm/micro_kernel_float_avx512.hpp>
#include <quantkit/kernels/gemm/micro_kernel_float_neon.hpp>

#include <span>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In ascending order of preference, from one that runs everywhere.
    template <operand_format Format>
    std::span<const micro_kernel* const> compiled_float_kernels()
    {
#if defined(QUANTKIT_X86)
        return micro_kernels_of<scalar_float_tiles<Format>, avx2_float_tiles<Format>, avx512_float_tiles<Format>>();
#elif defined(__aarch64__)
        return micro_kernels_of<scalar_float_tiles<Format>, neon_float_tiles<Format>>();
#else
        return micro_kernels_of<scalar_float_tiles<Format>>();
#endif
    }

    /// Products of pairs of bfloat16: their definition, and vdpbf16ps.
    template <operand_format Format>
        requires(Format == operand_format::bf16_bf16)
    std::span<const micro_kernel* const> compiled_float_kernels()
    {
#if defined(QUANTKIT_X86)
        return micro_kernels_of<scalar_bf16_dot_tiles, avx512_bf16_dot_tiles>();
#else
        return micro_kernels_of<scalar_bf16_dot_tiles>();
#endif
    }

    /// Whether this CPU can run a float kernel: those of x86 need FMA and F16C as well, which came before AVX2.
    inline bool cpu_runs_float_kernel(isa_level level)
    {
#if defined(QUANTKIT_X86)
        return level == isa_level::scalar || (cpu_has(level) && quantkit::detail::cpu_has_fma_and_f16c());
#else
        return cpu_has(level);
#endif
    }

    /// The best that the CPU has and QUANTKIT_ISA allows. Throws std::invalid_argument where QUANTKIT_ISA is no name.
    template <operand_format Format>
    const micro_kernel& best_float_kernel()
    {
        static const micro_kernel* const best = []
        {
            const micro_kernel* chosen = compiled_float_kernels<Format>().front();
            for (const micro_kernel* kernel : compiled_float_kernels<Format>())
                if (kernel->level <= isa_cap() && cpu_runs_float_kernel(kernel->level))
                    chosen = kernel;
            return chosen;
        }();
        return *best;
    }
}
