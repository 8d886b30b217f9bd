// SPDX-License-Identifier: BSD-3-Clause
/// Searches for plans of 8 options a layer: seconds, and what is left to prove ("gap", of the objective).
///
/// Layers as those of a model: half the bits have more error and less time, with noise; no two are alike.
#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/sensitivity/exact_search.hpp>
#include <quantkit/sensitivity/greedy_search.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>

using namespace quantkit;

namespace
{
    enum budget_kind
    {
        bytes,
        bytes_and_loose_time,
        bytes_and_tight_time
    };

    plan_problem problem_of(std::size_t layers, budget_kind budgets)
    {
        constexpr std::size_t options = 8;
        splitmix64 random(1);
        const auto uniform = [&] { return static_cast<double>(random.next() >> 11) * 0x1p-53; };
        plan_problem problem;
        double all_bytes = 0.0, all_time = 0.0;
        for (std::size_t i = 0; i < layers; ++i)
        {
            const double size = std::exp(4.0 * uniform()), sensitivity = std::exp(8.0 * uniform());
            auto& layer = problem.layers.emplace_back();
            for (std::size_t j = 0; j < options; ++j)
            {
                const double width = static_cast<double>(options - j) / options;
                const double error = j == 0 ? 0.0 : sensitivity * std::exp(-6.0 * width) * (0.5 + uniform());
                layer.push_back({ error, static_cast<std::size_t>(1000.0 * size * width),
                                  size * (0.3 + width * (0.5 + uniform())) });
            }
            all_bytes += static_cast<double>(layer.front().bytes);
            all_time += layer.front().microseconds;
        }
        problem.budgets.bytes = static_cast<std::size_t>(0.45 * all_bytes);
        if (budgets != bytes)
            problem.budgets.microseconds = (budgets == bytes_and_loose_time ? 0.7 : 0.5) * all_time;
        return problem;
    }

    template <plan_search Search>
    void search(benchmark::State& state, Search searching)
    {
        const plan_problem problem =
            problem_of(static_cast<std::size_t>(state.range(0)), static_cast<budget_kind>(state.range(1)));
        const plan_solution solution = searching(problem);
        if (!solution.found() || !fits(total_of(problem, solution.plan), problem.budgets)
            || solution.lower_bound > solution.total.error)
            return state.SkipWithError("the plan does not keep its promises");
        for (auto _ : state)
            benchmark::DoNotOptimize(searching(problem).total.error);
        state.counters["error"] = solution.total.error;
        state.counters["gap"] = gap_of(solution, problem.objective) / solution.total.error;
    }

    void sizes(benchmark::internal::Benchmark* bench)
    {
        for (const int layers : { 57, 1000, 10000 })
            for (const int budgets : { bytes, bytes_and_loose_time, bytes_and_tight_time })
                bench->Args({ layers, budgets });
        bench->ArgNames({ "layers", "budgets" })->Unit(benchmark::kMillisecond);
    }

    BENCHMARK_CAPTURE(search, exact, exact_search {})->Apply(sizes);
    BENCHMARK_CAPTURE(search, greedy, greedy_search {})
        ->Args({ 57, bytes })
        ->Args({ 1000, bytes })
        ->Args({ 10000, bytes })
        ->ArgNames({ "layers", "budgets" })
        ->Unit(benchmark::kMillisecond);
}
