// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/value_runs.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

TEST_CASE("every value is visited once, whatever the layout")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 500; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        std::vector<float> values(static_cast<std::size_t>(qk::element_count(shape)));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<float>(i);
        const test::strided_tensor<float> x(shape, test::random_strides(shape, random), values);
        std::vector<float> seen;
        qk::for_each_value_run(x.view(),
                               [&](const float* run, std::size_t count) { seen.insert(seen.end(), run, run + count); });
        std::sort(seen.begin(), seen.end());
        REQUIRE(seen == values);
    }
}

TEST_CASE("a contiguous tensor is one run, in place")
{
    const std::vector<float> x(1000, 1.0f);
    int runs = 0;
    qk::for_each_value_run(x,
                           [&](const float* run, std::size_t count)
                           {
                               CHECK(run == x.data());
                               CHECK(count == x.size());
                               ++runs;
                           });
    CHECK(runs == 1);
}
