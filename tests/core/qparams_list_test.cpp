// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/quant_range.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace qk = quantkit;

TEST_CASE("one pair becomes a list of one")
{
    const qk::qparams_list list = qk::qparams { 0.5f, 3 };
    REQUIRE(list.size() == 1);
    CHECK(list[0] == qk::qparams { 0.5f, 3 });
}

TEST_CASE("pairs are kept as two arrays")
{
    qk::qparams_list list { { 0.5f, 3 }, { 0.25f, -1 } };
    list.push_back({ 2.0f, 7 });
    CHECK(std::vector<float>(list.scales().begin(), list.scales().end()) == std::vector { 0.5f, 0.25f, 2.0f });
    CHECK(std::vector<std::int32_t>(list.zero_points().begin(), list.zero_points().end()) == std::vector { 3, -1, 7 });
    CHECK(list == qk::qparams_list({ 0.5f, 0.25f, 2.0f }, { 3, -1, 7 }));
    CHECK(list != qk::qparams_list({ 0.5f, 0.25f, 2.0f }, { 3, -1, 8 }));
    CHECK(qk::qparams_list().size() == 0);
}

TEST_CASE("as many zero_points as scales")
{
    CHECK_THROWS_WITH_AS(qk::qparams_list({ 0.5f, 0.25f }, { 3 }), "quantkit: there are 2 scales, but 1 zero_points",
                         std::invalid_argument);
}

TEST_CASE("each pair is checked")
{
    CHECK_NOTHROW(qk::check_qparams(qk::qparams_list {}, qk::int8_full::bounds));
    CHECK_NOTHROW(qk::check_qparams({ { 0.5f, 3 }, { 0.25f, -1 } }, qk::int8_full::bounds));
    CHECK_THROWS_WITH_AS(qk::check_qparams({ { 0.5f, 3 }, { 0.25f, -129 } }, qk::int8_full::bounds),
                         "quantkit: zero_point -129 lies outside [-128, 127]", std::invalid_argument);
}
