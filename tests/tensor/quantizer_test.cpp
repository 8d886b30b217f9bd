// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/types.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

namespace
{
    template <class Range>
    qk::qparams_list random_qparams(std::ptrdiff_t count, test::random_bits& random)
    {
        qk::qparams_list params;
        for (std::ptrdiff_t i = 0; i < count; ++i)
            params.push_back({ static_cast<float>(0.001 + 0.1 * random.uniform()),
                               static_cast<std::int32_t>(random.integer(Range::quant_min, Range::quant_max)) });
        return params;
    }

    // The element i of x in row-major order, by the definition in double; equal but for near ties.
    template <class Range, class Granularity>
    void check_codes(const std::vector<float>& x, const qk::quantized_tensor<Range>& q, Granularity granularity)
    {
        for (std::size_t i = 0; i < x.size(); ++i)
        {
            const qk::axis_values at = test::indices_of(q.shape(), static_cast<std::ptrdiff_t>(i));
            const qk::qparams params =
                q.params()[static_cast<std::size_t>(test::parameter_of(q.shape(), at, granularity))];
            const std::int64_t expected =
                test::reference::quantize(x[i], params.scale, params.zero_point, Range::quant_min, Range::quant_max);
            const double steps = std::abs(static_cast<double>(x[i]) / static_cast<double>(params.scale));
            const bool near_tie = test::reference::tie_distance(x[i], params.scale) <= steps * 0x1p-22;
            REQUIRE(std::abs(std::int64_t { q.codes()[i] } - expected) <= (near_tie ? 1 : 0));
        }
    }

    // Rounds down at even indices and up at odd ones: shows the index that it is given.
    struct alternating
    {
        float operator()(float x, std::uint64_t index) const { return index % 2 == 0 ? std::floor(x) : std::ceil(x); }
    };

    struct fixed_step
    {
        float step = 0.25f;
        qk::qparams operator()(qk::real_range, qk::quant_bounds) const { return { step, 1 }; }
    };
}

TEST_CASE_TEMPLATE("any layout and granularity gives the codes of the definition", Range, qk::int8_narrow,
                   qk::uint8_full, qk::int4_full, qk::int16_full, qk::unsigned_range<12>)
{
    test::random_bits random(1);
    for (int trial = 0; trial < 300; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const std::vector<float> x = test::floats_with_outliers(count, random.next());
        const test::strided_tensor<float> tensor(shape, test::random_strides(shape, random), x);
        test::strided_tensor<typename Range::code_type> stored(shape, test::random_strides(shape, random));
        test::for_each_granularity(
            shape, random,
            [&](auto granularity)
            {
                const std::ptrdiff_t parameters = qk::element_count(qk::parameter_shape(shape, granularity));
                const qk::qparams_list params = random_qparams<Range>(parameters, random);
                const auto q = qk::quantize<Range>(tensor.view(), params, granularity);
                REQUIRE(q.shape() == shape);
                check_codes(x, q, granularity);

                qk::quantize<Range>(tensor.view(), stored.view(), params, granularity);
                const std::vector<typename Range::code_type> codes(q.codes().begin(), q.codes().end());
                REQUIRE(stored.row_major() == codes);
            });
    }
}

TEST_CASE_TEMPLATE("rounding that depends on the index sees the logical one in any layout", Rounding, qk::stochastic,
                   alternating)
{
    test::random_bits random(2);
    for (int trial = 0; trial < 300; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const std::vector<float> x = test::normal_floats(count, random.next());
        const test::strided_tensor<float> tensor(shape, test::random_strides(shape, random), x);
        test::for_each_granularity(
            shape, random,
            [&](auto granularity)
            {
                const std::ptrdiff_t parameters = qk::element_count(qk::parameter_shape(shape, granularity));
                const qk::qparams_list params = random_qparams<qk::int8_full>(parameters, random);
                const auto q = qk::quantize<qk::int8_full>(tensor.view(), params, granularity, Rounding {});
                for (std::size_t i = 0; i < count; ++i)
                {
                    const qk::axis_values at = test::indices_of(shape, static_cast<std::ptrdiff_t>(i));
                    const qk::qparams own =
                        params[static_cast<std::size_t>(test::parameter_of(shape, at, granularity))];
                    REQUIRE(
                        q.codes()[i]
                        == qk::quantize_value(x[i], own, qk::int8_full::bounds, Rounding {}, qk::by_reciprocal {}, i));
                }
            });
    }
}

