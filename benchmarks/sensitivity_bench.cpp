// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What it costs to measure the sensitivity of 57 layers at 4 candidates, one layer at a time, for a block of windows:
/// by running only what follows each changed layer, and by running the whole model.
///
/// Both are verified to give the same errors before they are timed. `entries` are the combinations that change
/// anything; a run of the whole model for each layer and candidate would be 228.
#include "support/models.hpp"

#include <quantkit/model/generated_weights.hpp>
#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <vector>

namespace
{
    namespace qk = quantkit;
    constexpr Eigen::Index steps = 96, features = 100;

    /// A model that hides that it can spare layers.
    struct whole_runs
    {
        const qk::simulated_model* model;

        const std::vector<qk::layer_facts>& layers() const { return model->layers(); }
        std::vector<qk::candidate> candidates() const { return model->candidates(); }
        bool allows(std::size_t layer, std::size_t choice) const { return model->allows(layer, choice); }
        std::size_t bytes(std::size_t layer, std::size_t choice) const { return model->bytes(layer, choice); }
        std::size_t samples() const { return model->samples(); }
        std::size_t output_size() const { return model->output_size(); }
        void run(const qk::choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
        {
            model->run(plan, first, count, outputs);
        }
    };
    static_assert(!qk::incremental_model<whole_runs>);

    const qk::simulated_model& subject()
    {
        static const qk::simulated_model model = []
        {
            std::vector<qk::precision_candidate> candidates = qk::precision_candidates();
            std::erase_if(candidates, [](const qk::precision_candidate& each)
                          { return each.rounds_inputs || each.name == "BF16" || each.name == "INT8 weights"; });
            const qk::matrix_f windows = qk::matrix_f::Random(8 * steps, features);
            return qk::simulated_model(demo::informer_57(QUANTKIT_EXAMPLES), windows, windows, candidates);
        }();
        return model;
    }

    template <class Model>
    qk::sensitivity_table measured(const Model& model, std::size_t windows)
    {
        qk::measurement_options options;
        options.samples = windows;
        return qk::measure_sensitivity(model, qk::one_at_a_time {}, qk::output_mse {}, qk::sequential {}, options);
    }

    void verify()
    {
        static const bool same = measured(subject(), 1) == measured(whole_runs { &subject() }, 1);
        if (!same)
            throw std::runtime_error("whole and partial runs have different errors");
    }

    template <class Model>
    void measure(benchmark::State& state, const Model& model)
    {
        verify();
        const auto windows = static_cast<std::size_t>(state.range(0));
        std::size_t entries = 0;
        for (std::size_t layer = 0; layer < model.layers().size(); ++layer)
            for (std::size_t choice = 1; choice < model.candidates().size(); ++choice)
                entries += model.allows(layer, choice);
        for (auto _ : state)
            benchmark::DoNotOptimize(measured(model, windows));
        state.counters["entries"] = static_cast<double>(entries);
        state.counters["s_per_256_windows"] =
            benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(windows) / 256,
                               benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    }

    void sensitivity_of_what_follows(benchmark::State& state) { measure(state, subject()); }
    void sensitivity_of_whole_runs(benchmark::State& state) { measure(state, whole_runs { &subject() }); }
    void one_run(benchmark::State& state)
    {
        const auto windows = static_cast<std::size_t>(state.range(0));
        std::vector<float> outputs(windows * subject().output_size());
        for (auto _ : state)
            subject().run(qk::choices(subject().layers().size()), 0, windows, outputs);
    }
}

BENCHMARK(one_run)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond);
BENCHMARK(sensitivity_of_what_follows)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond);
BENCHMARK(sensitivity_of_whole_runs)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond);
