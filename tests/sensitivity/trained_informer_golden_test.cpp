// SPDX-License-Identifier: BSD-3-Clause
// The encoder of 30 layers of the folder QUANTKIT_MODELS against what fake quantization in PyTorch measured on it, one
// layer at a time: decibels over all 1,327 test windows; 256 calibration windows; weights symmetric per tensor.
#include <quantkit/core/executor.hpp>
#include <quantkit/io/npy.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

using namespace quantkit;
namespace fs = std::filesystem;

namespace
{
    constexpr std::size_t int8 = 1, fp16 = 2;

    /// INT8 rounds what every layer reads and its result, also of those without products.
    std::vector<precision_candidate> candidates()
    {
        const layer_precision codes { precision::int8, activation_mode::calibrated, per_tensor {}, true };
        return { { "FP32" }, { "INT8", codes, true }, { "FP16", fp16_layer } };
    }

    /// Those that sessions compute with; some are left out to spare time.
    std::vector<precision_candidate> session_candidates()
    {
        std::vector<precision_candidate> all = precision_candidates();
        std::erase_if(all, [](const precision_candidate& each)
                      { return each.rounds_inputs || each.name == "BF16" || each.name == "INT8 static"; });
        return all;
    }

    /// Windows of 96 steps that end in every stride-th of these rows, one below the other.
    matrix_f windows_of(const fs::path& data, const std::string& ends, std::size_t stride)
    {
        constexpr Eigen::Index length = 96;
        const npy_array series_file = read_npy(data / "sp500_features.npy"), rows = read_npy(data / ends);
        const Eigen::Map<const matrix_f> series(series_file.as<float>().data(), series_file.shape[0],
                                                series_file.shape[1]);
        const auto last = rows.as<std::int32_t>();
        const std::size_t count = (last.size() + stride - 1) / stride;
        matrix_f windows(static_cast<Eigen::Index>(count) * length, series.cols());
        for (std::size_t i = 0; i < count; ++i)
            windows.middleRows(static_cast<Eigen::Index>(i) * length, length) =
                series.middleRows(last[i * stride] + 1 - length, length);
        return windows;
    }

    /// With a dropout behind each feed-forward, too, as the reference's code has it: one layer there, which it applies
    /// twice, and which the description names once.
    model with_both_dropouts(const model& network)
    {
        std::vector<layer> layers;
        for (layer each : network.layers())
        {
            if (each.name.ends_with(".norm2"))
            {
                const std::string block = each.name.substr(0, each.name.size() - 5);
                layers.push_back(
                    { block + "dropout.ffn", layer_kind::dropout, dropout_operation { 0.2f }, { block + "ffn" } });
                each.inputs[0] = layers.back().name;
            }
            layers.push_back(each);
        }
        return { layers, network.weights(), network.input_shape() };
    }

    /// The folder's network with windows; every stride-th one to test with, all of them with QUANTKIT_LONG_TESTS.
    struct trained_data
    {
        model network;
        matrix_f calibration, test;
    };

    /// Nothing without the folder.
    std::optional<trained_data> read_data(std::size_t stride)
    {
        const char* const chosen = std::getenv("QUANTKIT_MODELS");
        const fs::path root = chosen == nullptr || *chosen == '\0' ? QUANTKIT_MODELS_DEFAULT : chosen;
        if (root.empty())
        {
            MESSAGE("SKIPPED: QUANTKIT_MODELS names no folder");
            return std::nullopt;
        }
        const fs::path folder = root / "models/informer_small", data = root / "data";
        stride = std::getenv("QUANTKIT_LONG_TESTS") == nullptr ? stride : 1;
        return trained_data { read_model(folder / "graph.json", folder / "model.safetensors"),
                              windows_of(data, "sp500_calib_ends.npy", 1),
                              windows_of(data, "sp500_test_ends.npy", stride) };
    }

    struct subject
    {
        model network;
        simulated_model layers;
    };

    std::optional<subject> read_subject(std::size_t stride, std::vector<precision_candidate> choices_of_layer)
    {
        const std::optional<trained_data> data = read_data(stride);
        if (!data)
            return std::nullopt;
        return subject { data->network,
                         simulated_model(data->network, data->calibration, data->test, std::move(choices_of_layer)) };
    }

    std::vector<float> outputs_of(const simulated_model& layers, const choices& plan)
    {
        std::vector<float> outputs(layers.samples() * layers.output_size());
        layers.run(plan, 0, layers.samples(), outputs);
        return outputs;
    }

