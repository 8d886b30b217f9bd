// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/view.hpp>

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using limits = std::numeric_limits<float>;

    struct doubled
    {
        float operator()(float x, std::size_t, std::size_t) const { return 2.0f * x; }
    };

    // A stage of one's own that has a kernel stage and something to check.
    struct at_most_three_columns
    {
        void check_columns(std::size_t columns) const
        {
            qk::require(columns <= 3, "at most 3 columns, but there are ", columns);
        }

        qk::kernels::clamp_to stage() const { return { -1.0f, 1.0f }; }
    };

    // What the stages make of each float, in a row.
    template <class... Stages>
    auto outputs(const qk::epilogue<Stages...>& stages, const std::vector<float>& x)
    {
        std::vector<typename qk::epilogue<Stages...>::output_type> y(x.size());
        const auto whole = stages.kernel_epilogue({ y.data(), static_cast<std::ptrdiff_t>(y.size()), 1 });
        qk::kernels::scalar_lanes::finish<float>({ x.data(), x.size(), 1, x.size(), 0, 0 }, whole);
        return y;
    }
}

TEST_CASE("stages run in the order in which they are written")
{
    const std::vector<float> bias { 1.0f, 2.0f, 3.0f, 4.0f };
    const std::vector<float> x { -3.0f, -1.0f, 2.0f, 5.0f };
    CHECK(outputs(qk::epilogue {}, x) == x);
    CHECK(outputs(qk::epilogue { qk::add_bias { bias } }, x) == std::vector { -2.0f, 1.0f, 5.0f, 9.0f });
    CHECK(outputs(qk::epilogue { qk::relu {} }, x) == std::vector { 0.0f, 0.0f, 2.0f, 5.0f });
    CHECK(outputs(qk::epilogue { qk::add_bias { bias }, qk::relu6 {} }, x) == std::vector { 0.0f, 1.0f, 5.0f, 6.0f });
    CHECK(outputs(qk::epilogue { qk::relu6 {}, qk::add_bias { bias } }, x) == std::vector { 1.0f, 2.0f, 5.0f, 9.0f });
    CHECK(outputs(qk::epilogue { qk::clamp { -2.0f, 3.0f } }, x) == std::vector { -2.0f, -1.0f, 2.0f, 3.0f });
    CHECK(outputs(qk::epilogue { doubled {}, qk::add_bias { bias }, doubled {} }, x)
          == std::vector { -10.0f, 0.0f, 14.0f, 28.0f });
}

TEST_CASE("a final quantize_to decides the type of the output")
{
    using bias = qk::add_bias;
    static_assert(std::same_as<qk::epilogue<>::output_type, float>);
    static_assert(std::same_as<qk::epilogue<bias, qk::relu>::output_type, float>);
    static_assert(std::same_as<qk::epilogue<bias, qk::quantize_to<>>::output_type, std::uint8_t>);
    static_assert(std::same_as<qk::epilogue<qk::quantize_to<qk::int8_narrow>>::output_type, std::int8_t>);

    const std::vector<float> x { -1e9f, -0.5f, 0.25f, 0.75f, 1.25f, 1e9f, limits::quiet_NaN() };
    const qk::qparams params { 0.5f, 10 };
    CHECK(outputs(qk::epilogue { qk::quantize_to { params } }, x)
          == std::vector<std::uint8_t> { 0, 9, 10, 12, 12, 255, 0 });
    CHECK(outputs(qk::epilogue { qk::quantize_to<qk::int8_narrow> { params } }, x)
          == std::vector<std::int8_t> { -127, 9, 10, 12, 12, 127, -127 });
}

TEST_CASE("a bias is copied, from any vector of floats")
{
    Eigen::MatrixXf matrix(2, 3);
    matrix << 1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f;
    const std::vector<float> zeros(3, 0.0f), expected { 4.0f, 5.0f, 6.0f };
    qk::epilogue of_row { qk::add_bias { matrix.row(1) } };
    CHECK(outputs(of_row, zeros) == expected);
    std::vector<float> values = expected;
    qk::epilogue of_vector { qk::add_bias { values } };
    const qk::epilogue copy = of_vector;
    matrix.setZero();
    values.assign(3, 0.0f);
    of_vector = qk::epilogue { qk::add_bias { std::vector<float>(3, 9.0f) } };
    CHECK(outputs(of_row, zeros) == expected);
    CHECK(outputs(copy, zeros) == expected);
}

TEST_CASE("every stage that has something to check is asked")
{
    const std::vector<float> three(3), four(4);
    CHECK_NOTHROW(qk::epilogue { qk::add_bias { three }, doubled {}, qk::add_bias { three } }.check_columns(3));
    CHECK_THROWS_WITH_AS((qk::epilogue { qk::add_bias { three }, qk::relu {}, qk::add_bias { four } }.check_columns(3)),
                         doctest::Contains("the bias has 4 values, but the layer has 3 outputs"),
                         std::invalid_argument);
    const qk::epilogue own { qk::relu {}, at_most_three_columns {} };
    CHECK_NOTHROW(own.check_columns(3));
    CHECK_THROWS_WITH_AS(own.check_columns(4), doctest::Contains("at most 3 columns, but there are 4"),
                         std::invalid_argument);
    CHECK(outputs(own, { -5.0f, 0.5f, 5.0f }) == std::vector { 0.0f, 0.5f, 1.0f });
}

TEST_CASE("a bias that is no vector, or qparams that are none, throw with the values")
{
    CHECK_THROWS_WITH_AS(qk::add_bias { Eigen::MatrixXf(2, 3) },
                         doctest::Contains("a bias must have rank 1, but its shape is [2, 3]"), std::invalid_argument);
    CHECK_THROWS_WITH_AS((qk::quantize_to { qk::qparams { -1.0f, 0 } }), doctest::Contains("but is -1"),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((qk::quantize_to<qk::int8_narrow> { qk::qparams { 1.0f, -128 } }),
                         doctest::Contains("zero_point -128 lies outside [-127, 127]"), std::invalid_argument);
}
