// SPDX-License-Identifier: BSD-3-Clause
// Models that PyTorch trained or ran: those of the examples, and those of the folder QUANTKIT_MODELS.
#include <quantkit/io/npy.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/generated_weights.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/model/session.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

using namespace quantkit;
namespace fs = std::filesystem;

namespace
{
    const fs::path examples = QUANTKIT_EXAMPLES;

    matrix_f matrix_of(const npy_array& array)
    {
        const std::ptrdiff_t columns = array.shape[array.shape.rank() - 1];
        const auto values = array.as<float>();
        return Eigen::Map<const matrix_f>(values.data(), static_cast<Eigen::Index>(values.size()) / columns, columns);
    }

    matrix_f read_matrix(const fs::path& path) { return matrix_of(read_npy(path)); }

    /// The windows of a series that end in these rows, one below the other.
    matrix_f windows_of(const matrix_f& series, const fs::path& ends, Eigen::Index length)
    {
        const npy_array rows = read_npy(ends);
        const auto last = rows.as<std::int32_t>();
        matrix_f windows(static_cast<Eigen::Index>(last.size()) * length, series.cols());
        for (std::size_t i = 0; i < last.size(); ++i)
            windows.middleRows(static_cast<Eigen::Index>(i) * length, length) =
                series.middleRows(last[i] + 1 - length, length);
        return windows;
    }

    double sqnr_db(const matrix_f& reference, const matrix_f& y)
    {
        return 10 * std::log10(static_cast<double>(reference.squaredNorm() / (reference - y).squaredNorm()));
    }

    /// Share of the rows whose largest value is at the label.
    double accuracy(const matrix_f& logits, std::span<const std::int32_t> labels)
    {
        double right = 0;
        for (Eigen::Index i = 0; i < logits.rows(); ++i)
        {
            Eigen::Index best = 0;
            logits.row(i).maxCoeff(&best);
            right += best == labels[static_cast<std::size_t>(i)];
        }
        return right / static_cast<double>(logits.rows());
    }

    float largest_difference(const matrix_f& a, const matrix_f& b) { return (a - b).cwiseAbs().maxCoeff(); }

    /// The folder, or nothing after saying so.
    fs::path model_folder()
    {
        const char* const chosen = std::getenv("QUANTKIT_MODELS");
        const fs::path folder = chosen == nullptr || *chosen == '\0' ? QUANTKIT_MODELS_DEFAULT : chosen;
        if (folder.empty())
            MESSAGE("SKIPPED: QUANTKIT_MODELS names no folder");
        return folder;
    }
}

