// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/isa.hpp>

#include "support/child_process.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace qk = quantkit;
using qk::isa_level;

namespace
{
    std::string best_kernel_under(const char* isa)
    {
        return quantkit::test::under_isa(isa, [] { return std::string(qk::kernels::best_micro_kernel().name()); });
    }

    // What QUANTKIT_ISA = cap must choose: the last compiled kernel not above it that the CPU has.
    std::string best_kernel_up_to(isa_level cap)
    {
        std::string best;
        for (const qk::kernels::micro_kernel* kernel : qk::kernels::compiled_micro_kernels())
            if (kernel->level <= cap && qk::cpu_has(kernel->level))
                best = kernel->name();
        return best;
    }
}

TEST_CASE("every level has its own name")
{
    CHECK(qk::name_of(isa_level::scalar) == "scalar");
    CHECK(qk::name_of(isa_level::sse2) == "sse2");
    CHECK(qk::name_of(isa_level::avx2) == "avx2");
    CHECK(qk::name_of(isa_level::avxvnni) == "avxvnni");
    CHECK(qk::name_of(isa_level::avx512bw) == "avx512bw");
    CHECK(qk::name_of(isa_level::avx512vnni) == "avx512vnni");
    CHECK(qk::name_of(isa_level::avx512bf16) == "avx512bf16");
    CHECK(qk::name_of(isa_level::neon) == "neon");
    CHECK(qk::name_of(isa_level::neon_dotprod) == "neon_dotprod");
    CHECK(qk::name_of(isa_level::neon_i8mm) == "neon_i8mm");
    CHECK(qk::isa_names.size() == static_cast<std::size_t>(isa_level::neon_i8mm) + 1);
}

TEST_CASE("a cap is any of the names; none, or an empty one, allows everything")
{
    for (std::size_t i = 0; i < qk::isa_names.size(); ++i)
        CHECK(qk::detail::isa_cap_from(std::string(qk::isa_names[i]).c_str()) == static_cast<isa_level>(i));
    for (std::size_t i = 0; i < qk::isa_names.size(); ++i)
    {
        CHECK(qk::detail::isa_cap_from(nullptr) >= static_cast<isa_level>(i));
        CHECK(qk::detail::isa_cap_from("") >= static_cast<isa_level>(i));
    }
}

TEST_CASE("an unknown name throws, and says which names there are")
{
    for (const char* unknown : { "avx1024", "AVX2", " avx2", "avx2 ", "avx", "0" })
    {
        CAPTURE(unknown);
        std::string text;
        try
        {
            qk::detail::isa_cap_from(unknown);
        }
        catch (const std::invalid_argument& error)
        {
            text = error.what();
        }
        CHECK(text.find("\"" + std::string(unknown) + "\"") != std::string::npos);
        CHECK(text.find("QUANTKIT_ISA") != std::string::npos);
        for (const std::string_view name : qk::isa_names)
            CHECK(text.find(name) != std::string::npos);
    }
}

TEST_CASE("a CPU that has a level has those below it in its family")
{
    CHECK(qk::cpu_has(isa_level::scalar));
    const auto implies = [](isa_level level, isa_level lower)
    {
        CAPTURE(qk::name_of(level));
        CHECK((!qk::cpu_has(level) || qk::cpu_has(lower)));
    };
    implies(isa_level::avx512vnni, isa_level::avx512bw);
    implies(isa_level::avx512bf16, isa_level::avx512bw);
    implies(isa_level::avx512bw, isa_level::avx2);
    implies(isa_level::avxvnni, isa_level::avx2);
    implies(isa_level::avx2, isa_level::sse2);
    implies(isa_level::neon_i8mm, isa_level::neon);
    implies(isa_level::neon_dotprod, isa_level::neon);
    CHECK_FALSE((qk::cpu_has(isa_level::sse2) && qk::cpu_has(isa_level::neon)));
}

TEST_CASE("cpu_has agrees with the compiler's own detection")
{
#if defined(__x86_64__)
    CHECK(qk::cpu_has(isa_level::sse2));
    CHECK(qk::cpu_has(isa_level::avx2) == (__builtin_cpu_supports("avx2") != 0));
    CHECK(qk::cpu_has(isa_level::avx512bw)
          == (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
              && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw")
              && __builtin_cpu_supports("avx512vl")));
    CHECK(qk::cpu_has(isa_level::avx512vnni)
          == (qk::cpu_has(isa_level::avx512bw) && __builtin_cpu_supports("avx512vnni")));
    CHECK(qk::cpu_has(isa_level::avx512bf16)
          == (qk::cpu_has(isa_level::avx512bw) && __builtin_cpu_supports("avx512bf16")));
    CHECK_FALSE(qk::cpu_has(isa_level::neon));
#elif defined(__aarch64__)
    CHECK(qk::cpu_has(isa_level::neon));
    CHECK_FALSE(qk::cpu_has(isa_level::sse2));
#endif
}

TEST_CASE("compiled micro-kernels are listed in ascending order, the scalar one first")
{
    const auto compiled = qk::kernels::compiled_micro_kernels();
    REQUIRE(!compiled.empty());
    CHECK(compiled[0]->level == isa_level::scalar);
    for (std::size_t i = 1; i < compiled.size(); ++i)
        CHECK(compiled[i - 1]->level < compiled[i]->level);
#if defined(__x86_64__)
    CHECK(compiled.back()->level == isa_level::avx512vnni);
#endif
}

// The test process itself never asks for the cap, so that its children read the environment afresh.
TEST_CASE("QUANTKIT_ISA caps the micro-kernel of a whole process")
{
    for (std::size_t i = 0; i < qk::isa_names.size(); ++i)
    {
        const std::string isa(qk::isa_names[i]);
        CAPTURE(isa);
        CHECK(best_kernel_under(isa.c_str()) == best_kernel_up_to(static_cast<isa_level>(i)));
    }
    CHECK(best_kernel_under("scalar") == "scalar");
    CHECK(best_kernel_under(nullptr) == best_kernel_up_to(isa_level::neon_i8mm));
    CHECK(best_kernel_under("") == best_kernel_under(nullptr));
}

TEST_CASE("QUANTKIT_ISA with an unknown name makes the first choice throw")
{
    const std::string text = best_kernel_under("nonsense");
    CHECK(text.find("threw: ") == 0);
    CHECK(text.find("\"nonsense\"") != std::string::npos);
}
