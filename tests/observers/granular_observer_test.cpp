// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/moving_average.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    // An observer of somebody else that must see each batch as a whole: the range of the largest batch.
    struct largest_batch_observer
    {
        std::ptrdiff_t largest = 0;
        qk::real_range observed = qk::nothing_observed;

        void observe(const qk::tensor_view<const float>& batch)
        {
            if (batch.size() <= largest)
                return;
            largest = batch.size();
            observed = qk::measured_range(batch);
        }

        void reset() { *this = {}; }
        qk::real_range range() const { return observed; }
    };
    static_assert(qk::batch_observer<largest_batch_observer> && !qk::batch_range_observer<largest_batch_observer>);
    static_assert(!qk::batch_observer<qk::real_range> && !qk::mergeable_observer<largest_batch_observer>);

    qk::tensor_view<const float> matrix(const std::vector<float>& values, std::ptrdiff_t rows, std::ptrdiff_t columns)
    {
        return { values.data(), { rows, columns } };
    }
}

TEST_CASE("each row, column and group has an observer of its own")
{
    const std::vector<float> x { 1, 2, 3, 4, 5, 6 };
    qk::per_axis_observer<qk::minmax_observer> rows { qk::per_axis { 0 } }, columns { qk::per_axis { 1 } };
    qk::per_group_observer<qk::minmax_observer> groups { qk::per_group { 1, 2 } };
    rows.observe(matrix(x, 2, 3));
    columns.observe(matrix(x, 2, 3));
    groups.observe(matrix(x, 2, 3));
    CHECK(rows.ranges() == std::vector<qk::real_range> { { 1, 3 }, { 4, 6 } });
    CHECK(columns.ranges() == std::vector<qk::real_range> { { 1, 4 }, { 2, 5 }, { 3, 6 } });
    CHECK(groups.ranges() == std::vector<qk::real_range> { { 1, 2 }, { 3, 3 }, { 4, 5 }, { 6, 6 } });
}

TEST_CASE("observers that must see whole batches get the slice of their parameter")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 500; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random, false);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const test::strided_tensor<float> x(shape, test::random_strides(shape, random),
                                            test::normal_floats(count, random.next()));
        test::for_each_granularity(
            shape, random,
            [&](auto granularity)
            {
                qk::granular_observer<largest_batch_observer, decltype(granularity)> observer { granularity };
                observer.observe(x.view());
                REQUIRE(observer.ranges() == qk::measured_ranges(x.view(), granularity));
                std::ptrdiff_t seen = 0;
                for (const largest_batch_observer& part : observer.observers())
                    seen += part.largest;
                REQUIRE(seen == qk::element_count(shape));
            });
    }
}

TEST_CASE("the prototype's settings reach every observer")
{
    qk::per_axis_observer<qk::moving_average_observer> observer { qk::per_axis { 0 }, { .averaging_constant = 0.5f } };
    observer.observe(matrix({ 0, 4, 0, 8 }, 2, 2));
    observer.observe(matrix({ 0, 0, -2, 0 }, 2, 2));
    CHECK(observer.ranges() == std::vector<qk::real_range> { { 0, 2 }, { -1, 4 } });
}

TEST_CASE("batches may differ in size along the other axes")
{
    qk::per_axis_observer<qk::minmax_observer> observer { qk::per_axis { 1 } };
    observer.observe(matrix({ 1, 2 }, 1, 2));
    observer.observe(matrix({ 0, 0, 5, 6, 0, -3 }, 3, 2));
    CHECK(observer.ranges() == std::vector<qk::real_range> { { 0, 5 }, { -3, 6 } });
}

TEST_CASE("empty batches change nothing, also before the first one")
{
    qk::per_axis_observer<qk::minmax_observer> observer { qk::per_axis { 1 } };
    CHECK(observer.ranges().empty());
    observer.observe(matrix({}, 0, 7));
    CHECK(observer.ranges().empty());
    observer.observe(matrix({ 1, 2 }, 1, 2));
    observer.observe(matrix({}, 0, 7));
    CHECK(observer.ranges() == std::vector<qk::real_range> { { 1, 1 }, { 2, 2 } });
    observer.reset();
    observer.observe(matrix({ 3 }, 1, 1));
    CHECK(observer.ranges() == std::vector<qk::real_range> { { 3, 3 } });
}

TEST_CASE("a channel of NaN has seen nothing")
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    qk::per_axis_observer<qk::minmax_observer> observer { qk::per_axis { 0 } };
    observer.observe(matrix({ nan, nan, nan, 1 }, 2, 2));
    CHECK(observer.ranges() == std::vector<qk::real_range> { qk::nothing_observed, { 1, 1 } });
}

TEST_CASE("merging")
{
    qk::per_axis_observer<qk::minmax_observer> a { qk::per_axis { 0 } }, b { qk::per_axis { 0 } };
    a.merge(b);
    CHECK(a.ranges().empty());
    b.observe(matrix({ 1, 2, 3, 4 }, 2, 2));
    a.merge(b);
    CHECK(a.ranges() == b.ranges());
    a.observe(matrix({ -1, 0, 0, 9 }, 2, 2));
    b.merge(a);
    CHECK(b.ranges() == std::vector<qk::real_range> { { -1, 2 }, { 0, 9 } });

    qk::per_axis_observer<qk::minmax_observer> other { qk::per_axis { 1 } };
    CHECK_THROWS_WITH_AS(a.merge(other), "quantkit: observers of different axis or group_size cannot be merged",
                         std::invalid_argument);
}

TEST_CASE("what does not fit is refused with its values")
{
    qk::per_axis_observer<qk::minmax_observer> observer { qk::per_axis { 1 } }, third_axis { qk::per_axis { 2 } };
    qk::per_group_observer<qk::minmax_observer> no_size { qk::per_group { 0, 0 } };
    observer.observe(matrix({ 1, 2 }, 1, 2));
    CHECK_THROWS_WITH_AS(observer.observe(matrix({ 1, 2, 3 }, 1, 3)),
                         "quantkit: a batch with parameter shape [3] does not fit earlier ones with [2]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(third_axis.observe(matrix({ 1, 2 }, 1, 2)),
                         "quantkit: axis 2 does not exist in a tensor of rank 2 with shape [1, 2]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(no_size.observe(matrix({ 1, 2 }, 1, 2)), "quantkit: group_size must be positive, but is 0",
                         std::invalid_argument);
}
