// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/convert_half.hpp>

#include "support/checks.hpp"
#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <unsupported/Eigen/CXX11/Tensor>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;
    using Eigen::bfloat16;
    using Eigen::half;

    template <class Half>
    Half from_bits(unsigned pattern)
    {
        return Eigen::numext::bit_cast<Half>(static_cast<std::uint16_t>(pattern));
    }

    template <class Half>
    std::uint16_t bits(Half value)
    {
        return Eigen::numext::bit_cast<std::uint16_t>(value);
    }

    template <class Half>
    matrix<Half> to(const matrix_f& x)
    {
        if constexpr (std::same_as<Half, half>)
            return to_half(x);
        else
            return to_bfloat16(x);
    }

    /// Every pattern once, row by row.
    template <class Half>
    matrix<Half> all_patterns()
    {
        matrix<Half> patterns(256, 256);
        for (unsigned pattern = 0; pattern < 65536; ++pattern)
            patterns.data()[pattern] = from_bits<Half>(pattern);
        return patterns;
    }

    /// Equal, or both NaN: payloads are the business of core/half.hpp's test. Eigen's own conversion is the reference.
    template <class Half>
    void check_as_eigen(const std::vector<float>& values)
    {
        const Eigen::Map<const matrix_f> x(values.data(), 1, static_cast<Eigen::Index>(values.size()));
        const matrix<Half> converted = to<Half>(x);
        for (std::size_t i = 0; i < values.size(); ++i)
        {
            CAPTURE(std::bit_cast<std::uint32_t>(values[i]));
            const Half actual = converted.data()[i], expected = static_cast<Half>(values[i]);
            if (std::isnan(values[i]))
                REQUIRE((Eigen::numext::isnan)(actual));
            else
                REQUIRE(bits(actual) == bits(expected));
        }
    }
}

TEST_CASE_TEMPLATE("all 65536 patterns have Eigen's value and come back", Half, half, bfloat16)
{
    const matrix<Half> patterns = all_patterns<Half>();
    const matrix_f values = to_float(patterns);
    const matrix<Half> back = to<Half>(values);
    for (Eigen::Index i = 0; i < patterns.size(); ++i)
    {
        const Half pattern = patterns.data()[i];
        CAPTURE(bits(pattern));
        if ((Eigen::numext::isnan)(pattern))
        {
            REQUIRE(std::isnan(values.data()[i]));
            REQUIRE((Eigen::numext::isnan)(back.data()[i]));
            continue;
        }
        REQUIRE(values.data()[i] == static_cast<float>(pattern));
        REQUIRE(std::signbit(values.data()[i]) == (bits(pattern) >= 0x8000u));
        REQUIRE(bits(back.data()[i]) == bits(pattern));
    }
}

TEST_CASE_TEMPLATE("around every value and tie, the bits of Eigen's conversion", Half, half, bfloat16)
{
    std::vector<float> values;
    const std::uint32_t half_a_step = std::same_as<Half, half> ? 0x1000u : 0x8000u;
    for (unsigned pattern = 0; pattern < 65536; pattern += pattern % 0x400 < 4 ? 1 : 5)
    {
        const auto word = std::bit_cast<std::uint32_t>(static_cast<float>(from_bits<Half>(pattern)));
        for (const std::uint32_t near : { word, word + half_a_step })
            for (const std::uint32_t around : { near - 1, near, near + 1 })
                values.push_back(std::bit_cast<float>(around));
    }
    for (const float edge : { 65504.0f, 65519.996f, 65520.0f, 0x1p-24f, 0x1p-25f, 0x1.000002p-25f, 0x1p-14f, 3.4e38f,
                              std::numeric_limits<float>::infinity(), std::numeric_limits<float>::denorm_min() })
        for (const float value : { edge, -edge })
            values.push_back(value);
    check_as_eigen<Half>(values);
}

TEST_CASE_TEMPLATE("any layout of input and output", Half, half, bfloat16)
{
    random_bits random(4);
    for (int i = 0; i < 50; ++i)
    {
        const tensor_shape shape = random_shape(random);
        const auto values = normal_floats(static_cast<std::size_t>(element_count(shape)), random.next());
        const strided_tensor<float> x(shape, random_strides(shape, random), values);
        strided_tensor<Half> converted(shape, random_strides(shape, random));
        strided_tensor<float> back(shape, random_strides(shape, random));
        if constexpr (std::same_as<Half, half>)
            to_half(x.view(), converted.view());
        else
            to_bfloat16(x.view(), converted.view());
        to_float(converted.view(), back.view());
        std::vector<float> expected;
        for (const float value : values)
            expected.push_back(static_cast<float>(static_cast<Half>(value)));
        require_equal(back.row_major(), expected);
    }
}

TEST_CASE("Eigen's types: vectors, blocks, transposes, tensors")
{
    const vector_f x = vector_f::LinSpaced(5, -1.0f, 1.0f);
    const vector<half> halves = to_half<vector<half>>(x);
    CHECK(to_float<vector_f>(halves) == x.cast<half>().cast<float>());
    CHECK(to_half(x).cols() == 1);

    const Eigen::MatrixXf columns = Eigen::MatrixXf::Random(6, 7);
    CHECK(to_float(to_bfloat16(columns.transpose())) == matrix_f(columns.transpose().cast<bfloat16>().cast<float>()));
    CHECK(to_float(to_half(columns.block(1, 2, 3, 4)))
          == matrix_f(columns.block(1, 2, 3, 4).cast<half>().cast<float>()));
    matrix<half> target = matrix<half>::Zero(6, 7);
    to_half(columns.topRows(2), target.bottomRows(2));
    CHECK(target.bottomRows(2) == columns.topRows(2).cast<half>());
    CHECK(target.topRows(4).isZero());

    Eigen::Tensor<float, 3> tensor(2, 3, 4);
    tensor.setRandom();
    Eigen::Tensor<half, 3, Eigen::RowMajor> half_tensor(2, 3, 4);
    to_half(tensor, half_tensor);
    CHECK(half_tensor(1, 2, 3) == static_cast<half>(tensor(1, 2, 3)));
    CHECK(half_tensor(0, 2, 1) == static_cast<half>(tensor(0, 2, 1)));
}

TEST_CASE("empty tensors")
{
    CHECK(to_half(matrix_f(0, 3)).rows() == 0);
    CHECK(to_float(matrix<bfloat16>(3, 0)).cols() == 0);
}

TEST_CASE("shapes that do not fit are refused")
{
    const matrix_f x = matrix_f::Zero(2, 3);
    matrix<half> wrong(3, 2);
    CHECK_THROWS_WITH_AS(to_half(x, wrong), "quantkit: the output has shape [3, 2], but the input has [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(to_half<vector<half>>(x),
                         "quantkit: a tensor of shape [2, 3] does not fit a vector: give the storage of the result",
                         std::invalid_argument);
    const std::vector<float> cube(8);
    CHECK_THROWS_WITH_AS(to_bfloat16(tensor_view(cube.data(), { 2, 2, 2 })),
                         "quantkit: a tensor of shape [2, 2, 2] does not fit a matrix: give the storage of the result",
                         std::invalid_argument);
}