TEST_CASE("trained models: the weather encoder, in float and in INT8")
{
    const fs::path folder = examples / "weather/informer_small", data = examples / "weather/data";
    const model network = read_model(folder / "graph.json", folder / "model.safetensors");
    CHECK_EQ(network.layers().size(), 30u);
    CHECK_EQ(network.parameter_count(), 228'739u);
    const matrix_f series = read_matrix(data / "features.npy");
    const matrix_f x = windows_of(series, data / "test_ends.npy", 96).topRows(96 * 96);
    const matrix_f want = read_matrix(folder / "eval_logits.npy").topRows(96);
    CHECK_LE(largest_difference(session(network)(x), want), 1e-4f);

    auto prepared = prepare(network);
    calibrate(prepared, windows_of(series, data / "calib_ends.npy", 96));
    CHECK_GE(sqnr_db(want, session(convert(prepared))(x)), 30.0);
    CHECK_GE(sqnr_db(want, session(quantize_dynamic(network, int8_dynamic_per_row))(x)), 35.0);
}

TEST_CASE("trained models: 57 layers from a description and a seed")
{
    const fs::path folder = examples / "informer_57";
    const model network = model_of(read_model_description(folder / "graph.json"),
                                   generated_weights(read_weight_recipe(folder / "graph.json")));
    CHECK_EQ(network.layers().size(), 57u);
    CHECK_EQ(network.parameter_count(), 5'082'115u);
    const weight_set inputs = generated_weights(read_weight_recipe(folder / "graph.json", "check_inputs"));
    const matrix_f want = read_matrix(folder / "check_logits.npy");
    const matrix_f y = session(network)(inputs["check_inputs"].view());
    CHECK_LE(largest_difference(y, want), 1e-4f);
}

TEST_CASE("trained models: the weather network of 925,709 parameters")
{
    const fs::path folder = examples / "weather/residual_4_256x7_13";
    weight_set weights = generated_weights(read_weight_recipe(folder / "graph.json"));
    const safetensors_file head(folder / "head.safetensors");
    for (const std::string& name : head.names())
        weights.add(name, head.tensor(name).shape, weights_of(head)[name].values);
    const model network = model_of(read_model_description(folder / "graph.json"), std::move(weights), "head");
    CHECK_EQ(network.parameter_count(), 925'709u);
    const matrix_f x = read_matrix(folder / "eval_inputs.npy"), want = read_matrix(folder / "eval_logits.npy");
    CHECK_LE(largest_difference(session(network)(x), want), 1e-5f * want.cwiseAbs().maxCoeff());
}

TEST_CASE("trained models: Fashion-MNIST, accuracy at each precision")
{
    const fs::path root = model_folder();
    if (root.empty())
        return;
    const fs::path folder = root / "models/mlp_784_100_100_10";
    const model network = read_model(folder / "graph.json", folder / "model.safetensors");
    const matrix_f x = read_matrix(root / "data/fashion_eval_inputs.npy"),
                   want = read_matrix(folder / "eval_logits.npy");
    const npy_array label_file = read_npy(root / "data/fashion_eval_labels.npy");
    const auto labels = label_file.as<std::int32_t>();
    const matrix_f y = session(network)(x);
    CHECK_LE(largest_difference(y, want), 1e-4f);
    CHECK_EQ(accuracy(y, labels), doctest::Approx(0.9).epsilon(1e-9));

    auto prepared = prepare(network);
    calibrate(prepared, read_matrix(root / "data/fashion_calib_inputs.npy"));
    const double allowed = 0.003; // 0.3 points
    CHECK_GE(accuracy(session(convert(prepared))(x), labels), 0.9 - allowed);
    CHECK_GE(accuracy(session(quantize_dynamic(network))(x), labels), 0.9 - allowed);
    CHECK_GE(accuracy(session(quantize_dynamic(network, int8_dynamic_per_row))(x), labels), 0.9 - allowed);
}

TEST_CASE("trained models: the first layer alone spoils static quantization of the residual network")
{
    const fs::path root = model_folder();
    if (root.empty())
        return;
    const fs::path folder = root / "models/residual_4_256x7_13";
    const model network = read_model(folder / "graph.json", folder / "model.safetensors", "head");
    const matrix_f x = read_matrix(folder / "eval_inputs.npy"), want = read_matrix(folder / "eval_logits.npy");
    CHECK_LE(largest_difference(session(network)(x), want), 1e-4f);

    auto prepared = prepare(network);
    calibrate(prepared, read_matrix(folder / "calib_inputs.npy"));
    layer_precision per_tensor_static = int8_static;
    per_tensor_static.granularity = per_tensor {};
    CHECK_EQ(sqnr_db(want, session(convert(prepared, { per_tensor_static }))(x)), doctest::Approx(18.15).epsilon(0.03));
    CHECK_GT(sqnr_db(want, session(quantize_dynamic(network, int8_dynamic_per_row))(x)), 40.0);

    precision_plan only_stem;
    only_stem.layers["stem"] = per_tensor_static;
    CHECK_EQ(sqnr_db(want, session(convert(prepared, only_stem))(x)), doctest::Approx(19.02).epsilon(0.03));
    precision_plan spared { int8_static };
    spared.layers["stem"] = spared.layers["head"] = fp32_layer;
    CHECK_GT(sqnr_db(want, session(convert(prepared, spared))(x)), 25.0);
}

TEST_CASE("trained models: the encoder of 30 layers on the series of the folder")
{
    const fs::path root = model_folder();
    if (root.empty())
        return;
    const fs::path folder = root / "models/informer_small";
    const model network = read_model(folder / "graph.json", folder / "model.safetensors");
    CHECK_EQ(network.parameter_count(), 244'099u);
    CHECK_LE(largest_difference(session(network)(read_matrix(folder / "check_inputs.npy")),
                                read_matrix(folder / "check_logits.npy")),
             1e-4f);

    const fs::path data = root / "data";
    const matrix_f series = read_matrix(data / "sp500_features.npy"), want = read_matrix(folder / "eval_logits.npy");
    const matrix_f x = windows_of(series, data / "sp500_test_ends.npy", 96);
    std::vector<std::int32_t> labels;
    const npy_array ends = read_npy(data / "sp500_test_ends.npy"), all_labels = read_npy(data / "sp500_labels.npy");
    for (const std::int32_t end : ends.as<std::int32_t>())
        labels.push_back(all_labels.as<std::int32_t>()[static_cast<std::size_t>(end)]);

    // what fake quantization in PyTorch gave
    const matrix_f y = session(network)(x);
    CHECK_LE(largest_difference(y, want), 1e-4f);
    CHECK_EQ(accuracy(y, labels), doctest::Approx(0.6978).epsilon(1e-4));
    auto prepared = prepare(network);
    calibrate(prepared, windows_of(series, data / "sp500_calib_ends.npy", 96));
    precision_plan with_outputs; // as there: each product layer's result in uint8 as well, but for the logits
    for (const layer& each : network.layers())
        if (!std::holds_alternative<layer_norm_operation>(each.operation))
            with_outputs.layers[each.name] = { precision::int8, activation_mode::calibrated, per_axis {},
                                               each.kind != layer_kind::activation && each.kind != layer_kind::dropout
                                                   && each.kind != layer_kind::positional_encoding
                                                   && each.kind != layer_kind::pooling && each.name != "head" };
    CHECK_EQ(sqnr_db(want, session(convert(prepared, with_outputs))(x)), doctest::Approx(38.12).epsilon(0.02));
    const matrix_f static_int8 = session(convert(prepared))(x);
    CHECK_GE(sqnr_db(want, static_int8), 40.0);
    CHECK_GE(accuracy(static_int8, labels), 0.6971 - 0.003);
    const matrix_f dynamic_int8 = session(quantize_dynamic(network, int8_dynamic_per_row))(x);
    CHECK_GE(sqnr_db(want, dynamic_int8), 46.0);
    CHECK_GE(accuracy(dynamic_int8, labels), 0.6986 - 0.003);
}
