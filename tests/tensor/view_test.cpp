// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/types.hpp>
#include <quantkit/tensor/view.hpp>

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace qk = quantkit;

namespace
{
    // Every element of the view is where Eigen says it is.
    template <class Dense>
    void check_matrix(Dense&& dense)
    {
        const auto view = qk::view_of(dense);
        REQUIRE(view.shape() == qk::tensor_shape { dense.rows(), dense.cols() });
        for (Eigen::Index row = 0; row < dense.rows(); ++row)
            for (Eigen::Index column = 0; column < dense.cols(); ++column)
                REQUIRE(view.data()[row * view.strides()[0] + column * view.strides()[1]] == dense(row, column));
    }

    template <class Dense>
    void check_vector(Dense&& dense)
    {
        const auto view = qk::view_of(dense);
        REQUIRE(view.shape() == qk::tensor_shape { dense.size() });
        for (Eigen::Index i = 0; i < dense.size(); ++i)
            REQUIRE(view.data()[i * view.strides()[0]] == dense(i));
    }

    template <class Matrix>
    Matrix counted(Eigen::Index rows, Eigen::Index columns)
    {
        Matrix matrix(rows, columns);
        for (Eigen::Index i = 0; i < matrix.size(); ++i)
            matrix(i / columns, i % columns) = static_cast<typename Matrix::Scalar>(i);
        return matrix;
    }

    using any_strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
}

TEST_CASE_TEMPLATE("matrices and what refers to a part of them", Matrix, qk::matrix_f, Eigen::MatrixXf, Eigen::ArrayXXf,
                   Eigen::Matrix<float, 6, 8>, Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic>)
{
    Matrix matrix = counted<Matrix>(6, 8);
    const Matrix& read_only = matrix;
    check_matrix(matrix);
    check_matrix(read_only);
    check_matrix(matrix.block(1, 2, 3, 4));
    check_matrix(read_only.block(1, 2, 3, 4));
    check_matrix(matrix.template block<3, 2>(1, 2));
    check_matrix(matrix.block(1, 2, 4, 5).block(1, 1, 2, 3));
    check_matrix(matrix.transpose());
    check_matrix(matrix.topRows(2).transpose());
    check_matrix(matrix.middleCols(3, 2));
    check_matrix(matrix.template reshaped<Eigen::AutoOrder>(4, 12));
    check_vector(matrix.row(2));
    check_vector(matrix.col(3));
    check_vector(read_only.row(2).segment(1, 4));
    check_vector(matrix.col(3).transpose());
}

TEST_CASE("maps with any strides")
{
    Eigen::VectorXf memory = Eigen::VectorXf::LinSpaced(200, 0.0f, 199.0f);
    check_matrix(Eigen::Map<Eigen::MatrixXf>(memory.data(), 5, 7));
    check_matrix(Eigen::Map<const Eigen::MatrixXf>(memory.data(), 5, 7));
    check_matrix(Eigen::Map<qk::matrix_f, 0, any_strides>(memory.data(), 5, 7, { 20, 2 }));
    check_matrix(Eigen::Map<Eigen::MatrixXf, 0, any_strides>(memory.data(), 5, 7, { 20, 3 }));
    check_matrix(Eigen::Map<Eigen::MatrixXf, 0, any_strides>(memory.data(), 5, 7, { 2, 20 }));
    check_matrix(Eigen::Map<Eigen::ArrayXXf, 0, Eigen::OuterStride<>>(memory.data(), 5, 7, Eigen::OuterStride<>(9)));
    check_vector(Eigen::Map<Eigen::VectorXf, 0, Eigen::InnerStride<>>(memory.data(), 7, Eigen::InnerStride<>(3)));
    check_vector(Eigen::Map<Eigen::RowVectorXf, 0, Eigen::InnerStride<4>>(memory.data(), 7));
}

TEST_CASE("refs and wrappers")
{
    Eigen::MatrixXf matrix = counted<Eigen::MatrixXf>(6, 8);
    Eigen::Ref<Eigen::MatrixXf> ref(matrix);
    const Eigen::Ref<const Eigen::MatrixXf> read_only(matrix);
    const qk::matrix_ref copied(matrix); // row-major: not the same memory
    check_matrix(ref);
    check_matrix(read_only);
    check_matrix(copied);
    check_matrix(matrix.array());
    check_vector(matrix.diagonal());
    CHECK(qk::view_of(ref).data() == matrix.data());
    CHECK(qk::view_of(copied).data() != matrix.data());
}

TEST_CASE("vectors have rank 1, matrices with one column rank 2")
{
    CHECK(qk::view_of(qk::vector_f(3)).rank() == 1);
    CHECK(qk::view_of(Eigen::RowVectorXf(3)).rank() == 1);
    CHECK(qk::view_of(Eigen::Array3f()).shape() == qk::tensor_shape { 3 });
    CHECK(qk::view_of(qk::matrix_f(3, 1)).shape() == qk::tensor_shape { 3, 1 });
    CHECK(qk::view_of(qk::matrix_f(0, 4)).empty());
}

TEST_CASE("what is const or read-only cannot be written")
{
    using map = Eigen::Map<Eigen::MatrixXf>;
    using read_only_map = Eigen::Map<const Eigen::MatrixXf>;
    static_assert(qk::writable_tensor_of<Eigen::MatrixXf&, float> && qk::writable_tensor_of<map&, float>);
    static_assert(!qk::writable_tensor_of<const Eigen::MatrixXf&, float>);
    static_assert(!qk::writable_tensor_of<read_only_map&, float>);
    static_assert(qk::tensor_of<read_only_map, float> && qk::tensor_of<const Eigen::MatrixXf&, float>);
    static_assert(!qk::tensor_of<Eigen::MatrixXd, float>);
    static_assert(std::is_const_v<decltype(qk::view_of(std::declval<const Eigen::MatrixXf&>()))::element_type>);
}

TEST_CASE("like gives a matrix of its own with the same shape")
{
    Eigen::MatrixXf matrix(6, 8);
    const auto block = matrix.block(1, 1, 2, 3);
    auto copy = qk::tensor_traits<std::remove_const_t<decltype(block)>>::like(block);
    static_assert(std::same_as<decltype(copy), Eigen::MatrixXf>);
    CHECK((copy.rows() == 2 && copy.cols() == 3));
    CHECK(qk::tensor_traits<Eigen::RowVectorXf>::like(Eigen::RowVectorXf(5)).size() == 5);
    CHECK(qk::tensor_traits<Eigen::Matrix2f>::like(Eigen::Matrix2f()).size() == 4);
}
