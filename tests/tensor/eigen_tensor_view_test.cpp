// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/eigen_tensor_view.hpp>
#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <unsupported/Eigen/CXX11/Tensor>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    template <int Rank, int Layout>
    using tensor = Eigen::Tensor<float, Rank, Layout>;

    std::vector<float> row_major(const qk::tensor_view<const float>& view)
    {
        std::vector<float> values;
        for (std::ptrdiff_t i = 0; i < view.size(); ++i)
            values.push_back(view.data()[test::offset_of(test::indices_of(view.shape(), i), view.strides())]);
        return values;
    }

    struct column_major
    {
        static constexpr int layout = Eigen::ColMajor;
    };
    struct row_major_order
    {
        static constexpr int layout = Eigen::RowMajor;
    };
}

TEST_CASE_TEMPLATE("every element is where Eigen says it is", Order, column_major, row_major_order)
{
    tensor<3, Order::layout> x(2, 3, 4);
    x.setRandom();
    std::vector<float> expected;
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 4; ++k)
                expected.push_back(x(i, j, k));

    const tensor<3, Order::layout>& read_only = x;
    Eigen::TensorMap<tensor<3, Order::layout>> map(x.data(), 2, 3, 4);
    const Eigen::TensorMap<const tensor<3, Order::layout>> read_only_map(x.data(), 2, 3, 4);
    const Eigen::TensorRef<tensor<3, Order::layout>> ref(x);
    Eigen::TensorFixedSize<float, Eigen::Sizes<2, 3, 4>, Order::layout> fixed = x;
    CHECK(row_major(qk::view_of(x)) == expected);
    CHECK(row_major(qk::view_of(read_only)) == expected);
    CHECK(row_major(qk::view_of(map)) == expected);
    CHECK(row_major(qk::view_of(read_only_map)) == expected);
    CHECK(row_major(qk::view_of(ref)) == expected);
    CHECK(row_major(qk::view_of(fixed)) == expected);
    CHECK(qk::view_of(map).data() == x.data());
    CHECK(qk::view_of(tensor<3, Order::layout>(2, 0, 4)).empty());
    CHECK(qk::view_of(tensor<0, Order::layout>()).shape() == qk::tensor_shape {});
    CHECK(qk::view_of(tensor<8, Order::layout>(1, 2, 1, 2, 1, 2, 1, 2)).rank() == 8);
}

TEST_CASE("what is const, an expression, or of another type takes no part")
{
    using matrix = tensor<2, Eigen::ColMajor>;
    static_assert(qk::writable_tensor_of<matrix&, float> && !qk::writable_tensor_of<const matrix&, float>);
    static_assert(qk::tensor_of<Eigen::TensorMap<const matrix>, float>);
    static_assert(!qk::writable_tensor_of<Eigen::TensorMap<const matrix>&, float>);
    static_assert(!qk::writable_tensor_of<Eigen::TensorRef<matrix>&, float>);
    static_assert(!qk::tensor_of<Eigen::Tensor<double, 2>, float>);
    static_assert(!qk::tensor_like<decltype(std::declval<matrix>() + std::declval<matrix>())>);
}

TEST_CASE("a TensorRef to an expression has no memory and says so")
{
    tensor<2, Eigen::ColMajor> x(2, 3);
    x.setRandom();
    const Eigen::TensorRef<tensor<2, Eigen::ColMajor>> sum(x + x);
    CHECK_THROWS_WITH_AS(
        qk::view_of(sum),
        "quantkit: an Eigen::TensorRef to an expression of shape [2, 3] has no storage: evaluate it first",
        std::invalid_argument);
}

TEST_CASE_TEMPLATE("tensors give the codes of the same values in row-major order", Order, column_major, row_major_order)
{
    tensor<4, Order::layout> x(3, 2, 4, 5);
    x.setRandom();
    const qk::tensor_shape shape { 3, 2, 4, 5 };
    const std::vector<float> values = row_major(qk::view_of(x));
    const qk::tensor_view<const float> expected(values.data(), shape);

    CHECK(qk::quantize<qk::int8_narrow>(x) == qk::quantize<qk::int8_narrow>(expected));
    CHECK(qk::quantize<qk::uint8_full>(x, qk::per_axis { 2 })
          == qk::quantize<qk::uint8_full>(expected, qk::per_axis { 2 }));
    const auto codes = qk::quantize<qk::int4_full>(x, qk::per_group { 3, 2 });
    CHECK(codes == qk::quantize<qk::int4_full>(expected, qk::per_group { 3, 2 }));

    const tensor<4, Order::layout> fake = qk::fake_quantize<qk::int4_full>(x, qk::per_group { 3, 2 });
    tensor<4, Order::layout> back(3, 2, 4, 5);
    qk::dequantize(codes, back);
    CHECK(row_major(qk::view_of(fake)) == row_major(qk::view_of(back)));

    Eigen::Tensor<std::int8_t, 4, Order::layout> stored(3, 2, 4, 5);
    CHECK(qk::quantize<qk::int4_full>(x, stored, qk::per_group { 3, 2 }) == codes.params());
    CHECK(stored(2, 1, 3, 4) == codes.codes().back());

    qk::minmax_observer observer;
    observer.observe(x);
    CHECK(observer.range() == qk::measured_range(values));
}
