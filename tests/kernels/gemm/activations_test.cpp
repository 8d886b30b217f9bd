// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>

#include "support/checks.hpp"
#include "support/finished_tiles.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using namespace quantkit::test::tiles;
    using quantkit::test::require_equal;
    using limits = std::numeric_limits<float>;

    double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

    // The definitions, and how far from them a result y at x may be.
    double defined(apply_sigmoid, double x) { return sigmoid(x); }
    double defined(apply_silu, double x) { return x * sigmoid(x); }
    double defined(apply_tanh, double x) { return std::tanh(x); }
    double defined(apply_gelu, double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }

    double defined(apply_gelu_tanh, double x)
    {
        // 1 + tanh(u) = 2 sigmoid(2u), which does not cancel
        const double root_2_over_pi = 0.79788456080286535588;
        return x * sigmoid(2.0 * root_2_over_pi * (x + 0.044715 * x * x * x));
    }

    double ulps(double count, double y) { return count * std::max(std::abs(y) * 0x1p-23, 0x1p-149); }

    template <class Stage>
    double bound(Stage, double, double y)
    {
        return ulps(4.0, y) + 1e-42; // next to 0 few bits are left
    }

    double bound(apply_gelu, double x, double) { return 2e-7 * std::max(std::abs(x), 1.0); }
    double bound(apply_gelu_tanh, double x, double) { return 2e-7 * std::max(std::abs(x), 1.0); }

    // Every bit pattern with the low 14 bits alike: all exponents and signs, 512 values each.
    template <class Check>
    void for_each_row_of_floats(Check check)
    {
        for (std::uint32_t first = 0; first < 1u << 18; first += max_columns)
        {
            std::vector<float> x;
            for (std::uint32_t i = 0; i < max_columns; ++i)
                x.push_back(std::bit_cast<float>((first + i) << 14 | (i * 2741u & 0x3fffu)));
            check(x);
        }
    }
}

TEST_CASE_TEMPLATE("activations: near the definition in double, the same bits on every family", Stage, apply_sigmoid,
                   apply_silu, apply_tanh, apply_gelu, apply_gelu_tanh)
{
    const tile_of_c<float> c(1, max_columns, layouts[0]);
    for_each_row_of_floats(
        [&](const std::vector<float>& x)
        {
            const std::vector<float> y = c.finished(lane_family::scalar, x, max_columns, Stage {});
            for (std::size_t i = 0; i < x.size(); ++i)
                if (std::isnan(x[i]))
                    REQUIRE(std::isnan(y[i]));
                else if (!std::isinf(x[i]))
                {
                    const double exact = defined(Stage {}, static_cast<double>(x[i]));
                    const double error = std::abs(static_cast<double>(y[i]) - exact);
                    if (!(error <= bound(Stage {}, static_cast<double>(x[i]), exact)))
                        FAIL("at ", x[i], ": ", y[i], " instead of ", exact);
                }
            quantkit::test::for_each_lane_family([&](lane_family lanes)
                                                 { require_equal(c.finished(lanes, x, max_columns, Stage {}), y); });
        });
}

TEST_CASE("activations: infinities give the limits, zeros and NaN what they should")
{
    const std::vector<float> x {
        limits::infinity(), -limits::infinity(), 0.0f, -0.0f, limits::max(), limits::lowest()
    };
    const auto check = [&](auto stage, const std::vector<float>& expected)
    {
        const tile_of_c<float> c(1, x.size(), layouts[0]);
        quantkit::test::for_each_lane_family([&](lane_family lanes)
                                             { require_equal(c.finished(lanes, x, x.size(), stage), expected); });
    };
    const float infinity = limits::infinity();
    check(apply_sigmoid {}, { 1.0f, 0.0f, 0.5f, 0.5f, 1.0f, 0.0f });
    check(apply_tanh {}, { 1.0f, -1.0f, 0.0f, -0.0f, 1.0f, -1.0f });
    check(apply_silu {}, { infinity, -0.0f, 0.0f, -0.0f, limits::max(), -0.0f });
    check(apply_gelu {}, { infinity, -0.0f, 0.0f, -0.0f, limits::max(), -0.0f });
    check(apply_gelu_tanh {}, { infinity, -0.0f, 0.0f, -0.0f, limits::max(), -0.0f });
}

TEST_CASE_TEMPLATE("activations: ragged tiles and every layout of C", Stage, apply_tanh, apply_gelu)
{
    const std::vector<float> x = quantkit::test::random_floats(max_rows * max_columns, 1, -6.0f, 6.0f);
    require_same_bits<float>(x, Stage {});
    require_same_bits<std::uint8_t>(x, Stage {}, quantize_to_codes { 20.0f, 7, { 0, 255 } });
}

TEST_CASE("every family: no product of an activation is fused with a stage that adds")
{
    const std::vector<float> x = quantkit::test::random_floats(max_rows * max_columns, 2, -6.0f, 6.0f);
    const std::vector<float> bias = quantkit::test::random_floats(first_column + max_columns, 3, -1.0f, 1.0f);
    require_same_bits<float>(x, apply_silu {}, add_columns { bias.data() }, apply_gelu_tanh {},
                             add_columns { bias.data() });
}

TEST_CASE_TEMPLATE("activations: chosen at run time, the same bits as the stage of that name", T, float, std::uint8_t)
{
    std::vector<float> x = quantkit::test::random_floats(max_columns, 4, -6.0f, 6.0f);
    const std::vector<float> extremes = quantkit::test::extreme_floats(max_columns, 5);
    x.insert(x.end(), extremes.begin(), extremes.end());
    const std::vector<float> bias = quantkit::test::random_floats(first_column + x.size(), 6, -1.0f, 1.0f);
    const quantize_to_codes codes { 20.0f, 7, { 0, 255 } };
    const auto check = [&](activation_function function, const auto&... stages)
    {
        const tile_of_c<T> c(1, x.size(), layouts[0]);
        const add_columns add { bias.data() };
        quantkit::test::for_each_lane_family(
            [&](lane_family lanes)
            {
                const auto finished = [&](const auto&... all) { return c.finished(lanes, x, x.size(), all...); };
                if constexpr (std::same_as<T, float>)
                {
                    require_equal(finished(apply_activation { function }), finished(stages...));
                    require_equal(finished(add, apply_activation { function }, add), finished(add, stages..., add));
                }
                else
                    require_equal(finished(apply_activation { function }, codes), finished(stages..., codes));
            });
    };
    check(activation_function::none);
    check(activation_function::relu, clamp_to {});
    check(activation_function::gelu, apply_gelu {});
    check(activation_function::gelu_tanh, apply_gelu_tanh {});
    check(activation_function::silu, apply_silu {});
    check(activation_function::sigmoid, apply_sigmoid {});
    check(activation_function::tanh, apply_tanh {});
}

TEST_CASE("activations: chosen at run time, ragged tiles and every layout of C")
{
    const std::vector<float> x = quantkit::test::random_floats(max_rows * max_columns, 7, -6.0f, 6.0f);
    require_same_bits<float>(x, apply_activation { activation_function::silu });
    require_same_bits<float>(x, apply_activation { activation_function::relu });
}
