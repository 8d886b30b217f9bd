// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Every instruction set with code of its own that the flags of this translation unit allow, for tests of each.
#pragma once

#include <quantkit/kernels/arch.hpp>

#include <tuple>
#include <type_traits>

namespace quantkit::test
{
    template <class Arch>
    using if_supported = std::conditional_t<Arch::supported(), std::tuple<Arch>, std::tuple<>>;

    /// The first is plainest.
#ifdef XSIMD_NO_SUPPORTED_ARCHITECTURE
    using compiled_archs = std::tuple<kernels::scalar_arch>;
#else
    using compiled_archs = decltype(std::tuple_cat(
        if_supported<kernels::scalar_arch> {}, if_supported<xsimd::sse2> {}, if_supported<xsimd::sse4_1> {},
        if_supported<xsimd::avx> {}, if_supported<xsimd::avx2> {}, if_supported<xsimd::fma3<xsimd::avx2>> {},
        if_supported<xsimd::avx512bw> {}, if_supported<xsimd::neon64> {}));
#endif
}
