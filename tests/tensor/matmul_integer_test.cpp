// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/view.hpp>

#include "support/checks.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using qk::test::for_each_micro_kernel;
    using qk::test::require_equal;
    using zero_points = std::vector<std::int32_t>;

    // The codes of A and of B.
    using u8_s8 = std::pair<std::uint8_t, std::int8_t>;
    using u8_u8 = std::pair<std::uint8_t, std::uint8_t>;
    using s8_s8 = std::pair<std::int8_t, std::int8_t>;
    using s8_u8 = std::pair<std::int8_t, std::uint8_t>;

    template <class Code>
    using column_major = Eigen::Matrix<Code, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

    template <class Code>
    qk::matrix<Code> random_matrix(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed)
    {
        const std::vector<Code> codes = qk::test::random_codes<Code>(static_cast<std::size_t>(rows * columns), seed);
        return Eigen::Map<const qk::matrix<Code>>(codes.data(), rows, columns);
    }

    template <class Code>
    zero_points random_zero_points(std::size_t count, std::uint64_t seed)
    {
        using limits = std::numeric_limits<Code>;
        return qk::test::random_codes<std::int32_t>(count, seed, limits::min(), limits::max());
    }

    std::span<const std::int32_t> elements(const qk::matrix<std::int32_t>& c)
    {
        return { c.data(), static_cast<std::size_t>(c.size()) };
    }

    std::int64_t zero_point_of(const zero_points& given, Eigen::Index i)
    {
        return given.empty() ? 0 : given.size() == 1 ? given[0] : given[static_cast<std::size_t>(i)];
    }

    // c[i, j] = sum of (a[i, p] - zero_point_a[i]) * (b[p, j] - zero_point_b[j])
    template <class A, class B>
    std::vector<std::int32_t> expected(const A& a, const B& b, const zero_points& of_a = {},
                                       const zero_points& of_b = {})
    {
        std::vector<std::int32_t> c;
        for (Eigen::Index i = 0; i < a.rows(); ++i)
            for (Eigen::Index j = 0; j < b.cols(); ++j)
            {
                std::int64_t sum = 0;
                for (Eigen::Index p = 0; p < a.cols(); ++p)
                    sum += (std::int64_t { a(i, p) } - zero_point_of(of_a, i))
                           * (std::int64_t { b(p, j) } - zero_point_of(of_b, j));
                c.push_back(static_cast<std::int32_t>(sum));
                REQUIRE(c.back() == sum);
            }
        return c;
    }
}

TEST_CASE_TEMPLATE("zero points: none, one, or one each, on either side, on every micro-kernel", Codes, u8_s8, u8_u8,
                   s8_s8, s8_u8)
{
    using a_code = typename Codes::first_type;
    using b_code = typename Codes::second_type;
    for (const auto& [m, n, k] : { std::array { 1, 1, 1 }, { 5, 33, 19 }, { 20, 7, 64 }, { 3, 70, 129 }, { 2, 2, 0 } })
    {
        const qk::matrix<a_code> a = random_matrix<a_code>(m, k, 1);
        const qk::matrix<b_code> b = random_matrix<b_code>(k, n, 2);
        for (const std::size_t a_count : { std::size_t { 0 }, std::size_t { 1 }, static_cast<std::size_t>(m) })
            for (const std::size_t b_count : { std::size_t { 0 }, std::size_t { 1 }, static_cast<std::size_t>(n) })
            {
                CAPTURE(a_count);
                CAPTURE(b_count);
                const zero_points of_a = random_zero_points<a_code>(a_count, 3);
                const zero_points of_b = random_zero_points<b_code>(b_count, 4);
                const std::vector<std::int32_t> c = expected(a, b, of_a, of_b);
                for_each_micro_kernel([&](const qk::kernels::micro_kernel& kernel)
                                      { require_equal(elements(qk::matmul_integer(a, b, of_a, of_b, kernel)), c); });
                require_equal(elements(qk::matmul_integer(a, b, of_a, of_b)), c);
            }
    }
}

