// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/granularity.hpp>

#include <doctest/doctest.h>

namespace qk = quantkit;

TEST_CASE("granularities are plain values with named members")
{
    CHECK(qk::per_tensor {} == qk::per_tensor {});
    CHECK(qk::per_axis { .axis = 1 } != qk::per_axis {});
    CHECK(qk::per_group { .axis = 1, .group_size = 32 } == qk::per_group { 1 });
    CHECK(qk::per_group { .axis = 1, .group_size = 32 } != qk::per_group { 1, 64 });
}

TEST_CASE("the set is closed")
{
    struct per_block
    {
    };
    static_assert(qk::granularity<qk::per_tensor> && qk::granularity<qk::per_axis> && qk::granularity<qk::per_group>);
    static_assert(!qk::granularity<per_block> && !qk::granularity<int> && !qk::granularity<const qk::per_axis>);
}
