// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Walks over the micro-kernels and lane families of this build: what the CPU lacks is reported, never passed.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/isa.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace quantkit::test
{
    namespace detail
    {
        inline std::vector<const kernels::micro_kernel*> reported_micro_kernels()
        {
            std::vector<const kernels::micro_kernel*> runnable;
            std::string lacking;
            for (const kernels::micro_kernel* kernel : kernels::compiled_micro_kernels())
                if (cpu_has(kernel->level))
                    runnable.push_back(kernel);
                else
                    lacking += " " + std::string(kernel->name());
            const std::size_t compiled = kernels::compiled_micro_kernels().size();
            if (!lacking.empty())
                MESSAGE("not run, the CPU lacks ", compiled - runnable.size(), " of ", compiled, ":", lacking);
            return runnable;
        }
    }

    /// In ascending order; one message of the process names those that the CPU lacks. On x86-64 at least one has SIMD.
    inline const std::vector<const kernels::micro_kernel*>& runnable_micro_kernels()
    {
        static const std::vector<const kernels::micro_kernel*> runnable = detail::reported_micro_kernels();
#if defined(__x86_64__)
        REQUIRE_MESSAGE(runnable.size() >= 2, "no SIMD micro-kernel ran");
#endif
        return runnable;
    }

    /// check(kernel) with each of them.
    template <class Check>
    void for_each_micro_kernel(Check check)
    {
        for (const kernels::micro_kernel* kernel : runnable_micro_kernels())
        {
            const std::string name(kernel->name());
            CAPTURE(name);
            check(*kernel);
        }
    }

    inline const char* name_of(kernels::lane_family lanes)
    {
        constexpr std::array names { "scalar lanes", "avx2 lanes", "avx512 lanes" };
        return names[static_cast<std::size_t>(lanes)];
    }

    /// check(lanes) with each family of vector code that finishes tiles and quantizes rows; the scalar one comes first.
    template <class Check>
    void for_each_lane_family(Check check)
    {
        std::vector<kernels::lane_family> done;
        for (const kernels::micro_kernel* kernel : runnable_micro_kernels())
            if (std::find(done.begin(), done.end(), kernel->lanes) == done.end())
            {
                const std::string name = name_of(kernel->lanes);
                CAPTURE(name);
                check(kernel->lanes);
                done.push_back(kernel->lanes);
            }
        REQUIRE(done.front() == kernels::lane_family::scalar);
    }
}
