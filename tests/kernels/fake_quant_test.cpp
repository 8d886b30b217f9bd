// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/fake_quant.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    /// Compares with the composition of core's definitions; in place as well.
    template <class Arch, class Rounding, class Scaling>
    struct checker
    {
        Rounding rounding;
        Scaling scaling;
        std::uint64_t first;

        float expected(float x, qparams params, quant_bounds bounds, std::size_t i) const
        {
            return dequantize_value(quantize_value(x, params, bounds, rounding, scaling, first + i), params);
        }

        void shared(const std::vector<float>& values, qparams params, quant_bounds bounds,
                    guard_page side = guard_page::after) const
        {
            const guarded_buffer<float> x(values, side);
            guarded_buffer<float> y(values.size(), side), in_place(values, side);
            kernels::fake_quantize(x.data(), y.data(), x.size(), params, bounds, rounding, scaling, first, Arch {});
            kernels::fake_quantize(in_place.data(), in_place.data(), x.size(), params, bounds, rounding, scaling, first,
                                   Arch {});
            std::vector<float> wanted;
            for (std::size_t i = 0; i < values.size(); ++i)
                wanted.push_back(expected(values[i], params, bounds, i));
            require_equal(y, wanted);
            require_equal(in_place, wanted);
        }

        void own(const std::vector<float>& values, float around, quant_bounds bounds) const
        {
            const own_params params(values.size(), around, bounds);
            const guarded_buffer<float> scale(params.scale);
            const guarded_buffer<std::int32_t> zero_point(params.zero_point);
            guarded_buffer<float> y(values);
            kernels::fake_quantize_each(y.data(), y.data(), y.size(), scale.data(), zero_point.data(), bounds, rounding,
                                        scaling, first, Arch {});
            std::vector<float> wanted;
            for (std::size_t i = 0; i < values.size(); ++i)
                wanted.push_back(expected(values[i], { scale[i], zero_point[i] }, bounds, i));
            require_equal(y, wanted);
        }

        template <class Code>
        void all_cases(std::size_t count) const
        {
            for (const quantizing_case& c : quantizing_cases<Code>())
            {
                CAPTURE(c.reason);
                for (const std::vector<float>& x : quantizing_inputs(count, c.params.scale))
                {
                    shared(x, c.params, c.bounds);
                    own(x, c.params.scale, c.bounds);
                }
            }
        }
    };

    template <class Arch, class Rounding = half_even, class Scaling = by_reciprocal>
    checker<Arch, Rounding, Scaling> check(Rounding rounding = {}, Scaling scaling = {}, std::uint64_t first = 0)
    {
        return { rounding, scaling, first };
    }
}

TEST_CASE_TEMPLATE_DEFINE("the same bits as quantizing and dequantizing", Arch, policies)
{
    check<Arch>().template all_cases<std::int8_t>(331);
    check<Arch>().template all_cases<std::uint16_t>(331);
    check<Arch>().template all_cases<std::int32_t>(331);
    check<Arch>(half_even {}, by_division {}).template all_cases<std::int8_t>(331);
    check<Arch>(half_away {}).template all_cases<std::uint8_t>(331);
    check<Arch>(stochastic { 3 }, by_reciprocal {}, 0xffffff80u).template all_cases<std::uint8_t>(331);
    check<Arch>(upward {}).template all_cases<std::int8_t>(331);
    check<Arch>(half_even {}, by_twice_the_scale {}).template all_cases<std::int8_t>(331);
}

TEST_CASE_TEMPLATE_DEFINE("every count, up against guard pages", Arch, counts)
{
    for (const std::size_t count : counts_to_test())
    {
        const std::vector<float> x = extreme_floats(count, count);
        check<Arch>().shared(x, { 0.1f, 3 }, all_codes<std::int8_t>);
        check<Arch>().shared(x, { 0.1f, 3 }, all_codes<std::uint8_t>, guard_page::before);
        check<Arch>().own(x, 0.1f, all_codes<std::uint8_t>);
    }
}

TEST_CASE_TEMPLATE_DEFINE("zero is always +0", Arch, zeros)
{
    std::vector<float> y(100, -0.0f);
    y[1] = -0.01f;
    y[99] = -0.49f;
    kernels::fake_quantize(y.data(), y.data(), y.size(), { 1.0f, 3 }, all_codes<std::int8_t>, half_even {},
                           by_reciprocal {}, 0, Arch {});
    require_equal(y, std::vector<float>(100, 0.0f));
}

TEST_CASE_TEMPLATE_DEFINE("within half a step of x, plus float rounding", Arch, error_bound)
{
    const float scale = 0.0173f;
    const std::vector<float> x = random_floats(2000, 21, -100.0f * scale, 100.0f * scale);
    std::vector<float> y(x.size());
    kernels::fake_quantize(x.data(), y.data(), x.size(), { scale, 5 }, all_codes<std::int8_t>, half_even {},
                           by_reciprocal {}, 0, Arch {});
    // Rounding of the reciprocal, of the product with it, and of the result: 2^-24 each, relative to |x|.
    require_close(y, x, [&](std::size_t i) { return 0.5 * scale + 3 * 0x1p-24 * std::abs(x[i]) + 0x1p-24 * scale; });
}

TEST_CASE_TEMPLATE_APPLY(policies, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(zeros, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(error_bound, compiled_archs);
