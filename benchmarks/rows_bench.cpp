// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Row operations between the products of a transformer, on the shapes of a small one for time series, beside Eigen
/// expressions. Every result is verified before it is timed.
///
///     ours, scalar   row_functions of the best instruction set and of none, whatever the flags
///     eigen          the expression that one would write, by the flags of this program
///
/// Compare within one run: --benchmark_enable_random_interleaving=true --benchmark_repetitions=9
/// --benchmark_report_aggregates_only=true
#include <quantkit/kernels/rows/select_rows.hpp>
#include <quantkit/tensor/types.hpp>

#include <benchmark/benchmark.h>

#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>

#include <cstddef>
#include <string>

namespace
{
    namespace qk = quantkit;
    using qk::kernels::row_functions;

    struct problem
    {
        qk::matrix_f x, y;
        qk::vector_f gamma, beta;

        problem(Eigen::Index rows, Eigen::Index columns)
            : x(4.0f * qk::matrix_f::Random(rows, columns))
            , y(rows, columns)
            , gamma(qk::vector_f::Random(columns))
            , beta(qk::vector_f::Random(columns))
        {
        }

        qk::kernels::row_extents extents() const
        {
            return { static_cast<std::size_t>(x.rows()), static_cast<std::size_t>(x.cols()) };
        }

        qk::kernels::row_view<const float> input() const { return { x.data(), x.cols() }; }
        qk::kernels::row_view<float> output() { return { y.data(), y.cols() }; }
    };

    struct softmax
    {
        static constexpr float factor = 0.125f;

        static void run(const row_functions& rows, problem& data)
        {
            rows.softmax(data.input(), factor, data.output(), data.extents());
        }

        static void eigen(problem& data)
        {
            for (Eigen::Index i = 0; i < data.x.rows(); ++i)
            {
                auto y = data.y.row(i).array();
                y = factor * data.x.row(i).array();
                y = (y - y.maxCoeff()).exp();
                y *= 1.0f / y.sum();
            }
        }
    };

    struct layer_norm
    {
        static constexpr float epsilon = 1e-5f;

        static void run(const row_functions& rows, problem& data)
        {
            rows.layer_norm(data.input(), {}, { data.gamma.data(), data.beta.data(), epsilon }, data.output(),
                            data.extents());
        }

        static void eigen(problem& data)
        {
            const auto gamma = data.gamma.transpose().array(), beta = data.beta.transpose().array();
            for (Eigen::Index i = 0; i < data.x.rows(); ++i)
            {
                auto y = data.y.row(i).array();
                y = data.x.row(i).array() - data.x.row(i).mean();
                y = y * (1.0f / std::sqrt(y.square().mean() + epsilon)) * gamma + beta;
            }
        }
    };

    struct gelu
    {
        static void run(const row_functions& rows, problem& data)
        {
            rows.activate(qk::kernels::activation_function::gelu, data.x.data(), data.y.data(),
                          static_cast<std::size_t>(data.x.size()));
        }

        static void eigen(problem& data)
        {
            const auto x = data.x.array();
            data.y.array() = 0.5f * x * (1.0f + (x * 0.70710678f).erf());
        }
    };

    void time_calls(benchmark::State& state, problem& data, const auto& expected, const auto& call)
    {
        data.y.setZero();
        call();
        if (!((data.y - expected).norm() < 1e-5f * expected.norm()))
            return state.SkipWithError("wrong result");
        for (auto _ : state)
        {
            call();
            benchmark::ClobberMemory();
        }
        const auto elements = static_cast<double>(data.x.size());
        state.counters["ns/element"] = benchmark::Counter(elements * 1e-9, benchmark::Counter::kIsIterationInvariantRate
                                                                               | benchmark::Counter::kInvert);
    }

    template <class Operation>
    void add(const std::string& name, Eigen::Index rows, Eigen::Index columns)
    {
        const auto add_one = [&](const std::string& how, auto call)
        {
            const std::string full = name + "/" + how + "/" + std::to_string(rows) + "x" + std::to_string(columns);
            benchmark::RegisterBenchmark(full.c_str(),
                                         [=](benchmark::State& state)
                                         {
                                             problem data(rows, columns);
                                             Operation::eigen(data);
                                             const qk::matrix_f expected = data.y;
                                             time_calls(state, data, expected, [&] { call(data); });
                                         })
                ->Unit(benchmark::kMicrosecond);
        };
        using qk::kernels::lane_family;
        add_one("ours", [](problem& data) { Operation::run(qk::kernels::best_row_functions(), data); });
        add_one("scalar",
                [](problem& data) { Operation::run(qk::kernels::row_functions_of(lane_family::scalar), data); });
        add_one("eigen", [](problem& data) { Operation::eigen(data); });
    }

    const bool all_added = []
    {
        add<softmax>("softmax", 768, 96);
        add<layer_norm>("layer_norm", 96, 256);
        add<gelu>("gelu", 96, 512);
        return true;
    }();
}