TEST_CASE("the layout of the operands and of the result does not matter")
{
    const qk::matrix<std::uint8_t> a = random_matrix<std::uint8_t>(9, 30, 5);
    const qk::matrix<std::int8_t> b = random_matrix<std::int8_t>(30, 21, 6);
    const zero_points of_a = random_zero_points<std::uint8_t>(9, 7), of_b = random_zero_points<std::int8_t>(21, 8);
    const std::vector<std::int32_t> c = expected(a, b, of_a, of_b);
    const column_major<std::uint8_t> a_columns = a;
    const column_major<std::int8_t> b_columns = b;

    qk::matrix<std::uint8_t> large_a = random_matrix<std::uint8_t>(20, 50, 9);
    large_a.block(4, 7, 9, 30) = a;
    column_major<std::int8_t> large_b = random_matrix<std::int8_t>(70, 44, 10);
    Eigen::Map<column_major<std::int8_t>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> strided_b(
        large_b.data() + 3, 30, 21, { 140, 2 });
    strided_b = b;
    const qk::matrix<std::int8_t> b_transposed = b.transpose();

    for_each_micro_kernel(
        [&](const qk::kernels::micro_kernel& kernel)
        {
            const auto check = [&](const auto& left, const auto& right)
            { require_equal(elements(qk::matmul_integer(left, right, of_a, of_b, kernel)), c); };
            check(a, b);
            check(a_columns, b);
            check(a, b_columns);
            check(a_columns, b_columns);
            check(large_a.block(4, 7, 9, 30), strided_b);
            check(a, b_transposed.transpose());
            check(a.array(), b.array());
            const auto columns = qk::matmul_integer<column_major<std::int32_t>>(a, b, of_a, of_b, kernel);
            require_equal(elements(qk::matrix<std::int32_t>(columns)), c);
        });
}

TEST_CASE("the result may be a vector or have a fixed shape")
{
    const qk::matrix<std::uint8_t> a = random_matrix<std::uint8_t>(3, 30, 5);
    const qk::matrix<std::int8_t> b = random_matrix<std::int8_t>(30, 2, 6);
    const qk::matrix<std::int32_t> c = qk::matmul_integer(a, b);

    CHECK(qk::matmul_integer<Eigen::RowVectorXi>(a.middleRows(1, 1), b) == c.row(1));
    CHECK(qk::matmul_integer<Eigen::VectorXi>(a, b.middleCols(1, 1)) == c.col(1));
    CHECK(qk::matmul_integer<Eigen::Matrix<std::int32_t, 3, 2>>(a, b) == c);
    CHECK_THROWS_WITH_AS(qk::matmul_integer<Eigen::Matrix2i>(a, b),
                         "quantkit: a result of shape [3, 2] does not fit its Eigen type, which holds [2, 2] "
                         "(-1: any number)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::matmul_integer<Eigen::RowVectorXi>(a, b),
                         "quantkit: a result of shape [3, 2] does not fit its Eigen type, which holds [1, -1] "
                         "(-1: any number)",
                         std::invalid_argument);
    using at_most_two = Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, 2, 2>;
    CHECK_THROWS_AS(qk::matmul_integer<at_most_two>(a, b), std::invalid_argument);
    CHECK(qk::matmul_integer<at_most_two>(a.topRows(2), b) == c.topRows(2));
}

TEST_CASE_TEMPLATE("k at the accumulator bound is exact with extreme codes, one more throws with the numbers", Codes,
                   u8_s8, u8_u8, s8_s8, s8_u8)
{
    using a_code = typename Codes::first_type;
    using b_code = typename Codes::second_type;
    constexpr bool a_unsigned = std::is_unsigned_v<a_code>, b_unsigned = std::is_unsigned_v<b_code>;
    // the largest |code| is 255 or 128: 2147483647 / (255 * 255), / (255 * 128), / (128 * 128)
    constexpr Eigen::Index bound = a_unsigned && b_unsigned ? 33'025 : a_unsigned || b_unsigned ? 65'793 : 131'071;
    constexpr auto a_extreme = a_unsigned ? std::numeric_limits<a_code>::max() : std::numeric_limits<a_code>::min();
    constexpr auto b_extreme = b_unsigned ? std::numeric_limits<b_code>::max() : std::numeric_limits<b_code>::min();

    const qk::matrix<a_code> a = qk::matrix<a_code>::Constant(2, bound, a_extreme);
    const qk::matrix<b_code> b = qk::matrix<b_code>::Constant(bound, 2, b_extreme);
    const std::vector<std::int32_t> c = expected(a, b);
    REQUIRE(std::abs(static_cast<double>(c[0])) > 2147400000.0);
    for_each_micro_kernel([&](const qk::kernels::micro_kernel& kernel)
                          { require_equal(elements(qk::matmul_integer(a, b, {}, {}, kernel)), c); });

    const qk::matrix<a_code> deeper_a = qk::matrix<a_code>::Zero(1, bound + 1);
    const qk::matrix<b_code> deeper_b = qk::matrix<b_code>::Zero(bound + 1, 1);
    const std::string text = "k = " + std::to_string(bound + 1) + " products of magnitudes up to "
                             + std::to_string(a_unsigned ? 255 : 128) + " and " + std::to_string(b_unsigned ? 255 : 128)
                             + " may overflow an int32 sum: k can be " + std::to_string(bound) + " at most";
    CHECK_THROWS_WITH_AS(qk::matmul_integer(deeper_a, deeper_b), doctest::Contains(text.c_str()),
                         std::invalid_argument);
}

