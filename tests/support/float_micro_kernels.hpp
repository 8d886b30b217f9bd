// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A walk over the micro-kernels of products in float: what the CPU lacks is reported, never passed.
#pragma once

#include <quantkit/kernels/gemm/select_float.hpp>

#include <doctest/doctest.h>

#include <string>

namespace quantkit::test
{
    namespace detail
    {
        inline void report_once(const std::string& lacking)
        {
            static bool reported = false;
            if (!reported && !lacking.empty())
                MESSAGE("not run, the CPU lacks:", lacking);
            reported = true;
        }
    }

    /// check(kernel) with every float kernel for the format that the CPU has; the others are reported.
    template <kernels::operand_format Format, class Check>
    void for_each_float_kernel(Check check)
    {
        std::string lacking;
        for (const kernels::micro_kernel* kernel : kernels::compiled_float_kernels<Format>())
        {
            const std::string name(kernel->name());
            CAPTURE(name);
            if (kernels::cpu_runs_float_kernel(kernel->level))
                check(*kernel);
            else
                lacking += " " + name;
        }
        detail::report_once(lacking);
    }
}
