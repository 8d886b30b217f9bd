// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/tensor_view.hpp>

#include <doctest/doctest.h>

#include <concepts>
#include <span>
#include <vector>

namespace qk = quantkit;

TEST_CASE("a shape counts its elements, and rank 0 has one")
{
    CHECK(qk::element_count({ 2, 3, 4 }) == 24);
    CHECK(qk::element_count({ 2, 0, 4 }) == 0);
    CHECK(qk::element_count({}) == 1);
    CHECK(qk::tensor_shape { 2, 3 } != qk::tensor_shape { 2, 3, 0 });
    CHECK_THROWS_WITH_AS((qk::tensor_shape { 1, 2, 3, 4, 5, 6, 7, 8, 9 }), "quantkit: tensors have at most 8 axes",
                         std::invalid_argument);
}

TEST_CASE("strides of dense tensors")
{
    CHECK(qk::row_major_strides({ 2, 3, 4 }) == qk::tensor_strides { 12, 4, 1 });
    CHECK(qk::column_major_strides({ 2, 3, 4 }) == qk::tensor_strides { 1, 2, 6 });
    CHECK(qk::row_major_strides({ 5 }) == qk::tensor_strides { 1 });
    CHECK(qk::row_major_strides({}) == qk::tensor_strides {});
}

TEST_CASE("a view is row-major unless strides say otherwise")
{
    std::vector<float> values(24);
    const qk::tensor_view<float> view(values.data(), { 2, 12 });
    CHECK(view.strides() == qk::tensor_strides { 12, 1 });
    CHECK(view.rank() == 2);
    CHECK(view.size() == 24);
    CHECK_FALSE(view.empty());
    CHECK(qk::tensor_view<float>().empty());
    const qk::tensor_view<const float> read_only = view;
    CHECK(read_only.data() == values.data());
}

TEST_CASE("a matrix is a view of rank 2")
{
    CHECK(qk::axis_values(3, 1) == qk::axis_values { 3, 1 });
    std::vector<float> values(24);
    const qk::tensor_view<float> view(values.data(), 4, 3, 6, 2);
    CHECK(view.data() == values.data());
    CHECK(view.shape() == qk::tensor_shape { 4, 3 });
    CHECK(view.strides() == qk::tensor_strides { 6, 2 });
    CHECK(view.shape() != qk::tensor_shape { 4, 2 });
}

TEST_CASE("a view that makes no sense is refused with its shape")
{
    float value = 0.0f;
    CHECK_THROWS_WITH_AS((qk::tensor_view<float>(&value, -1, 2, 2, 1)),
                         "quantkit: extents must not be negative, but the shape is [-1, 2]", std::invalid_argument);
    CHECK_THROWS_WITH_AS((qk::tensor_view<float>(&value, { 2, -1 })),
                         "quantkit: extents must not be negative, but the shape is [2, -1]", std::invalid_argument);
    CHECK_THROWS_WITH_AS((qk::tensor_view<float>(&value, { 2, 3 }, { 1 })),
                         "quantkit: a tensor of shape [2, 3] needs 2 strides, but has [1]", std::invalid_argument);
}

TEST_CASE("narrowing moves the first element and keeps the strides")
{
    std::vector<float> values(24);
    const qk::tensor_view<float> view(values.data(), { 4, 6 });
    const qk::tensor_view<float> part = view.narrowed(0, 1, 2).narrowed(1, 2, 3);
    CHECK(part.shape() == qk::tensor_shape { 2, 3 });
    CHECK(part.strides() == qk::tensor_strides { 6, 1 });
    CHECK(part.data() == values.data() + 8);
    CHECK(view.narrowed(1, 6, 0).empty());
    CHECK_THROWS_WITH_AS(view.narrowed(1, 4, 3),
                         "quantkit: cannot take 3 elements from 4 on along axis 1 of a tensor of shape [4, 6]",
                         std::invalid_argument);
    CHECK_THROWS_AS(view.narrowed(2, 0, 1), std::invalid_argument);
}

namespace
{
    // A type of somebody else: every second row of an image, in columns.
    struct interlaced
    {
        std::vector<float> pixels;
        std::ptrdiff_t rows = 0, columns = 0;
    };

    struct no_tensor
    {
    };
}

template <>
struct quantkit::tensor_traits<interlaced>
{
    static tensor_view<const float> view(const interlaced& image)
    {
        return { image.pixels.data(), { image.rows, image.columns }, { 2, 2 * image.rows } };
    }
};

TEST_CASE("a foreign type takes part through tensor_traits")
{
    static_assert(qk::tensor_of<interlaced, float> && qk::tensor_like<const interlaced&>);
    static_assert(!qk::writable_tensor_of<interlaced&, float>);
    static_assert(!qk::tensor_like<no_tensor> && !qk::tensor_like<int>);
    const interlaced image { std::vector<float>(24), 3, 4 };
    CHECK(qk::view_of(image).strides() == qk::tensor_strides { 2, 6 });
}

TEST_CASE("vectors and spans have rank 1 and their own constness")
{
    std::vector<float> values(5);
    const std::vector<float>& read_only = values;
    static_assert(qk::writable_tensor_of<std::vector<float>&, float>);
    static_assert(!qk::writable_tensor_of<const std::vector<float>&, float>);
    static_assert(qk::writable_tensor_of<const std::span<float>&, float>);
    static_assert(!qk::writable_tensor_of<std::span<const float>&, float>);
    static_assert(qk::tensor_of<std::span<const float, 3>, float> && !qk::tensor_of<std::vector<double>, float>);
    CHECK(qk::view_of(values).shape() == qk::tensor_shape { 5 });
    CHECK(qk::view_of(read_only).data() == values.data());
    CHECK(qk::view_of(std::span(values).subspan(2)).data() == values.data() + 2);
    CHECK(qk::tensor_traits<std::vector<float>>::like(values).size() == 5);
}
