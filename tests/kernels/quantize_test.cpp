// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/quantize.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    template <class Arch>
    struct checker
    {
        template <class Code, class Rounding = half_even, class Scaling = by_reciprocal>
        static void shared(const std::vector<float>& values, qparams params, quant_bounds bounds,
                           Rounding rounding = {}, Scaling scaling = {}, std::uint64_t first = 0,
                           guard_page side = guard_page::after)
        {
            const guarded_buffer<float> x(values, side);
            guarded_buffer<Code> q(values.size(), side);
            kernels::quantize(x.data(), q.data(), x.size(), params, bounds, rounding, scaling, first, Arch {});
            std::vector<Code> expected;
            for (std::size_t i = 0; i < values.size(); ++i)
                expected.push_back(
                    static_cast<Code>(quantize_value(values[i], params, bounds, rounding, scaling, first + i)));
            require_equal(q, expected);
        }

        template <class Code, class Rounding = half_even, class Scaling = by_reciprocal>
        static void own(const std::vector<float>& values, float around, quant_bounds bounds, Rounding rounding = {},
                        Scaling scaling = {}, std::uint64_t first = 0)
        {
            const own_params params(values.size(), around, bounds);
            const guarded_buffer<float> x(values), scale(params.scale);
            const guarded_buffer<std::int32_t> zero_point(params.zero_point);
            guarded_buffer<Code> q(values.size());
            kernels::quantize_each(x.data(), q.data(), x.size(), scale.data(), zero_point.data(), bounds, rounding,
                                   scaling, first, Arch {});
            std::vector<Code> expected;
            for (std::size_t i = 0; i < values.size(); ++i)
                expected.push_back(static_cast<Code>(
                    quantize_value(values[i], { scale[i], zero_point[i] }, bounds, rounding, scaling, first + i)));
            require_equal(q, expected);
        }

        template <class Code, class Rounding, class Scaling>
        static void both(std::size_t count, Rounding rounding, Scaling scaling, std::uint64_t first = 0)
        {
            for (const quantizing_case& c : quantizing_cases<Code>())
            {
                CAPTURE(c.reason);
                for (const std::vector<float>& x : quantizing_inputs(count, c.params.scale))
                {
                    shared<Code>(x, c.params, c.bounds, rounding, scaling, first);
                    own<Code>(x, c.params.scale, c.bounds, rounding, scaling, first);
                }
            }
        }

        template <class Code>
        static void all_policies(std::size_t count)
        {
            both<Code>(count, half_even {}, by_reciprocal {});
            both<Code>(count, half_even {}, by_division {});
            both<Code>(count, half_away {}, by_reciprocal {});
            both<Code>(count, half_away {}, by_division {});
            both<Code>(count, stochastic { 42 }, by_reciprocal {}, 1000);
            both<Code>(count, upward {}, by_reciprocal {});
            both<Code>(count, half_even {}, by_twice_the_scale {});
        }
    };
}

TEST_CASE_TEMPLATE_DEFINE("the same bits as quantize_value: every policy and kind of input", Arch, policies)
{
    checker<Arch>::template all_policies<std::int8_t>(331);
}

TEST_CASE_TEMPLATE_DEFINE("the same bits as quantize_value: every code", Arch, codes)
{
    checker<Arch>::template both<std::uint8_t>(331, half_even {}, by_reciprocal {});
    checker<Arch>::template both<std::int16_t>(331, half_even {}, by_reciprocal {});
    checker<Arch>::template both<std::uint16_t>(331, half_even {}, by_reciprocal {});
    checker<Arch>::template both<std::int32_t>(331, half_even {}, by_reciprocal {});
}

TEST_CASE_TEMPLATE_DEFINE("every count, up against guard pages", Arch, counts)
{
    for (const std::size_t count : counts_to_test())
        for (const guard_page side : { guard_page::after, guard_page::before })
        {
            const std::vector<float> x = extreme_floats(count, count);
            const qparams params { 0.1f, 3 };
            const half_even even;
            const by_reciprocal scaling;
            checker<Arch>::template shared<std::int8_t>(x, params, all_codes<std::int8_t>, even, scaling, 0, side);
            checker<Arch>::template shared<std::uint8_t>(x, params, all_codes<std::uint8_t>, even, scaling, 0, side);
            checker<Arch>::template shared<std::int16_t>(x, params, all_codes<std::int16_t>, even, scaling, 0, side);
            checker<Arch>::template shared<std::uint16_t>(x, params, all_codes<std::uint16_t>, even, scaling, 0, side);
            checker<Arch>::template shared<std::int32_t>(x, params, { -1000, 1000 }, even, scaling, 0, side);
            checker<Arch>::template own<std::int8_t>(x, 0.1f, all_codes<std::int8_t>);
        }
}

TEST_CASE_TEMPLATE_DEFINE("pointers at every offset within a cache line", Arch, offsets)
{
    const std::vector<float> values = normal_floats(300, 7, 20.0f);
    std::vector<std::int8_t> expected(values.size()), q(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        expected[i] = static_cast<std::int8_t>(quantize_value(values[i], { 0.25f, 1 }, all_codes<std::int8_t>));
    for (std::size_t offset = 0; offset < 64; ++offset)
    {
        q.assign(values.size(), 0);
        std::copy_n(expected.begin(), offset, q.begin());
        kernels::quantize(values.data() + offset, q.data() + offset, values.size() - offset, { 0.25f, 1 },
                          all_codes<std::int8_t>, half_even {}, by_reciprocal {}, 0, Arch {});
        require_equal(q, expected);
    }
}

TEST_CASE_TEMPLATE_DEFINE("stochastic rounding depends on the index alone, also beyond 2^32", Arch, indices)
{
    const std::vector<float> x = normal_floats(200, 8, 20.0f);
    for (const std::uint64_t first :
         { std::uint64_t { 0 }, std::uint64_t { 0xffffffff } - 36, std::uint64_t { 1 } << 32,
           (std::uint64_t { 5 } << 32) - 100, ~std::uint64_t { 0 } - 50 })
    {
        checker<Arch>::template shared<std::int8_t>(x, { 0.5f, 1 }, all_codes<std::int8_t>, stochastic { 9 },
                                                    by_reciprocal {}, first);
        checker<Arch>::template own<std::int8_t>(x, 0.5f, all_codes<std::int8_t>, stochastic { 9 }, by_reciprocal {},
                                                 first);
    }
}

TEST_CASE_TEMPLATE_DEFINE("the definition in double, except next to ties", Arch, definition)
{
    const std::vector<float> x = normal_floats(5000, 13, 1.0f);
    const qparams params { 0.0173f, 7 };
    std::vector<std::int8_t> q(x.size());
    kernels::quantize(x.data(), q.data(), x.size(), params, all_codes<std::int8_t>, half_even {}, by_reciprocal {}, 0,
                      Arch {});
    std::size_t compared = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
    {
        const double value = x[i], scale = params.scale;
        if (reference::tie_distance(value, scale) <= std::abs(value / scale) * 0x1p-22)
            continue;
        REQUIRE(q[i] == reference::quantize(value, scale, params.zero_point, -128, 127));
        ++compared;
    }
    CHECK(compared > x.size() - 10);
}

TEST_CASE_TEMPLATE_APPLY(policies, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(codes, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(offsets, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(indices, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(definition, compiled_archs);
