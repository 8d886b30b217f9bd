// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A consumer that links quantkit::dispatch and no flags: the best element-wise kernels of the CPU are in use.
#include <quantkit/kernels/dispatch.hpp>
#include <quantkit/kernels/isa_report.hpp>

#include <cstdio>

int main()
{
    const quantkit::isa_report report = quantkit::isa();
    std::printf("element-wise kernels: %s\n", report.kernels.data());
    const char* expected = "";
    for (const auto& table : quantkit::kernels::dispatched_tables())
        if (quantkit::cpu_has(table.level) && table.level <= quantkit::isa_cap())
            expected = table.kernels().name;
    return report.dispatched && report.kernels == expected ? 0 : 1;
}
