// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Walks over the micro-kernels of 4-bit weights and 8-bit activations: what the CPU lacks is reported, never passed.
#pragma once

#include <quantkit/kernels/gemm/select_w4a8.hpp>
#include <quantkit/kernels/isa.hpp>

#include <doctest/doctest.h>

#include <string>

namespace quantkit::test
{
    /// check(kernel) with each of them, in ascending order.
    template <class Check>
    void for_each_w4a8_micro_kernel(Check check)
    {
        static bool reported = false;
        for (const kernels::w4a8_micro_kernel* kernel : kernels::compiled_w4a8_micro_kernels())
        {
            const std::string name(kernel->name());
            if (cpu_has(kernel->level))
            {
                CAPTURE(name);
                check(*kernel);
            }
            else if (!reported)
                MESSAGE("not run, the CPU lacks it: ", name);
        }
        reported = true;
    }
}
