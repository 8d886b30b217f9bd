// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/prediction_consistency.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;

namespace
{
    using floats = std::vector<float>;
    using view = qk::tensor_view<const float>;

    double consistency(const std::vector<view>& predictions)
    {
        qk::prediction_agreement seen;
        seen.observe(predictions);
        return qk::prediction_consistency {}(seen);
    }
}

TEST_CASE("a row counts if its best class is the same in every prediction")
{
    const floats a { 1, 0, 0, 1, 5, 5, 2, 1 }, b { 9, 8, 0, 2, 1, 0, 0, 1 }, c { 0, 1, 0, 1, 3, 3, 1, 0 };
    const qk::tensor_shape shape { 4, 2 };
    const view x(a.data(), shape), y(b.data(), shape), z(c.data(), shape);
    CHECK(consistency({ x }) == 1.0);
    CHECK(consistency({ x, y }) == 0.75);
    CHECK(consistency({ x, z }) == 0.75);
    CHECK(consistency({ x, y, z }) == 0.5);
    CHECK(qk::measure<qk::prediction_consistency>(x, y) == 0.75);
}

TEST_CASE("batches merge; without rows all is consistent")
{
    const floats a { 1, 0 }, b { 0, 1 };
    const view x(a.data(), { 1, 2 }), y(b.data(), { 1, 2 });
    qk::prediction_agreement first, second;
    CHECK(qk::prediction_consistency {}(first) == 1.0);
    first.observe(x, y);
    second.observe(x, x);
    second.observe(y, y);
    first.merge(second);
    CHECK(first.rows() == 3);
    CHECK(first.consistent() == 2);
    CHECK(consistency({ view(nullptr, { 0, 2 }), view(nullptr, { 0, 2 }) }) == 1.0);
}

TEST_CASE("what does not fit is refused with its values")
{
    const floats values(6);
    CHECK_THROWS_WITH_AS(consistency({}), "quantkit: consistency needs at least one prediction", std::invalid_argument);
    CHECK_THROWS_WITH_AS(consistency({ view(values.data(), { 6 }) }),
                         "quantkit: logits must have the shape [rows, classes], but have [6]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(consistency({ view(values.data(), { 2, 0 }) }),
                         "quantkit: logits must have the shape [rows, classes], but have [2, 0]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(consistency({ view(values.data(), { 2, 3 }), view(values.data(), { 3, 2 }) }),
                         "quantkit: predictions have the shapes [2, 3] and [3, 2]", std::invalid_argument);
}
