// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/half.hpp>

#include "runner.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    template <class To, class Elements, class Convert>
    std::vector<To> converted(const Elements& elements, Convert convert)
    {
        std::vector<To> results;
        for (const auto element : elements)
            results.push_back(static_cast<To>(convert(element)));
        return results;
    }

    std::uint16_t pattern(std::int32_t code) { return static_cast<std::uint16_t>(code); }
}

TEST_CASE("half: the family's ops")
{
    golden::check_ops(
        "half", { "half_to_float", "bfloat16_to_float", "float_to_half", "float_to_bfloat16", "half_round_trip" });
}

TEST_CASE("half: patterns to float")
{
    golden::check_cases("half", "half_to_float",
                        [](case_run& run)
                        {
                            const auto codes = run.input("code");
                            run.compare("y", converted<float>(codes.as<std::int32_t>(), [](std::int32_t code)
                                                              { return half_to_float(pattern(code)); }));
                        });
    golden::check_cases("half", "bfloat16_to_float",
                        [](case_run& run)
                        {
                            const auto codes = run.input("code");
                            run.compare("y", converted<float>(codes.as<std::int32_t>(), [](std::int32_t code)
                                                              { return bfloat16_to_float(pattern(code)); }));
                        });
}

TEST_CASE("half: float to patterns")
{
    golden::check_cases("half", "float_to_half",
                        [](case_run& run)
                        {
                            const auto x = run.input("x");
                            run.compare("code", converted<std::int32_t>(x.as<float>(), float_to_half));
                        });
    golden::check_cases("half", "float_to_bfloat16",
                        [](case_run& run)
                        {
                            const auto x = run.input("x");
                            run.compare("code", converted<std::int32_t>(x.as<float>(), float_to_bfloat16));
                        });
}

TEST_CASE("half: there and back")
{
    golden::check_cases("half", "half_round_trip",
                        [](case_run& run)
                        {
                            const auto codes = run.input("code");
                            const auto back = [](std::int32_t code)
                            { return float_to_half(half_to_float(pattern(code))); };
                            run.compare("code_back", converted<std::int32_t>(codes.as<std::int32_t>(), back));
                        });
}
