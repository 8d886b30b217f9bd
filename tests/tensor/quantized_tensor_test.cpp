// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/quantized_tensor.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

namespace qk = quantkit;

namespace
{
    using tensor = qk::quantized_tensor<qk::int8_narrow>;
    const std::vector<std::int8_t> six { 1, -2, 3, -127, 5, 127 };
    const qk::qparams_list two { { 0.5f, 0 }, { 0.25f, 3 } };
}

TEST_CASE("a tensor knows its codes, shape, granularity and parameters")
{
    const tensor q({ 2, 3 }, six, two, qk::per_axis { 0 });
    CHECK(q.shape() == qk::tensor_shape { 2, 3 });
    CHECK((q.rank() == 2 && q.size() == 6));
    CHECK(std::vector<std::int8_t>(q.codes().begin(), q.codes().end()) == six);
    CHECK(q.view().strides() == qk::tensor_strides { 3, 1 });
    CHECK(std::get<qk::per_axis>(q.granularity()) == qk::per_axis { 0 });
    CHECK(q.params() == two);
    CHECK(q.scales()[1] == 0.25f);
    CHECK(q.zero_points()[1] == 3);
}

TEST_CASE("one pair for a whole tensor may be a plain qparams")
{
    const tensor q({ 2, 3 }, six, qk::qparams { 0.5f, 0 });
    CHECK(q.params().size() == 1);
    CHECK(std::holds_alternative<qk::per_tensor>(q.granularity()));
}

TEST_CASE("copies are equal and independent, a moved tensor keeps its codes' memory")
{
    tensor q({ 2, 3 }, six, two, qk::per_axis { 0 });
    const tensor copy = q;
    CHECK(copy == q);
    CHECK(copy.codes().data() != q.codes().data());
    const std::int8_t* const memory = q.codes().data();
    const tensor moved = std::move(q);
    CHECK(moved.codes().data() == memory);
    CHECK(moved == copy);
    CHECK(copy != tensor({ 3, 2 }, six, qk::qparams { 0.5f, 0 }));
}

TEST_CASE("extents of 0, and the parameters that they need")
{
    CHECK(tensor({ 0, 3 }, {}, qk::qparams {}).size() == 0);
    CHECK(tensor({ 0, 3 }, {}, qk::qparams_list {}, qk::per_axis { 0 }).params().size() == 0);
    CHECK(tensor({ 4, 0 }, {}, qk::qparams_list {}, qk::per_group { 1, 8 }).size() == 0);
    CHECK(tensor({}, { 7 }, qk::qparams {}).size() == 1);
}

TEST_CASE("the parameters must fit the granularity")
{
    CHECK_THROWS_WITH_AS(tensor({ 2, 3 }, six, two, qk::per_axis { 1 }),
                         "quantkit: a tensor of shape [2, 3] needs 3 pairs of scale and zero_point (parameter shape "
                         "[3]), but has 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(tensor({ 2, 3 }, six, two, qk::per_group { 1, 2 }),
                         "quantkit: a tensor of shape [2, 3] needs 4 pairs of scale and zero_point (parameter shape "
                         "[2, 2]), but has 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(tensor({ 2, 3 }, six, two),
                         "quantkit: a tensor of shape [2, 3] needs 1 pairs of scale and zero_point (parameter shape "
                         "[]), but has 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(tensor({ 2, 3 }, six, two, qk::per_axis { 2 }),
                         "quantkit: axis 2 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(tensor({ 2, 3 }, six, two, qk::per_group { -1, 2 }),
                         "quantkit: axis -1 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(tensor({ 2, 3 }, six, two, qk::per_group { 1, -3 }),
                         "quantkit: group_size must be positive, but is -3", std::invalid_argument);
}

TEST_CASE("scales and zero points must be valid")
{
    const auto with = [](float scale, std::int32_t zero_point) {
        return tensor({ 2, 3 }, six, { { 0.5f, 0 }, { scale, zero_point } }, qk::per_axis { 0 });
    };
    const auto text = [](const char* scale)
    { return std::string("quantkit: scale must be positive and finite, with a finite reciprocal, but is ") + scale; };
    CHECK_NOTHROW(with(0.25f, -127));
    CHECK_THROWS_WITH_AS(with(0.0f, 0), text("0").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(with(-2.0f, 0), text("-2").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(with(std::numeric_limits<float>::quiet_NaN(), 0), text("nan").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(with(std::numeric_limits<float>::infinity(), 0), text("inf").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(with(0.25f, -128), "quantkit: zero_point -128 lies outside [-127, 127]",
                         std::invalid_argument);
}

TEST_CASE("the codes must fill the shape and lie in the range")
{
    CHECK_THROWS_WITH_AS(tensor({ 2, 4 }, six, qk::qparams {}),
                         "quantkit: a tensor of shape [2, 4] needs 8 codes, but has 6", std::invalid_argument);
    CHECK_THROWS_WITH_AS(tensor({ 2 }, { 0, -128 }, qk::qparams {}), "quantkit: code -128 lies outside [-127, 127]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((qk::quantized_tensor<qk::uint4_full>({ 2 }, { 15, 16 }, qk::qparams {})),
                         "quantkit: code 16 lies outside [0, 15]", std::invalid_argument);
    CHECK_NOTHROW(qk::quantized_tensor<qk::int8_full>({ 2 }, { 127, -128 }, qk::qparams {}));
    CHECK_NOTHROW(tensor(qk::codes_in_range, { 2 }, { 127, -127 }, qk::qparams {}));
}
