// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/loop.hpp>

#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"
#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using namespace quantkit::test;

    struct doubled
    {
        const float* x;

        template <class Lanes>
        auto operator()(std::size_t i, Lanes in) const
        {
            return in.load(x + i) * typename Lanes::real(2.0f);
        }
    };

    /// Notes the indices that each call covers.
    template <class Arch>
    struct visitor
    {
        std::vector<std::size_t> indices;

        void four(std::size_t i) { visit(i, 4 * lanes<Arch>::width); }
        void one(std::size_t i) { visit(i, lanes<Arch>::width); }
        void single(std::size_t i) { visit(i, 1); }
        void visit(std::size_t first, std::size_t length)
        {
            for (std::size_t i = first; i < first + length; ++i)
                indices.push_back(i);
        }
    };

    template <class Arch>
    void check_doubling(std::size_t count, guard_page side)
    {
        const std::vector<float> values = random_floats(count, count);
        const guarded_buffer<float> x(values, side);
        guarded_buffer<float> y(count, side), in_place(values, side);
        store_each<Arch>(y.data(), count, doubled { x.data() });
        store_each<Arch>(in_place.data(), count, doubled { in_place.data() });
        std::vector<float> expected;
        for (const float value : values)
            expected.push_back(2.0f * value);
        require_equal(y, expected);
        require_equal(in_place, expected);
    }
}

TEST_CASE_TEMPLATE_DEFINE("whole batches are visited once, in order", Arch, order)
{
    for (std::size_t count = 0; count <= every_count_up_to; ++count)
    {
        std::vector<std::size_t> expected(count - count % lanes<Arch>::width);
        std::iota(expected.begin(), expected.end(), std::size_t { 0 });
        visitor<Arch> visited;
        for_each_batch<Arch>(0, count, visited);
        require_equal(visited.indices, expected);
    }
}

TEST_CASE_TEMPLATE_DEFINE("every index is visited, those of the last batch at most twice", Arch, coverage)
{
    for (std::size_t count = 0; count <= every_count_up_to; ++count)
    {
        visitor<Arch> visited;
        for_each_step<Arch>(count, visited);
        std::vector<int> times(count);
        for (const std::size_t i : visited.indices)
            ++times.at(i);
        for (std::size_t i = 0; i < count; ++i)
        {
            REQUIRE(times[i] >= 1);
            REQUIRE(times[i] <= (count - i <= lanes<Arch>::width ? 2 : 1));
        }
    }
}

TEST_CASE_TEMPLATE_DEFINE("nothing beyond the array is touched", Arch, memory)
{
    for (std::size_t count = 0; count <= every_count_up_to; ++count)
    {
        check_doubling<Arch>(count, guard_page::after);
        check_doubling<Arch>(count, guard_page::before);
    }
}

TEST_CASE_TEMPLATE_APPLY(order, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(coverage, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(memory, compiled_archs);
