// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Walks over the micro-kernels of 4-bit weights and 8-bit activations: what the CPU lacks is reported, never passed.
#pragma once

#include <quantkit/kernels/gemm/select_w4a8.hpp>
#include <quantkit/kernels/isa.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace quantkit::test
{
    /// In ascending order; one message of the process names those that the CPU lacks.
    inline const std::vector<const kernels::w4a8_micro_kernel*>& runnable_w4a8_micro_kernels()
    {
        static const auto runnable = []
        {
            std::vector<const kernels::w4a8_micro_kernel*> found;
            for (const kernels::w4a8_micro_kernel* kernel : kernels::compiled_w4a8_micro_kernels())
                if (cpu_has(kernel->level))
                    found.push_back(kernel);
                else
                    MESSAGE("not run, the CPU lacks it: ", std::string(kernel->name()));
            return found;
        }();
        return runnable;
    }

    /// check(kernel) with each of them.
    template <class Check>
    void for_each_w4a8_micro_kernel(Check check)
    {
        for (const kernels::w4a8_micro_kernel* kernel : runnable_w4a8_micro_kernels())
        {
            const std::string name(kernel->name());
            CAPTURE(name);
            check(*kernel);
        }
    }
}
