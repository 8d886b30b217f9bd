// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/reduce_range.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float missing = std::numeric_limits<float>::quiet_NaN();

    real_range expected_range(const std::vector<float>& values)
    {
        real_range range { infinity, -infinity };
        for (const float value : values)
        {
            if (std::isnan(value))
                continue;
            range.min = value < range.min ? value : range.min;
            range.max = value > range.max ? value : range.max;
        }
        return { range.min == 0.0f ? 0.0f : range.min, range.max == 0.0f ? 0.0f : range.max };
    }

    void require_same(real_range actual, real_range expected)
    {
        require_equal(std::array { actual.min, actual.max }, std::array { expected.min, expected.max });
    }

    template <class Arch>
    void check(const std::vector<float>& values, guard_page side = guard_page::after)
    {
        const guarded_buffer<float> x(values, side);
        require_same(kernels::reduce_range(x.data(), x.size(), Arch {}), expected_range(values));
    }
}

TEST_CASE_TEMPLATE_DEFINE("every count, up against guard pages", Arch, counts)
{
    for (const std::size_t count : counts_to_test())
    {
        check<Arch>(extreme_floats(count, count));
        check<Arch>(random_floats(count, count, -3.0f, -1.0f), guard_page::before);
        check<Arch>(random_floats(count, count, 1.0f, 3.0f));
    }
}

TEST_CASE_TEMPLATE_DEFINE("the extremes are found wherever they are", Arch, places)
{
    for (const std::size_t count : { 1u, 5u, 64u, 100u, 130u })
        for (std::size_t place = 0; place < count; ++place)
        {
            std::vector<float> x(count, 1.0f);
            x[place] = 2.0f;
            check<Arch>(x);
            x[place] = -2.0f;
            check<Arch>(x);
            x[place] = missing;
            check<Arch>(x);
        }
}

TEST_CASE_TEMPLATE_DEFINE("nothing but NaN is nothing", Arch, nothing)
{
    const real_range empty { infinity, -infinity };
    for (const std::size_t count : { 0u, 1u, 16u, 100u })
    {
        const std::vector<float> x(count, missing);
        require_same(kernels::reduce_range(x.data(), count, Arch {}), empty);
    }
}

TEST_CASE_TEMPLATE_DEFINE("a zero is +0 whatever the order", Arch, zeros)
{
    for (std::size_t place = 0; place < 70; ++place)
    {
        std::vector<float> x(70, -0.0f);
        x[place] = 0.0f;
        require_same(kernels::reduce_range(x.data(), x.size(), Arch {}), { 0.0f, 0.0f });
    }
}

TEST_CASE_TEMPLATE_DEFINE("element by element", Arch, each)
{
    for (const std::size_t count : counts_to_test())
    {
        guarded_buffer<float> min(std::vector<float>(count, infinity)), max(std::vector<float>(count, -infinity));
        std::vector<std::vector<float>> rows;
        for (std::size_t row = 0; row < 3; ++row)
        {
            rows.push_back(row == 1 ? extreme_floats(count, count) : normal_floats(count, row));
            const guarded_buffer<float> x(rows.back());
            kernels::reduce_range_each(x.data(), count, min.data(), max.data(), Arch {});
        }
        for (std::size_t i = 0; i < count; ++i)
            require_same({ min[i], max[i] }, expected_range({ rows[0][i], rows[1][i], rows[2][i] }));
    }
}

TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(places, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(nothing, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(zeros, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(each, compiled_archs);