TEST_CASE("long rows and columns, beyond the copied runs")
{
    const std::vector<float> x = test::floats_with_outliers(3 * 5000, 7);
    const qk::tensor_shape shape { 3, 5000 };
    const auto expected = [&](auto granularity)
    { return qk::quantize<qk::int8_narrow>(qk::tensor_view<const float>(x.data(), shape), granularity); };
    for (const qk::tensor_strides& strides :
         { qk::tensor_strides { 5000, 1 }, { 1, 3 }, { 1, 5 }, { -5001, 1 }, { 1, -3 } })
    {
        const test::strided_tensor<float> tensor(shape, strides, x);
        CHECK(qk::quantize<qk::int8_narrow>(tensor.view()) == expected(qk::per_tensor {}));
        CHECK(qk::quantize<qk::int8_narrow>(tensor.view(), qk::per_axis { 0 }) == expected(qk::per_axis { 0 }));
        CHECK(qk::quantize<qk::int8_narrow>(tensor.view(), qk::per_axis { 1 }) == expected(qk::per_axis { 1 }));
        CHECK(qk::quantize<qk::int8_narrow>(tensor.view(), qk::per_group { 1, 777 })
              == expected(qk::per_group { 1, 777 }));
    }
}

TEST_CASE("Eigen matrices of every kind give the same codes")
{
    const qk::matrix_f x = qk::matrix_f::Random(13, 37);
    const Eigen::MatrixXf column_major = x;
    Eigen::MatrixXf larger = Eigen::MatrixXf::Zero(20, 50);
    larger.block(3, 5, 13, 37) = x;
    Eigen::VectorXf memory = Eigen::VectorXf::Zero(4000);
    using any_strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    Eigen::Map<Eigen::MatrixXf, 0, any_strides> apart(memory.data(), 13, 37, any_strides(50, 3));
    apart = x;
    const qk::matrix_f transposed = x.transpose();

    const auto check = [&](auto granularity)
    {
        const auto expected = qk::quantize<qk::int8_narrow>(x, granularity);
        CHECK(qk::quantize<qk::int8_narrow>(column_major, granularity) == expected);
        CHECK(qk::quantize<qk::int8_narrow>(larger.block(3, 5, 13, 37), granularity) == expected);
        CHECK(qk::quantize<qk::int8_narrow>(apart, granularity) == expected);
        CHECK(qk::quantize<qk::int8_narrow>(transposed.transpose(), granularity) == expected);
        CHECK(qk::quantize<qk::int8_narrow>(x.array(), granularity) == expected);
        CHECK(qk::quantize<qk::int8_narrow>(Eigen::Ref<const Eigen::MatrixXf>(column_major), granularity) == expected);
    };
    check(qk::per_tensor {});
    check(qk::per_axis { 0 });
    check(qk::per_axis { 1 });
    check(qk::per_group { 1, 8 });
    check(qk::per_group { 0, 5 });
}

TEST_CASE("existing storage: blocks are written, nothing around them")
{
    const qk::matrix_f x = qk::matrix_f::Random(3, 4);
    const auto expected = qk::quantize<qk::int8_narrow>(x);
    Eigen::Matrix<std::int8_t, Eigen::Dynamic, Eigen::Dynamic> codes(5, 6);
    codes.setConstant(99);
    CHECK(qk::quantize<qk::int8_narrow>(x, codes.block(1, 1, 3, 4)) == expected.params());
    for (Eigen::Index row = 0; row < 5; ++row)
        for (Eigen::Index column = 0; column < 6; ++column)
        {
            const bool inside = row >= 1 && row < 4 && column >= 1 && column < 5;
            const auto i = static_cast<std::size_t>(4 * (row - 1) + column - 1);
            CHECK(codes(row, column) == (inside ? expected.codes()[i] : 99));
        }
}

TEST_CASE("without a scheme: symmetric for signed ranges, affine for unsigned ones")
{
    const qk::vector_f x = qk::vector_f::LinSpaced(5, -1.0f, 3.0f);
    CHECK(qk::quantize<qk::int8_narrow>(x).params() == qk::qparams { 3.0f / 127.0f, 0 });
    CHECK(qk::quantize<qk::uint8_full>(x).params() == qk::qparams { 4.0f / 255.0f, 64 });
    CHECK(qk::quantize<qk::int8_full>(x, qk::per_tensor {}, qk::affine {}).params()
          == qk::qparams { 4.0f / 255.0f, -64 });
    const auto q = qk::quantize<qk::int8_full>(x, qk::per_tensor {}, fixed_step { 0.5f });
    CHECK(q.params() == qk::qparams { 0.5f, 1 });
    CHECK((q.codes().front() == -1 && q.codes().back() == 7));
}

