// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/rows/row_functions.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::for_each_lane_family;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_floats;
    using quantkit::test::require_equal;

    constexpr std::array<std::size_t, 12> widths { 1, 2, 7, 8, 9, 15, 16, 17, 33, 100, 256, 768 };

    struct problem
    {
        std::size_t rows, columns;
        float epsilon = 1e-5f;
        std::vector<float> x, residual, gamma, beta; // residual may be empty

        problem(std::size_t row_count, std::size_t column_count, float mean, float deviation, bool with_residual)
            : rows(row_count)
            , columns(column_count)
            , x(quantkit::test::normal_floats(rows * columns, columns, deviation))
            , gamma(random_floats(columns, 2, -2.0f, 2.0f))
            , beta(random_floats(columns, 3, -1.0f, 1.0f))
        {
            for (float& value : x)
                value += mean;
            if (with_residual)
                residual = quantkit::test::normal_floats(rows * columns, 4, deviation);
        }

        std::vector<float> result(lane_family lanes, std::size_t gap = 0) const
        {
            const std::size_t stride = columns + gap;
            const guarded_buffer<float> a(x), b(residual), g(gamma), h(beta);
            guarded_buffer<float> y((rows - 1) * stride + columns);
            std::fill(y.begin(), y.end(), 77.0f);
            const auto dense = static_cast<std::ptrdiff_t>(columns);
            row_functions_of(lanes).layer_norm({ a.data(), dense }, { residual.empty() ? nullptr : b.data(), dense },
                                               { g.data(), h.data(), epsilon },
                                               { y.data(), static_cast<std::ptrdiff_t>(stride) }, { rows, columns });
            std::vector<float> values;
            for (std::size_t i = 0; i < y.size(); ++i)
                if (i % stride < columns)
                    values.push_back(y[i]);
                else
                    REQUIRE(y[i] == 77.0f);
            return values;
        }

        // x + residual, rounded to float as the kernel does
        std::vector<float> sums() const
        {
            std::vector<float> s = x;
            for (std::size_t i = 0; i < residual.size(); ++i)
                s[i] = quantkit::test::float_sum(x[i], residual[i]);
            return s;
        }
    };

    void require_near_definition(const std::vector<float>& y, const problem& data)
    {
        const std::vector<float> s = data.sums();
        const auto n = static_cast<double>(data.columns);
        for (std::size_t first = 0; first < s.size(); first += data.columns)
        {
            double mean = 0.0, magnitude = 0.0, variance = 0.0;
            for (std::size_t j = 0; j < data.columns; ++j)
            {
                mean += static_cast<double>(s[first + j]) / n;
                magnitude += std::abs(static_cast<double>(s[first + j])) / n;
            }
            for (std::size_t j = 0; j < data.columns; ++j)
                variance += std::pow(static_cast<double>(s[first + j]) - mean, 2) / n;
            const double deviation = std::sqrt(variance + static_cast<double>(data.epsilon));
            const double lost = 0x1p-24 * (n / 16.0 + 5.0) * magnitude / deviation;
            for (std::size_t j = 0; j < data.columns; ++j)
            {
                const double z = (static_cast<double>(s[first + j]) - mean) / deviation;
                const auto gamma = static_cast<double>(data.gamma[j]), beta = static_cast<double>(data.beta[j]);
                const double exact = z * gamma + beta;
                const double bound = 0x1p-24 * (n / 8.0 + 16.0) * (1.0 + lost)
                                     * ((1.0 + std::abs(z)) * std::abs(gamma) + std::abs(beta));
                if (!(std::abs(static_cast<double>(y[first + j]) - exact) <= bound))
                    FAIL("column ", j, " of ", data.columns, ": ", y[first + j], " instead of ", exact);
            }
        }
    }
}

TEST_CASE("layer norm: near the definition in double, the same bits on every family, ragged rows")
{
    for (const std::size_t columns : widths)
        for (const bool residual : { false, true })
        {
            CAPTURE(columns);
            CAPTURE(residual);
            const problem data(9, columns, 0.3f, 2.0f, residual); // 9 rows: groups and a rest
            const std::vector<float> y = data.result(lane_family::scalar);
            require_near_definition(y, data);
            for_each_lane_family([&](lane_family lanes) { require_equal(data.result(lanes, 5), y); });
        }
}

TEST_CASE("layer norm: a mean that is large beside the deviation costs no accuracy but that of x")
{
    for (const float mean : { 1e2f, -1e4f, 1e6f })
        for (const std::size_t columns : { std::size_t { 96 }, std::size_t { 768 } })
        {
            CAPTURE(mean);
            const problem data(3, columns, mean, 1.0f, false);
            for_each_lane_family([&](lane_family lanes) { require_near_definition(data.result(lanes), data); });
        }
}

TEST_CASE("layer norm: deviations from 1e-18 to 1e18")
{
    for (const float deviation : { 1e-18f, 1e-3f, 1e3f, 1e18f })
    {
        CAPTURE(deviation);
        problem data(2, 64, 0.0f, deviation, true);
        for (const float epsilon : { 1e-5f, 1e-12f })
        {
            data.epsilon = epsilon;
            require_near_definition(data.result(lane_family::scalar), data);
        }
    }
}

TEST_CASE("layer norm: equal values give beta, with an epsilon; NaN without")
{
    problem data(1, 40, 0.0f, 1.0f, false);
    std::fill(data.x.begin(), data.x.end(), 12345.67f);
    for_each_lane_family(
        [&](lane_family lanes)
        {
            data.epsilon = 1e-5f;
            require_near_definition(data.result(lanes), data);
            data.epsilon = 0.0f;
            std::fill(data.x.begin(), data.x.end(), 2.0f);
            for (const float value : data.result(lanes))
                REQUIRE(std::isnan(value));
        });
}

TEST_CASE("layer norm: NaN and infinities make their row NaN, and no other")
{
    using limits = std::numeric_limits<float>;
    for (const float odd : { limits::quiet_NaN(), limits::infinity(), -limits::infinity() })
        for (const std::size_t at : { std::size_t { 0 }, std::size_t { 15 }, std::size_t { 20 } })
        {
            problem data(3, 21, 1.0f, 1.0f, false);
            const problem whole = data;
            data.x[21 + at] = odd;
            for_each_lane_family(
                [&](lane_family lanes)
                {
                    const std::vector<float> y = data.result(lanes), without = whole.result(lanes);
                    for (std::size_t i = 0; i < y.size(); ++i)
                        if (i / 21 == 1)
                            REQUIRE(std::isnan(y[i]));
                        else
                            REQUIRE(y[i] == without[i]);
                });
        }
}

TEST_CASE("layer norm: the output may be the input or the residual")
{
    const problem data(5, 50, 1.0f, 3.0f, true);
    const guarded_buffer<float> gamma(data.gamma), beta(data.beta);
    for_each_lane_family(
        [&](lane_family lanes)
        {
            guarded_buffer<float> x(data.x, quantkit::test::guard_page::before);
            guarded_buffer<float> residual(data.residual, quantkit::test::guard_page::before);
            const layer_norm_parameters parameters { gamma.data(), beta.data(), data.epsilon };
            const auto run = [&](float* y) {
                row_functions_of(lanes).layer_norm({ x.data(), 50 }, { residual.data(), 50 }, parameters, { y, 50 },
                                                   { 5, 50 });
            };
            run(x.data());
            require_equal(x, data.result(lanes));
            std::copy(data.x.begin(), data.x.end(), x.begin());
            run(residual.data());
            require_equal(residual, data.result(lanes));
        });
}
