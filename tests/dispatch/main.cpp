// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Every table of quantkit::dispatch that this CPU can run, in one process; and which of them is chosen.
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/dispatch.hpp>
#include <quantkit/kernels/isa_report.hpp>
#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include "header_only.hpp"
#include "kernels/table_checks.hpp"
#include "support/child_process.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace qk = quantkit;
using qk::isa_level;
using qk::kernels::dispatched_table;

namespace
{
    // The test process itself never asks for the cap, so that its children read the environment afresh.
    std::string kernels_under(const char* isa)
    {
        return qk::test::under_isa(isa, [] { return std::string(qk::kernels::active_kernels().name); });
    }

    // What QUANTKIT_ISA = cap must choose: the last table not above it that the CPU has.
    std::string kernels_up_to(isa_level cap)
    {
        std::string best;
        for (const dispatched_table& table : qk::kernels::dispatched_tables())
            if (table.level <= cap && qk::cpu_has(table.level))
                best = table.kernels().name;
        return best;
    }
}

TEST_CASE("tables come in ascending order, the scalar one first, each under the name of its level")
{
    const auto tables = qk::kernels::dispatched_tables();
    REQUIRE(!tables.empty());
    CHECK(tables.front().level == isa_level::scalar);
    for (std::size_t i = 1; i < tables.size(); ++i)
        CHECK(tables[i - 1].level < tables[i].level);
    for (const dispatched_table& table : tables)
        CHECK(table.kernels().name == qk::name_of(table.level));
#if defined(__x86_64__)
    CHECK(tables.back().level == isa_level::avx512bw);
#elif defined(__aarch64__)
    CHECK(tables.back().level == isa_level::neon);
#endif
}

TEST_CASE("every table that the CPU can run gives the bits of the scalar one")
{
    const auto tables = qk::kernels::dispatched_tables();
    for (const dispatched_table& table : tables)
    {
        CAPTURE(qk::name_of(table.level));
        if (qk::cpu_has(table.level))
            qk::test::require_same_bits(table.kernels(), tables.front().kernels());
        else
            MESSAGE("not run, the CPU lacks it");
    }
}

TEST_CASE("the active table is the best that the CPU has, and QUANTKIT_ISA caps it")
{
    CHECK(kernels_under(nullptr) == kernels_up_to(isa_level::neon_i8mm));
    CHECK(kernels_under("") == kernels_under(nullptr));
    for (std::size_t i = 0; i < qk::isa_names.size(); ++i)
    {
        const std::string isa(qk::isa_names[i]);
        CAPTURE(isa);
        CHECK(kernels_under(isa.c_str()) == kernels_up_to(static_cast<isa_level>(i)));
    }
    CHECK(kernels_under("scalar") == "scalar");
#if defined(__x86_64__)
    CHECK(kernels_under("sse2") == "sse2");
    if (qk::cpu_has(isa_level::avx512bw))
        CHECK(kernels_under(nullptr) == "avx512bw");
#endif
}

TEST_CASE("QUANTKIT_ISA with an unknown name makes the first choice throw")
{
    const std::string text = kernels_under("nonsense");
    CHECK(text.find("threw: ") == 0);
    CHECK(text.find("\"nonsense\"") != std::string::npos);
}

TEST_CASE("tensors go through the chosen table, with the same codes whatever it is")
{
    const auto codes_under = [](const char* isa)
    {
        return qk::test::under_isa(isa,
                                   []
                                   {
                                       const std::vector<float> x = qk::test::random_floats(777, 1, -3.0f, 3.0f);
                                       const auto q = qk::quantize<qk::int8_full>(x, qk::qparams { 0.02f, 5 });
                                       return std::string(q.codes().begin(), q.codes().end());
                                   });
    };
    const std::string expected = codes_under("scalar");
    CHECK(expected.size() == 777);
    for (const char* isa : { "sse2", "avx2", "avx512bw", "neon" })
        CHECK(codes_under(isa) == expected);
    CHECK(codes_under(nullptr) == expected);
}

TEST_CASE("policies of the user's are in no table: they are compiled for the flags of the translation unit")
{
    const std::vector<float> x = qk::test::random_floats(777, 2, -3.0f, 3.0f);
    constexpr qk::qparams params { 0.02f, 5 };
    std::string expected;
    for (const float value : x)
        expected.push_back(static_cast<char>(
            qk::quantize_value(value, params, qk::int8_full::bounds, qk::test::upward {}, qk::by_reciprocal {}, 0)));
    const std::string codes = qk::test::under_isa(nullptr,
                                                  [&]
                                                  {
                                                      const auto q = qk::quantize<qk::int8_full>(
                                                          x, params, qk::per_tensor {}, qk::test::upward {});
                                                      return std::string(q.codes().begin(), q.codes().end());
                                                  });
    CHECK(codes == expected);
}

TEST_CASE("isa() tells what is active; a translation unit without the library keeps its own")
{
    const std::string text = qk::test::under_isa("scalar",
                                                 []
                                                 {
                                                     const qk::isa_report report = qk::isa(),
                                                                          other = header_only::isa();
                                                     std::string line(report.micro_kernel);
                                                     line.append(" ").append(report.kernels);
                                                     line.append(report.dispatched ? " dispatched" : " compiled");
                                                     line.append(" ").append(other.kernels);
                                                     line.append(other.dispatched ? " dispatched" : " compiled");
                                                     return line;
                                                 });
    CHECK(text
          == "scalar scalar dispatched " + std::string(qk::kernels::arch_name<qk::kernels::default_arch>())
                 + " compiled");
}

TEST_CASE("isa() lists the tables of the library")
{
    const std::string names = qk::test::under_isa(nullptr,
                                                  []
                                                  {
                                                      std::string all;
                                                      for (const std::string_view name : qk::isa().compiled_kernels)
                                                          all.append(name).append(" ");
                                                      return all;
                                                  });
#if defined(__x86_64__)
    CHECK(names == "scalar sse2 avx2 avx512bw ");
#elif defined(__aarch64__)
    CHECK(names == "scalar neon ");
#endif
}