TEST_CASE("quantizers from observers")
{
    const qk::matrix_f x = qk::matrix_f::Random(6, 5);
    qk::minmax_observer whole;
    qk::per_axis_observer<qk::minmax_observer> columns { qk::per_axis { 1 } };
    whole.observe(x);
    columns.observe(x);

    const qk::quantizer<qk::uint8_full> per_tensor { whole };
    const qk::quantizer<qk::uint8_full, qk::per_axis> per_column { columns };
    CHECK(per_tensor(x) == qk::quantize<qk::uint8_full>(x));
    CHECK(per_column(x) == qk::quantize<qk::uint8_full>(x, qk::per_axis { 1 }));
    CHECK(per_column.granularity() == qk::per_axis { 1 });
    CHECK(qk::quantizer<qk::int8_full> { whole, qk::affine {} }.params()
          == qk::choose_qparams<qk::int8_full>(whole, qk::affine {}));

    const qk::quantizer<qk::uint8_full, qk::per_tensor, qk::half_away> away { qk::qparams { 1.0f, 0 } };
    CHECK(away(std::vector { 0.5f, 1.5f, 2.5f }).codes()[2] == 3);
    const qk::quantizer<qk::int8_full, qk::per_tensor, qk::half_even, qk::by_division> divides { qk::qparams {
        0.00852682255f, 0 } };
    CHECK(divides(std::vector { -0.873999357f }).codes()[0] == -103);
}

TEST_CASE("values beyond the range saturate, NaN gives quant_min")
{
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> x { inf, -inf, nan, 1e30f, -1e30f, 3e9f };
    const auto q = qk::quantize<qk::uint8_full>(x, qk::qparams { 0.5f, 7 });
    CHECK(std::vector<std::uint8_t>(q.codes().begin(), q.codes().end())
          == std::vector<std::uint8_t> { 255, 0, 0, 255, 0, 255 });
}

TEST_CASE("NaN is not measured, infinities are refused with their parameter")
{
    qk::matrix_f x = qk::matrix_f::Ones(2, 3);
    x(0, 1) = std::numeric_limits<float>::quiet_NaN();
    CHECK(qk::quantize<qk::int8_narrow>(x).params() == qk::qparams { 1.0f / 127.0f, 0 });
    x(1, 2) = -std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_narrow>(x, qk::per_axis { 0 }),
                         "quantkit: cannot choose qparams for the range [-inf, 1] of parameter 1: it is not finite",
                         std::invalid_argument);
}

TEST_CASE("tensors without elements: quantized with given parameters, but not measured")
{
    const qk::matrix_f none(0, 3);
    CHECK(qk::quantize<qk::int8_full>(none, qk::qparams { 0.5f, 0 }).shape() == qk::tensor_shape { 0, 3 });
    CHECK(qk::quantize<qk::int8_full>(none, qk::qparams_list(std::vector<float>(3, 0.5f), { 0, 0, 0 }),
                                      qk::per_axis { 1 })
              .size()
          == 0);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(none),
                         "quantkit: cannot measure the range of an empty tensor of shape [0, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(none, qk::per_axis { 0 }),
                         "quantkit: cannot measure the range of an empty tensor of shape [0, 3]",
                         std::invalid_argument);
}

TEST_CASE("what does not fit is refused with its values")
{
    const qk::matrix_f x = qk::matrix_f::Random(2, 3);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(x, qk::per_axis { 2 }),
                         "quantkit: axis 2 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(x, qk::per_group { 1, 0 }),
                         "quantkit: group_size must be positive, but is 0", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::uint8_full>(x, qk::qparams { 0.5f, -1 }),
                         "quantkit: zero_point -1 lies outside [0, 255]", std::invalid_argument);
    CHECK_THROWS_AS(qk::quantizer<qk::uint8_full>(qk::qparams { 0.0f, 0 }), std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(x, { { 0.5f, 0 }, { 0.5f, 0 } }, qk::per_axis { 1 }),
                         "quantkit: a tensor of shape [2, 3] needs 3 pairs of scale and zero_point (parameter shape "
                         "[3]), but has 2",
                         std::invalid_argument);

    qk::matrix<std::int8_t> codes(3, 2);
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(x, codes),
                         "quantkit: the output has shape [3, 2], but the input has [2, 3]", std::invalid_argument);
    std::int8_t one = 0;
    const qk::tensor_view<std::int8_t> everywhere(&one, { 2, 3 }, { 0, 0 });
    CHECK_THROWS_WITH_AS(qk::quantize<qk::int8_full>(x, everywhere),
                         "quantkit: the output of shape [2, 3] and strides [0, 0] has one element in several places",
                         std::invalid_argument);
}

TEST_CASE("an input may have one element in several places")
{
    const float value = 0.75f;
    const qk::tensor_view<const float> everywhere(&value, { 3, 400 }, { 0, 0 });
    const auto q = qk::quantize<qk::int8_full>(everywhere, qk::qparams { 0.25f, 0 });
    for (const std::int8_t code : q.codes())
        REQUIRE(code == 3);
}
