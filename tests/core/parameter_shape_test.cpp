// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/parameter_shape.hpp>

#include <doctest/doctest.h>

#include <cstdint>

namespace qk = quantkit;

TEST_CASE("the shape of the parameters")
{
    const qk::tensor_shape shape { 4, 10, 3 };
    CHECK(qk::parameter_shape(shape, qk::per_tensor {}) == qk::tensor_shape {});
    CHECK(qk::parameter_shape(shape, qk::per_axis { 1 }) == qk::tensor_shape { 10 });
    CHECK(qk::parameter_shape(shape, qk::per_group { 1, 4 }) == qk::tensor_shape { 4, 3, 3 });
    CHECK(qk::parameter_shape(shape, qk::per_group { 1, 5 }) == qk::tensor_shape { 4, 2, 3 });
    CHECK(qk::parameter_shape(shape, qk::per_group { 1, PTRDIFF_MAX }) == qk::tensor_shape { 4, 1, 3 });
    CHECK(qk::parameter_shape({ 0, 3 }, qk::per_group { 0, 4 }) == qk::tensor_shape { 0, 3 });
}

TEST_CASE("a granularity that does not fit is refused with its values")
{
    CHECK_THROWS_WITH_AS(qk::parameter_shape({ 2, 3 }, qk::per_axis { 2 }),
                         "quantkit: axis 2 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::parameter_shape({ 2, 3 }, qk::per_axis { -1 }),
                         "quantkit: axis -1 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::parameter_shape({}, qk::per_group { 0, 4 }),
                         "quantkit: axis 0 does not exist in a tensor of rank 0 with shape []", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::parameter_shape({ 2, 3 }, qk::per_group { 1, 0 }),
                         "quantkit: group_size must be positive, but is 0", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::parameter_shape({ 2, 3 }, qk::per_group { 1, -32 }),
                         "quantkit: group_size must be positive, but is -32", std::invalid_argument);
}
