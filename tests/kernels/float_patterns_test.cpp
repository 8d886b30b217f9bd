// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/float_patterns.hpp"

#include <quantkit/core/rounding.hpp>
#include <quantkit/kernels/arch.hpp>

#include "support/compiled_archs.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    /// Every 65,521st pattern (a prime, so that all mantissas come up), and both ends and the middle of each exponent.
    std::vector<float> sampled_patterns()
    {
        std::vector<float> x;
        for (std::uint64_t pattern = 0; pattern < float_patterns; pattern += 65'521)
            x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(pattern)));
        for (std::uint32_t sign_and_exponent = 0; sign_and_exponent < 512; ++sign_and_exponent)
            for (const std::uint32_t mantissa :
                 { 0u, 1u, 2u, 0x3fffffu, 0x400000u, 0x400001u, 0x7ffffdu, 0x7ffffeu, 0x7fffffu })
                x.push_back(std::bit_cast<float>(sign_and_exponent << 23 | mantissa));
        return x;
    }

    template <class Arch, class Code>
    void check_code()
    {
        const std::vector<float> x = sampled_patterns();
        for (const pattern_case& c : pattern_cases<Code>())
        {
            CAPTURE(c.reason);
            require_quantized<Code, Arch>(x, c, half_even {}, by_reciprocal {});
            require_quantized<Code, Arch>(x, c, half_even {}, by_division {});
            require_quantized<Code, Arch>(x, c, half_away {}, by_reciprocal {});
            require_quantized<Code, Arch>(x, c, half_away {}, by_division {});
        }
    }
}

TEST_CASE_TEMPLATE_DEFINE("floats of every size are quantized as core defines it", Arch, sampled)
{
    check_code<Arch, std::int8_t>();
    check_code<Arch, std::uint8_t>();
    check_code<Arch, std::int16_t>();
    check_code<Arch, std::int32_t>();
}

TEST_CASE_TEMPLATE_APPLY(sampled, compiled_archs);
