// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/arch.hpp>

#include "support/compiled_archs.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <tuple>
#include <type_traits>

namespace
{
    using namespace quantkit::kernels;

    template <class... Archs>
    std::set<std::string> names(std::tuple<Archs...>)
    {
        return { arch_name<Archs>()... };
    }

    const char* expected_name()
    {
#if defined(__AVX512BW__)
        return "avx512bw";
#elif defined(__AVX2__)
        return "avx2";
#elif defined(__AVX__)
        return "avx";
#elif defined(__SSE4_1__)
        return "sse4.1";
#elif defined(__SSE2__)
        return "sse2";
#elif defined(__aarch64__)
        return "neon";
#else
        return "scalar";
#endif
    }
}

TEST_CASE("the default is what the compiler's flags say")
{
    CHECK(std::string(arch_name<default_arch>()) == expected_name());
    CHECK(default_arch::supported());
}

TEST_CASE("tests can walk from no SIMD at all to the default")
{
    static_assert(std::is_same_v<std::tuple_element_t<0, quantkit::test::compiled_archs>, scalar_arch>);
    const auto all = names(quantkit::test::compiled_archs {});
    CHECK(all.contains("scalar"));
    CHECK(all.contains(arch_name<default_arch>()));
}
