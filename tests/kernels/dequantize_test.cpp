// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/dequantize.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    template <class Arch>
    struct checker
    {
        template <class Code>
        static void shared(const std::vector<Code>& codes, qparams params, guard_page side = guard_page::after)
        {
            const guarded_buffer<Code> q(codes, side);
            guarded_buffer<float> x(codes.size(), side);
            kernels::dequantize(q.data(), x.data(), q.size(), params, Arch {});
            std::vector<float> expected;
            for (const Code code : codes)
                expected.push_back(dequantize_value(code, params));
            require_equal(x, expected);
        }

        template <class Code>
        static void own(const std::vector<Code>& codes, float around)
        {
            const own_params params(codes.size(), around, all_codes<Code>);
            const guarded_buffer<Code> q(codes);
            const guarded_buffer<float> scale(params.scale);
            const guarded_buffer<std::int32_t> zero_point(params.zero_point);
            guarded_buffer<float> x(codes.size());
            kernels::dequantize_each(q.data(), x.data(), q.size(), scale.data(), zero_point.data(), Arch {});
            std::vector<float> expected;
            for (std::size_t i = 0; i < codes.size(); ++i)
                expected.push_back(dequantize_value(codes[i], { scale[i], zero_point[i] }));
            require_equal(x, expected);
        }

        template <class Code>
        static void every_count()
        {
            for (const std::size_t count : counts_to_test())
            {
                const std::vector<Code> codes = random_codes<Code>(count, count);
                shared(codes, { 0.1f, 3 });
                shared(codes, { 0.1f, 0 }, guard_page::before);
                own(codes, 0.1f);
            }
        }

        template <class Code>
        static void every_kind()
        {
            using limits = std::numeric_limits<std::int32_t>;
            for (const std::vector<Code>& codes : { random_codes<Code>(500, 1), extreme_codes<Code>(500, 2) })
                for (const float scale : { 1.0f, 0.1f, 3e-39f, 1e-45f, 1e38f })
                {
                    for (const std::int32_t zero_point :
                         { 0, 1, -7, 128, 1 << 30, -(1 << 30), limits::min(), limits::max() })
                        shared(codes, { scale, zero_point });
                    own(codes, scale);
                }
        }
    };
}

TEST_CASE_TEMPLATE_DEFINE("the same bits as dequantize_value: every count, up against guard pages", Arch, counts)
{
    checker<Arch>::template every_count<std::int8_t>();
    checker<Arch>::template every_count<std::uint8_t>();
    checker<Arch>::template every_count<std::int16_t>();
    checker<Arch>::template every_count<std::uint16_t>();
    checker<Arch>::template every_count<std::int32_t>();
}

TEST_CASE_TEMPLATE_DEFINE("the same bits as dequantize_value: every scale and zero point", Arch, kinds)
{
    checker<Arch>::template every_kind<std::int8_t>();
    checker<Arch>::template every_kind<std::uint8_t>();
    checker<Arch>::template every_kind<std::int16_t>();
    checker<Arch>::template every_kind<std::uint16_t>();
    checker<Arch>::template every_kind<std::int32_t>();
}

TEST_CASE_TEMPLATE_DEFINE("the definition in double, but for one rounding", Arch, definition)
{
    const qparams params { 0.0173f, -9 };
    const std::vector<std::int16_t> q = random_codes<std::int16_t>(1000, 3);
    std::vector<float> x(q.size());
    kernels::dequantize(q.data(), x.data(), q.size(), params, Arch {});
    std::vector<double> expected;
    for (const std::int16_t code : q)
        expected.push_back(reference::dequantize(code, params.scale, params.zero_point));
    require_close(x, expected, [&](std::size_t i) { return std::abs(expected[i]) * 0x1p-24; });
}

TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(kinds, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(definition, compiled_archs);
