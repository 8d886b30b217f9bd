// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/tensor_walk.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    struct element
    {
        std::ptrdiff_t input, output, parameter, index;
        auto operator<=>(const element&) const = default;
    };

    // What the walk visits, element by element, sorted.
    template <class Granularity>
    std::vector<element> visited(const qk::tensor_shape& shape, const qk::tensor_strides& input,
                                 const qk::tensor_strides& output, Granularity granularity, qk::walk_order order)
    {
        std::vector<element> elements;
        qk::for_each_run(shape, input, output, granularity, order,
                         [&](const qk::tensor_run& run)
                         {
                             REQUIRE(run.count > 0);
                             const bool indices_are_consecutive = run.count == 1 || run.step.index == 1;
                             REQUIRE((order == qk::walk_order::memory || indices_are_consecutive));
                             for (std::ptrdiff_t i = 0; i < run.count; ++i)
                             {
                                 const qk::walk_offsets at = run.start + i * run.step;
                                 elements.push_back({ at.input, at.output, at.parameter, at.index });
                             }
                         });
        std::sort(elements.begin(), elements.end());
        return elements;
    }

    // The definition: every element by its indices, counted like an odometer.
    template <class Granularity>
    std::vector<element> expected(const qk::tensor_shape& shape, const qk::tensor_strides& input,
                                  const qk::tensor_strides& output, Granularity granularity, qk::walk_order order)
    {
        std::vector<element> elements;
        for (std::ptrdiff_t index = 0; index < qk::element_count(shape); ++index)
        {
            const qk::axis_values at = test::indices_of(shape, index);
            const element e { test::offset_of(at, input), test::offset_of(at, output),
                              test::parameter_of(shape, at, granularity),
                              order == qk::walk_order::logical ? index : 0 };
            elements.push_back(e);
        }
        std::sort(elements.begin(), elements.end());
        return elements;
    }
}

TEST_CASE("every element is visited once with its own parameter and index, whatever the layout")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 3000; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const qk::tensor_strides input = test::random_strides(shape, random);
        const qk::tensor_strides output = test::random_strides(shape, random);
        for (const qk::walk_order order : { qk::walk_order::memory, qk::walk_order::logical })
        {
            const auto check = [&](auto granularity) {
                REQUIRE(visited(shape, input, output, granularity, order)
                        == expected(shape, input, output, granularity, order));
            };
            test::for_each_granularity(shape, random, check);
            check(qk::per_group { 0, PTRDIFF_MAX });
        }
    }
}

namespace
{
    std::vector<std::ptrdiff_t> run_lengths(const qk::tensor_shape& shape, const qk::tensor_strides& input,
                                            const qk::tensor_strides& output, auto granularity,
                                            qk::walk_order order = qk::walk_order::memory)
    {
        std::vector<std::ptrdiff_t> lengths;
        qk::for_each_run(shape, input, output, granularity, order,
                         [&](const qk::tensor_run& run) { lengths.push_back(run.count); });
        return lengths;
    }
}

TEST_CASE("dense tensors of one layout are one run")
{
    const qk::tensor_shape shape { 30, 40, 50 };
    const auto row_major = qk::row_major_strides(shape), column_major = qk::column_major_strides(shape);
    CHECK(run_lengths(shape, row_major, row_major, qk::per_tensor {}) == std::vector<std::ptrdiff_t> { 60'000 });
    CHECK(run_lengths(shape, column_major, column_major, qk::per_tensor {}) == std::vector<std::ptrdiff_t> { 60'000 });
    CHECK(run_lengths(shape, row_major, row_major, qk::per_tensor {}, qk::walk_order::logical)
          == std::vector<std::ptrdiff_t> { 60'000 });
}

TEST_CASE("runs are as long as the memory and the parameters allow")
{
    using lengths = std::vector<std::ptrdiff_t>;
    const qk::tensor_shape shape { 2, 3, 400 };
    const auto row_major = qk::row_major_strides(shape);
    CHECK(run_lengths(shape, row_major, row_major, qk::per_axis { 0 }) == lengths(2, 1200));
    CHECK(run_lengths(shape, row_major, row_major, qk::per_axis { 1 }) == lengths(6, 400));
    CHECK(run_lengths(shape, row_major, row_major, qk::per_axis { 2 }) == lengths(6, 400));
    CHECK(run_lengths(shape, row_major, row_major, qk::per_group { 2, 200 }) == lengths(12, 200));
    CHECK(run_lengths(shape, row_major, row_major, qk::per_group { 2, 1000 }) == lengths(6, 400));
    CHECK(run_lengths({ 400, 3 }, { 1, 400 }, { 1, 400 }, qk::per_axis { 1 }) == lengths(3, 400));
    CHECK(run_lengths({ 4, 300 }, { 1000, 1 }, { 1000, 1 }, qk::per_tensor {}) == lengths(4, 300)); // a block of rows
    CHECK(run_lengths({ 1, 300, 1 }, { 7, 1, 9 }, { 300, 1, 1 }, qk::per_tensor {}) == lengths { 300 });
}

TEST_CASE("runs that must be copied fit the buffers")
{
    for (const qk::tensor_strides& strides : { qk::tensor_strides { 1, 1000 }, { 2000, 2 }, { 0, 0 }, { 1000, -1 } })
        for (const std::ptrdiff_t length : run_lengths({ 1000, 1000 }, strides, { 1000, 1 }, qk::per_tensor {}))
            REQUIRE(length <= qk::max_strided_run);
}

TEST_CASE("nothing is visited where an extent is 0, one element where the rank is 0")
{
    CHECK(run_lengths({ 3, 0 }, { 0, 1 }, { 0, 1 }, qk::per_tensor {}).empty());
    CHECK(run_lengths({ 3, 0 }, { 0, 1 }, { 0, 1 }, qk::per_group { 1, 4 }).empty());
    CHECK(run_lengths({}, {}, {}, qk::per_tensor {}).size() == 1);
}

TEST_CASE("gathering copies only what is apart")
{
    const std::array<int, 6> values { 1, 2, 3, 4, 5, 6 };
    std::array<int, 6> buffer {};
    CHECK(qk::gathered(values.data(), 1, 6, buffer.data()) == values.data());
    CHECK(qk::gathered(values.data(), 7, 1, buffer.data()) == values.data());
    CHECK(qk::gathered(values.data() + 5, -2, 3, buffer.data()) == buffer.data());
    CHECK((buffer[0] == 6 && buffer[1] == 4 && buffer[2] == 2));
}