TEST_CASE("zero points at the far end lower the bound on k")
{
    // |code - zero_point| up to 255 on both sides
    constexpr Eigen::Index bound = 33'025;
    const qk::matrix<std::int8_t> a = qk::matrix<std::int8_t>::Constant(1, bound, -128);
    const qk::matrix<std::int8_t> b = qk::matrix<std::int8_t>::Constant(bound, 17, 127);
    zero_points of_b(17, 0);
    of_b[16] = -128;
    const zero_points of_a { 127 };
    const std::vector<std::int32_t> c = expected(a, b, of_a, of_b);
    CHECK(c[16] == -255 * 255 * 33'025);
    for_each_micro_kernel([&](const qk::kernels::micro_kernel& kernel)
                          { require_equal(elements(qk::matmul_integer(a, b, of_a, of_b, kernel)), c); });

    const qk::matrix<std::int8_t> deeper_a = qk::matrix<std::int8_t>::Zero(1, bound + 1);
    const qk::matrix<std::int8_t> deeper_b = qk::matrix<std::int8_t>::Zero(bound + 1, 17);
    CHECK_THROWS_WITH_AS(qk::matmul_integer(deeper_a, deeper_b, of_a, of_b),
                         doctest::Contains("k = 33026 products of magnitudes up to 255 and 255"),
                         std::invalid_argument);
    CHECK(qk::matmul_integer(deeper_a, deeper_b).isZero());
}

TEST_CASE("shapes that do not fit throw with both shapes")
{
    const qk::matrix<std::uint8_t> a(3, 4);
    const qk::matrix<std::int8_t> b(5, 6);
    CHECK_THROWS_WITH_AS(qk::matmul_integer(a, b), doctest::Contains("cannot multiply [3, 4] by [5, 6]"),
                         std::invalid_argument);
    const qk::vector<std::uint8_t> v(4);
    const qk::matrix<std::int8_t> fitting(4, 6);
    CHECK_THROWS_WITH_AS(qk::matmul_integer(v, fitting), doctest::Contains("cannot multiply [4] by [4, 6]"),
                         std::invalid_argument);
}

TEST_CASE("zero points of a wrong number, or that are no codes, throw with the values")
{
    const qk::matrix<std::uint8_t> a = qk::matrix<std::uint8_t>::Zero(3, 4);
    const qk::matrix<std::int8_t> b = qk::matrix<std::int8_t>::Zero(4, 6);
    const auto throws = [&](const zero_points& of_a, const zero_points& of_b, const char* text)
    { CHECK_THROWS_WITH_AS(qk::matmul_integer(a, b, of_a, of_b), doctest::Contains(text), std::invalid_argument); };
    throws({ 1, 2 }, {}, "a needs 1 or 3 zero points, but has 2");
    throws({}, { 1, 2, 3 }, "b needs 1 or 6 zero points, but has 3");
    throws({ -1 }, {}, "zero_point -1 of a lies outside [0, 255]");
    throws({}, { 0, 0, 0, 0, 0, 128 }, "zero_point 128 of b lies outside [-128, 127]");
}

TEST_CASE("empty operands give empty or zero products")
{
    const auto product = [](Eigen::Index m, Eigen::Index n, Eigen::Index k)
    {
        const qk::matrix<std::uint8_t> a = qk::matrix<std::uint8_t>::Zero(m, k);
        const qk::matrix<std::int8_t> b = qk::matrix<std::int8_t>::Zero(k, n);
        qk::matrix<std::int32_t> last;
        for_each_micro_kernel([&](const qk::kernels::micro_kernel& kernel)
                              { last = qk::matmul_integer(a, b, zero_points { 7 }, zero_points { -3 }, kernel); });
        return last;
    };
    CHECK((product(0, 5, 3).rows() == 0 && product(0, 5, 3).cols() == 5));
    CHECK((product(5, 0, 3).rows() == 5 && product(5, 0, 3).cols() == 0));
    CHECK((product(0, 0, 0).size() == 0));
    CHECK(product(2, 3, 0) == qk::matrix<std::int32_t>::Zero(2, 3));
}