    double power_of(const std::vector<float>& outputs)
    {
        const auto add_square = [](double sum, float y)
        { return sum + static_cast<double>(y) * static_cast<double>(y); };
        return std::accumulate(outputs.begin(), outputs.end(), 0.0, add_square) / static_cast<double>(outputs.size());
    }

    double decibels_of_plan(const simulated_model& layers, const choices& plan)
    {
        const sample_block all { 0, layers.samples(), layers.output_size() };
        const std::vector<float> want = outputs_of(layers, choices(plan.size()));
        return decibels_of(output_mse {}.error(want, outputs_of(layers, plan), all), power_of(want));
    }

    /// An observer that has seen the results of these layers in float.
    minmax_observer observed_results(const model& network, const matrix_f& windows,
                                     const std::vector<std::size_t>& observed)
    {
        const simulated_model layers(network, matrix_f(0, windows.cols()), windows, { { "FP32" } });
        minmax_observer observer;
        for (std::size_t window = 0; window < layers.samples(); ++window)
        {
            const auto cached = layers.cache(choices(network.layers().size()), window, 1);
            for (const std::size_t layer : observed)
            {
                std::vector<float> result(layers.result_size(layer));
                layers.run_layer(cached, layer, reference_candidate, result);
                observer.observe(
                    tensor_view<const float>(result.data(), { static_cast<std::ptrdiff_t>(result.size()) }));
            }
        }
        return observer;
    }

    /// What the reference says of each layer at INT8; of dropouts in a test of their own.
    const std::map<std::string, double>& reference_decibels()
    {
        static const std::map<std::string, double> all {
            { "embed", 40.41 },
            { "encoder.0.norm1", 41.32 },
            { "pos", 42.04 },
            { "distil.0", 46.63 },
            { "pool.0", 46.67 },
            { "encoder.0.norm2", 46.68 },
            { "encoder.1.norm1", 46.80 },
            { "distil.1", 47.00 },
            { "encoder.3.norm2", 47.26 },
            { "encoder.1.norm2", 47.28 },
            { "encoder.2.norm1", 47.37 },
            { "encoder.3.norm1", 48.50 },
            { "encoder.2.norm2", 48.71 },
            { "head", 50.74 },
            { "encoder.0.attn", 52.09 },
            { "encoder.0.ffn", 56.91 },
            { "encoder.1.attn", 57.48 },
            { "encoder.1.ffn", 58.58 },
            { "encoder.2.ffn", 59.70 },
            { "encoder.0.act", 59.80 },
            { "encoder.3.ffn", 60.00 },
            { "encoder.2.attn", 60.36 },
            { "encoder.1.act", 60.70 },
            { "encoder.3.attn", 60.78 },
            { "encoder.2.act", 61.60 },
            { "encoder.3.act", 62.65 },
        };
        return all;
    }

    /// A plan that follows from the kinds of layers alone.
    template <class ChoiceOf>
    choices plan_by_kind(const simulated_model& layers, ChoiceOf choice_of)
    {
        choices plan;
        for (const layer_facts& layer : layers.layers())
            plan.push_back(choice_of(layer.kind));
        return plan;
    }

    /// As the reference counts: scales in float, and what belongs to a layer in FP16 is in FP16 throughout.
    std::size_t reference_bytes(const simulated_model& layers, const choices& plan)
    {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < plan.size(); ++i)
            bytes += plan[i] == fp16 ? 2 * layers.layers()[i].parameters : layers.bytes(i, plan[i]);
        return bytes;
    }
}

TEST_CASE("trained informer: one layer at a time is what PyTorch measured")
{
    const std::optional<subject> trained = read_subject(4, candidates());
    if (!trained)
        return;
    const simulated_model& layers = trained->layers;
    Eigen::ThreadPool pool(1);
    const sensitivity_table table = measure_sensitivity(layers, one_at_a_time {}, output_mse {}, thread_pool(pool));
    const double power = power_of(outputs_of(layers, choices(layers.layers().size())));
    std::vector<std::pair<double, std::string>> sorted;
    for (std::size_t i = 0; i < layers.layers().size(); ++i)
    {
        const std::string& name = layers.layers()[i].name;
        const sensitivity_entry& entry = table.at(i, int8);
        const double decibels = decibels_of(entry.error, power);
        INFO(name);
        sorted.emplace_back(decibels, name);
        CHECK_LT(entry.interval.low, entry.error);
        CHECK_GT(entry.interval.high, entry.error);
        if (const auto known = reference_decibels().find(name); known != reference_decibels().end())
            CHECK_EQ(decibels, doctest::Approx(known->second).epsilon(1.0 / known->second)); // 1 dB
    }
    std::sort(sorted.begin(), sorted.end());
    const std::vector<std::string> want { "embed", "encoder.0.norm1", "pos", "distil.0", "pool.0" };
    const bool all_windows = layers.samples() == 1327; // with fewer, the fifth and the sixth are within 0.1 dB
    for (std::size_t i = 0; i < (all_windows ? 5u : 4u); ++i)
        CHECK_EQ(sorted[i].second, want[i]);
}

