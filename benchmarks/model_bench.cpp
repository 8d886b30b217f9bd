// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Whole models, from one sample to a batch: the MLP and the residual network of the examples, their encoder of 30
/// layers and the description of 57. FP32, INT8 static, INT8 dynamic per tensor and per row.
///
/// Every session's logits are verified before it is timed: against PyTorch's, or for the MLP against Eigen's.
#include "support/data.hpp"
#include "support/models.hpp"
#include "support/session_call.hpp"

#include <quantkit/model/calibration.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace
{
    namespace qk = quantkit;
    const std::filesystem::path examples = QUANTKIT_EXAMPLES;

    /// A model with samples [samples * time, features] and the logits that float must have of them.
    struct test_case
    {
        qk::model network;
        qk::matrix_f inputs, logits;
    };

    test_case fashion_case()
    {
        const auto bias = [](const qk::weight_set& weights, const std::string& layer)
        {
            const std::vector<float>& values = weights[layer + ".bias"].values;
            return Eigen::Map<const Eigen::RowVectorXf>(values.data(), static_cast<Eigen::Index>(values.size()));
        };
        const qk::model network = demo::fashion_mlp(examples);
        const qk::matrix_f inputs = qk::matrix_f::Random(256, 784);
        qk::matrix_f y = inputs;
        for (const std::string layer : { "fc.0", "fc.1", "fc.2" })
        {
            const qk::weight_tensor& weight = network.weights()[layer + ".weight"];
            const Eigen::Map<const qk::matrix_f> w(weight.values.data(), weight.shape[0], weight.shape[1]);
            y = ((y * w.transpose()).rowwise() + bias(network.weights(), layer)).eval();
            if (layer != "fc.2")
                y = y.cwiseMax(0.0f);
        }
        return { network, inputs, y };
    }

    test_case residual_case()
    {
        const std::filesystem::path folder = examples / "weather/residual_4_256x7_13";
        return { demo::weather_residual(examples), demo::read_matrix(folder / "eval_inputs.npy"),
                 demo::read_matrix(folder / "eval_logits.npy") };
    }

    test_case informer_case()
    {
        const std::filesystem::path folder = examples / "weather";
        const auto ends = demo::read_values<std::int32_t>(folder / "data/test_ends.npy");
        const qk::matrix_f series = demo::read_matrix(folder / "data/features.npy");
        return { demo::weather_informer(examples), demo::windows_of(series, { ends.begin(), ends.begin() + 32 }, 96),
                 demo::read_matrix(folder / "informer_small/eval_logits.npy").topRows(32) };
    }

    test_case informer_57_case()
    {
        const std::filesystem::path folder = examples / "informer_57";
        const auto inputs = qk::generated_weights(qk::read_weight_recipe(folder / "graph.json", "check_inputs"));
        const std::vector<float>& values = inputs["check_inputs"].values;
        return { demo::informer_57(examples),
                 Eigen::Map<const qk::matrix_f>(values.data(), static_cast<Eigen::Index>(values.size()) / 100, 100),
                 demo::read_matrix(folder / "check_logits.npy") };
    }

    /// At least this SQNR, in dB, a session must have; the worst of what these models have, and some room.
    struct measured_precision
    {
        std::string name;
        qk::precision_plan plan;
        double least_sqnr_db;
    };

    qk::quantized_model quantized(const test_case& test, const qk::precision_plan& plan)
    {
        qk::prepared_model prepared = prepare(test.network);
        calibrate(prepared, test.inputs);
        return convert(prepared, plan);
    }

    bool is_right(const qk::session& network, const qk::matrix_f& x, const test_case& test, double least_sqnr_db)
    {
        const qk::matrix_f actual = network(x), expected = test.logits.topRows(actual.rows());
        const double noise = (actual - expected).squaredNorm(), signal = expected.squaredNorm();
        return 10 * std::log10(signal / noise) >= least_sqnr_db;
    }

    /// make() when it is first asked for, and the same ever after.
    template <class Make>
    auto made_once(Make make)
    {
        using value = std::invoke_result_t<Make>;
        const auto made = std::make_shared<std::optional<value>>();
        return [=]() -> const value&
        {
            if (!*made)
                made->emplace(make());
            return **made;
        };
    }

    void time_model(benchmark::State& state, const test_case& test, const qk::session& network, double least_sqnr_db)
    {
        const auto samples = static_cast<Eigen::Index>(state.range(0));
        const auto time = static_cast<Eigen::Index>(test.network.input_shape().time);
        const qk::matrix_f x = test.inputs.topRows(samples * time);
        if (!is_right(network, x, test, least_sqnr_db))
            return state.SkipWithError("wrong result");
        const std::function<void()> call = demo::session_call(network, x);
        call(); // allocates
        for (auto _ : state)
        {
            call();
            benchmark::ClobberMemory();
        }
        state.SetItemsProcessed(state.iterations() * state.range(0));
    }

    void add(const std::string& name, test_case (*make)(), const std::vector<std::int64_t>& batches)
    {
        const auto test = made_once(make);
        for (const measured_precision& precision : { measured_precision { "fp32", {}, 90.0 },
                                                     { "int8_static", { qk::int8_static }, 15.0 },
                                                     { "int8_dynamic", { qk::int8_dynamic }, 20.0 },
                                                     { "int8_dynamic_per_row", { qk::int8_dynamic_per_row }, 20.0 } })
        {
            const auto network = made_once([=] { return qk::session(quantized(test(), precision.plan)); });
            const double least_sqnr_db = precision.least_sqnr_db;
            for (const std::int64_t batch : batches)
                benchmark::RegisterBenchmark((name + "/" + precision.name).c_str(), [=](benchmark::State& state)
                                             { time_model(state, test(), network(), least_sqnr_db); })
                    ->Arg(batch)
                    ->Unit(benchmark::kMicrosecond);
        }
    }

    const bool all_added = []
    {
        add("mlp", &fashion_case, { 1, 4, 8, 16, 256 });
        add("residual", &residual_case, { 1, 4, 8, 16, 256 });
        add("informer", &informer_case, { 1, 4, 8, 16 });
        add("informer_57", &informer_57_case, { 1, 4 });
        return true;
    }();
}
