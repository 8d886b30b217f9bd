// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/code_memory.hpp>

#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using namespace quantkit::test;

    const char* expected_name()
    {
#if defined(__AVX512BW__)
        return "avx512bw";
#elif defined(__AVX2__)
        return "avx2";
#elif defined(__AVX__)
        return "portable";
#elif defined(__SSE2__)
        return "sse2";
#elif defined(__aarch64__)
        return "neon64";
#else
        return "portable";
#endif
    }

    template <class Code, class Arch>
    void check_one_batch(const std::vector<Code>& codes, Arch)
    {
        using in = lanes<Arch>;
        const guarded_buffer<Code> from(codes);
        guarded_buffer<Code> to(codes.size());
        store_lanes(to.data(), in {}, load_codes(from.data(), in {}));
        require_equal(to, codes);
    }

    template <class Code, class Arch>
    void check_four_batches(const std::vector<Code>& codes, Arch)
    {
        using in = lanes<Arch>;
        const auto load = [&](std::size_t batch) { return load_codes(codes.data() + batch * in::width, in {}); };
        guarded_buffer<Code> to(codes.size());
        store_lanes(to.data(), in {}, load(0), load(1), load(2), load(3));
        require_equal(to, codes);
    }

    template <class Code, class Arch>
    void check_widening(const std::vector<Code>& codes, Arch)
    {
        using in = lanes<Arch>;
        std::vector<float> reals(in::width);
        in::store(reals.data(), in::to_real(load_codes(codes.data(), in {})));
        for (std::size_t lane = 0; lane < in::width; ++lane)
            REQUIRE(reals[lane] == static_cast<float>(codes[lane]));
    }

    template <class Code, class Arch>
    void check(Arch arch)
    {
        constexpr std::size_t width = lanes<Arch>::width;
        for (std::uint64_t seed = 0; seed < 50; ++seed)
        {
            for (const auto& codes : { random_codes<Code>(width, seed), extreme_codes<Code>(width, seed) })
            {
                check_one_batch(codes, arch);
                check_widening(codes, arch);
            }
            if constexpr (width > 1)
            {
                check_four_batches(random_codes<Code>(4 * width, seed), arch);
                check_four_batches(extreme_codes<Code>(4 * width, seed), arch);
            }
        }
    }
}

TEST_CASE_TEMPLATE_DEFINE("codes survive widening and narrowing", Arch, codes)
{
    check<std::int8_t>(Arch {});
    check<std::uint8_t>(Arch {});
    check<std::int16_t>(Arch {});
    check<std::uint16_t>(Arch {});
    check<std::int32_t>(Arch {});
}
TEST_CASE_TEMPLATE_APPLY(codes, compiled_archs);

TEST_CASE("the default architecture does not silently get the portable code")
{
    CHECK(std::string(code_memory<default_arch>::name) == expected_name());
}
