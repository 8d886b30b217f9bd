// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which instruction sets this program uses, could use and contains: for a line in a log or a bug report.
#pragma once

#include <quantkit/kernels/dispatch.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/isa.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace quantkit
{
    struct isa_report
    {
        std::string_view micro_kernel;          ///< integer products run on it
        std::string_view kernels;               ///< element-wise operations run on this table
        bool dispatched;                        ///< quantkit::dispatch chose the table, not the compiler's flags
        std::vector<std::string_view> compiled; ///< the micro-kernels in this program
        std::vector<std::string_view> compiled_kernels; ///< the element-wise tables in this program
        std::vector<std::string_view> cpu;              ///< what this CPU has, whatever QUANTKIT_ISA allows
    };

    /// What is active is chosen at the first call and stays. Throws std::invalid_argument where QUANTKIT_ISA is no
    /// name.
    template <class Arch = kernels::active_arch>
    isa_report isa()
    {
        isa_report report { kernels::best_micro_kernel().name(),
                            kernels::active_kernels<Arch>().name,
                            kernels::dispatched_arch<Arch>,
                            {},
                            {},
                            {} };
        for (const kernels::micro_kernel* kernel : kernels::compiled_micro_kernels())
            report.compiled.push_back(kernel->name());
        if constexpr (kernels::dispatched_arch<Arch>)
            for (const kernels::dispatched_table& table : kernels::dispatched_tables())
                report.compiled_kernels.push_back(table.kernels().name);
        else
            report.compiled_kernels.push_back(report.kernels);
        for (std::size_t i = 0; i < isa_names.size(); ++i)
            if (cpu_has(static_cast<isa_level>(i)))
                report.cpu.push_back(isa_names[i]);
        return report;
    }
}
