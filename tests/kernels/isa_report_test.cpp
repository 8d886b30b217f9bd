// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/isa_report.hpp>

#include "support/child_process.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace qk = quantkit;

namespace
{
    std::string active_under(const char* isa)
    {
        return qk::test::under_isa(isa,
                                   []
                                   {
                                       const qk::isa_report report = qk::isa();
                                       return std::string(report.micro_kernel) + " " + std::string(report.kernels);
                                   });
    }

    // The test process itself never asks for the cap: the report of a process without one.
    bool holds_without_cap(bool (*condition)(const qk::isa_report&))
    {
        return qk::test::under_isa(nullptr, [&] { return std::string(condition(qk::isa()) ? "yes" : "no"); }) == "yes";
    }
}

TEST_CASE("without the dispatch library the flags decide on the element-wise table, QUANTKIT_ISA on the micro-kernel")
{
    const std::string table = qk::kernels::arch_name<qk::kernels::default_arch>();
    CHECK(active_under("scalar") == "scalar " + table);
#if defined(__x86_64__)
    CHECK(active_under("sse2") == "sse2 " + table);
#endif
    CHECK(active_under("nonsense").find("threw: ") == 0);
}

TEST_CASE("what is active is compiled, and the CPU has the micro-kernel")
{
    const auto contains = [](const auto& names, std::string_view name)
    { return std::find(names.begin(), names.end(), name) != names.end(); };
    static constexpr auto compiled = contains;
    CHECK(holds_without_cap([](const qk::isa_report& r) { return compiled(r.compiled, r.micro_kernel); }));
    CHECK(holds_without_cap([](const qk::isa_report& r) { return compiled(r.cpu, r.micro_kernel); }));
    CHECK(holds_without_cap([](const qk::isa_report& r) { return compiled(r.compiled_kernels, r.kernels); }));
    CHECK(holds_without_cap([](const qk::isa_report& r) { return r.compiled_kernels.size() == 1 && !r.dispatched; }));
}

TEST_CASE("cpu lists exactly what cpu_has affirms, in ascending order")
{
    CHECK(holds_without_cap(
        [](const qk::isa_report& report)
        {
            std::vector<std::string_view> expected;
            for (std::size_t i = 0; i < qk::isa_names.size(); ++i)
                if (qk::cpu_has(static_cast<qk::isa_level>(i)))
                    expected.push_back(qk::isa_names[i]);
            return report.cpu == expected && report.cpu.front() == "scalar";
        }));
}