TEST_CASE("trained informer: a dropout that is applied twice, with one range, is what PyTorch measured")
{
    const std::optional<trained_data> data = read_data(8);
    if (!data)
        return;
    const model network = with_both_dropouts(data->network);
    const std::vector<double> reference { 55.42, 58.57, 58.24, 61.15 };
    for (std::size_t block = 0; block < reference.size(); ++block)
    {
        const std::string name = "encoder." + std::to_string(block) + ".dropout";
        const std::size_t first = network.index_of(name), second = network.index_of(name + ".ffn");
        qconfig config;
        config.activations = observed_results(network, data->calibration, { first, second });
        const matrix_f window = data->calibration.topRows(96); // whose values are within that range
        const simulated_model layers(network, window, data->test, candidates(), config);
        const choices in_float(network.layers().size());
        choices both = in_float;
        both[first] = both[second] = int8;
        INFO(name);
        CHECK_EQ(decibels_of_plan(layers, both),
                 doctest::Approx(reference[block]).epsilon(1.0 / reference[block])); // 1 dB
    }
}

TEST_CASE("trained informer: the rule of thumb loses to its inverse")
{
    const std::optional<subject> trained = read_subject(4, candidates());
    if (!trained)
        return;
    const simulated_model& layers = trained->layers;
    using kind = layer_kind;
    const choices rule = plan_by_kind(layers,
                                      [](kind each)
                                      {
                                          const bool spared = each == kind::attention_layers
                                                              || each == kind::feed_forward || each == kind::layer_norm
                                                              || each == kind::output_projection;
                                          return spared ? fp16 : int8;
                                      });
    const choices inverse = plan_by_kind(layers,
                                         [](kind each)
                                         {
                                             const bool coded = each == kind::attention_layers
                                                                || each == kind::feed_forward
                                                                || each == kind::activation || each == kind::dropout;
                                             return coded ? int8 : fp16;
                                         });
    const choices in_float(layers.layers().size());
    CHECK_EQ(decibels_of_plan(layers, rule), doctest::Approx(36.63).epsilon(0.5 / 36.63));
    CHECK_GE(decibels_of_plan(layers, inverse), 46.61 - 0.5);
    CHECK_EQ(reference_bytes(layers, in_float), 976'396u);
    CHECK_EQ(reference_bytes(layers, rule), 444'818u); // 2.20 times smaller
    const std::size_t repeated_scales =
        4 * (192 - 3) * sizeof(float); // of q, k and v: one an output here, not one each
    CHECK_EQ(reference_bytes(layers, inverse) - repeated_scales, 296'294u); // 3.30 times
}

TEST_CASE("trained informer: a measured plan beats both, on windows that chose nothing")
{
    const std::optional<subject> trained = read_subject(8, session_candidates());
    if (!trained)
        return;
    const simulated_model& layers = trained->layers;
    Eigen::ThreadPool pool(1);
    evaluation_options options;
    options.budgets.bytes = 976'396 * 10 / 33;
    const auto found = sensitivity_evaluator { options }.with_executor(thread_pool(pool))(layers);
    REQUIRE(found.solution.found());
    CHECK_LE(found.solution.total.bytes, *options.budgets.bytes);
    const double power = power_of(outputs_of(layers, choices(layers.layers().size())));
    CHECK_GE(decibels_of(found.verified.measured, power), 46.0);

    // the same from one thread, and a bound that the first plan misses
    options.objective = plan_objective::bytes;
    options.budgets = {};
    options.budgets.error = power * std::pow(10.0, -5.0); // 50 dB
    const auto bounded = sensitivity_evaluator { options }(layers);
    CHECK(bounded.table == found.table);
    REQUIRE(bounded.solution.found());
    CHECK(bounded.verified.keeps_bound);
    CHECK_LE(bounded.verified.measured, *options.budgets.error);
    CHECK_LT(total_of(bounded.problem, bounded.verified.plan).bytes, 976'396u / 3);
}
