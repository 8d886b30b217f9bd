// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which instruction set a kernel is compiled for, as a type: xsimd's architecture tags, and one for no SIMD at all.
///
/// Objects built with different flags never share a function: the linker would keep one of them for the whole program,
/// and a CPU without that one's instructions would stop there. So all code that depends on flags is one of these:
///
/// * a template on such a tag, active_arch unless told otherwise: the element-wise kernels, and members of classes that
///   users hold, which are one type whatever the flags;
/// * in the inline namespace QUANTKIT_FLAGS_NAMESPACE, always the innermost one: the integer product, whose functions
///   for another instruction set (QUANTKIT_TARGET) depend on the flags no less, since the attribute only adds to them;
/// * QUANTKIT_INLINE: what is a line or two, and members of plain data.
///
/// Plain data that one object may hand to another (micro_kernel, gemm_extents, epilogue stages) is outside of it.
#pragma once

#include <quantkit/core/config.hpp>

#include <concepts>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: its AVX-512 intrinsics begin with a register left undefined on purpose, and it warns wherever
// inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

namespace quantkit::kernels
{
    /// One value at a time: for processors that xsimd does not know, and to compare the others with.
    struct scalar_arch
    {
        /// Everywhere.
        static constexpr bool supported() noexcept { return true; }
    };

    namespace detail
    {
        /// Matches any architecture, worse than the tag itself or a base of it.
        struct any_arch
        {
            template <class Arch>
            QUANTKIT_INLINE any_arch(Arch)
            {
            }
        };
    }

#ifdef XSIMD_NO_SUPPORTED_ARCHITECTURE
    using default_arch = scalar_arch;

    template <class Arch>
    constexpr const char* arch_name() noexcept
    {
        return "scalar";
    }
#else
    namespace detail
    {
        /// 32-bit NEON flushes subnormal floats to zero and has no division: its bits would differ. AVX-512 without its
        /// byte and word instructions is an older chip's; AVX2 serves it.
        template <class Arch>
        constexpr auto usable_arch()
        {
            if constexpr (std::derived_from<Arch, xsimd::neon> && !std::derived_from<Arch, xsimd::neon64>)
                return scalar_arch {};
            else if constexpr (std::derived_from<Arch, xsimd::avx512f> && !std::derived_from<Arch, xsimd::avx512bw>)
                return xsimd::avx2 {};
            else
                return Arch {};
        }
    }

    /// The best instruction set that the flags of this translation unit allow.
    using default_arch = decltype(detail::usable_arch<xsimd::default_arch>());

    /// The name of the instruction set as far as it matters here: the nearest ancestor with code of its own.
    template <class Arch>
    constexpr const char* arch_name() noexcept
    {
        if constexpr (std::same_as<Arch, scalar_arch>)
            return "scalar";
        else if constexpr (std::derived_from<Arch, xsimd::avx512bw>)
            return "avx512bw";
        else if constexpr (std::derived_from<Arch, xsimd::avx2>)
            return "avx2";
        else if constexpr (std::derived_from<Arch, xsimd::avx>)
            return "avx";
        else if constexpr (std::derived_from<Arch, xsimd::sse4_1>)
            return "sse4.1";
        else if constexpr (std::derived_from<Arch, xsimd::sse2>)
            return "sse2";
        else if constexpr (std::derived_from<Arch, xsimd::neon64>)
            return "neon";
        else
            return Arch::name();
    }
#endif

    /// Arch, but for the operations of a kernel_table: those come from quantkit::dispatch, which chooses at run time.
    template <class Arch>
    struct dispatched
    {
        /// The instruction set of what no table holds.
        using compiled = Arch;
    };

    template <class Arch>
    concept dispatched_arch = requires
    {
        typename Arch::compiled;
    };

    namespace detail
    {
        template <class Arch>
        constexpr auto compiled_arch_of()
        {
            if constexpr (dispatched_arch<Arch>)
                return typename Arch::compiled {};
            else
                return Arch {};
        }
    }

    /// What to instantiate a kernel with that is in no table, since a policy of the user's is part of it.
    template <class Arch>
    using compiled_arch = decltype(detail::compiled_arch_of<Arch>());

    /// What everything above the kernels is instantiated with. Linking quantkit::dispatch defines QUANTKIT_DISPATCH;
    /// translation units with and without it share no function that depends on it, since their active_arch differ.
#ifdef QUANTKIT_DISPATCH
    using active_arch = dispatched<default_arch>;
#else
    using active_arch = default_arch;
#endif
}
