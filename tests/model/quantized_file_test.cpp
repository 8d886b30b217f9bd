// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/quantized_file.hpp>
#include <quantkit/model/session.hpp>

#include "io/temporary_folder.hpp"
#include "support/checks.hpp"
#include "support/sample_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    std::span<const float> values_of(const matrix_f& y) { return { y.data(), static_cast<std::size_t>(y.size()) }; }

    quantized_model saved_and_loaded(const quantized_model& quantized)
    {
        const temporary_folder folder;
        save_quantized(folder / "model.safetensors", quantized);
        return load_quantized(folder / "model.safetensors");
    }

    void check_round_trip(const quantized_model& quantized)
    {
        const quantized_model loaded = saved_and_loaded(quantized);
        const matrix_f x = random_input(quantized.network, 3);
        const matrix_f want = session(quantized)(x);
        require_equal(values_of(session(loaded)(x)), values_of(want));
        CHECK(loaded.plan.layers == quantized.plan.layers);
        CHECK(loaded.plan.otherwise == quantized.plan.otherwise);
        CHECK(loaded.outputs == quantized.outputs);
        REQUIRE(loaded.products.size() == quantized.products.size());
        for (std::size_t i = 0; i < loaded.products.size(); ++i)
        {
            REQUIRE(loaded.products[i].has_value() == quantized.products[i].has_value());
            if (!loaded.products[i])
                continue;
            CHECK(loaded.products[i]->input == quantized.products[i]->input);
            CHECK(loaded.products[i]->input_bounds == quantized.products[i]->input_bounds);
        }
    }

    /// All precisions that a layer can have, with all granularities that its product takes.
    std::vector<layer_precision> every_precision()
    {
        std::vector<layer_precision> all { fp32_layer, fp16_layer, bf16_layer };
        using mode = activation_mode;
        const any_granularity rows[] { per_tensor {}, per_axis { 0 }, per_group { 1, 8 } };
        for (const mode activations : { mode::real, mode::dynamic_per_tensor, mode::dynamic_per_row, mode::calibrated })
            for (const any_granularity& granularity : rows)
            {
                const bool grouped = std::holds_alternative<per_group>(granularity);
                if (!grouped || activations == mode::real)
                    all.push_back({ precision::int8, activations, granularity, false });
                if (!grouped && activations != mode::real)
                    all.push_back({ precision::int16, activations, granularity, false });
                if (activations == mode::real || activations == mode::dynamic_per_row)
                    all.push_back({ precision::int4, activations, granularity, false });
            }
        all.push_back({ precision::int8, mode::calibrated, per_axis { 0 }, true });
        all.push_back({ precision::fp32, mode::real, per_tensor {}, false, precision::int8 });
        return all;
    }

    quantized_model quantized_with(const model& network, const precision_plan& plan, const qconfig& config = {})
    {
        prepared_model prepared = prepare(network, config);
        calibrate(prepared, random_input(network, 4, 11));
        return convert(prepared, plan);
    }

    /// A small file in parts, to be put together with something wrong in it.
    struct file_parts
    {
        std::map<std::string, named_tensor> tensors;
        std::map<std::string, std::string> metadata;
    };

    using damage = std::function<void(file_parts&)>;

    /// What loading says about a good file that was changed.
    std::string error_after(const layer_precision& precision, const damage& change)
    {
        const temporary_folder folder;
        const auto path = folder / "good", bad = folder / "bad";
        model_builder builder({ .features = 5 });
        builder.linear("fc", 5, 3).linear("head", 3, 2);
        save_quantized(path, quantized_with(initialized(builder, { .features = 5 }), { precision }));
        const safetensors_file good(path);
        file_parts parts { {}, good.metadata() };
        for (const std::string& name : good.names())
            parts.tensors.emplace(name, good.tensor(name));
        change(parts);
        std::vector<named_tensor> tensors;
        for (auto& [name, tensor] : parts.tensors)
        {
            tensor.name = name;
            tensors.push_back(tensor);
        }
        write_safetensors(bad, tensors, parts.metadata);
        std::string error;
        try
        {
            load_quantized(bad);
        }
        catch (const io_error& thrown)
        {
            error = thrown.what();
        }
        const std::string prefix = "quantkit: " + quantkit::detail::in_quotes(bad.string()) + ": ";
        INFO(error);
        REQUIRE(error.starts_with(prefix));
        return error.substr(prefix.size());
    }

    void replace(std::string& text, std::string_view from, std::string_view to)
    {
        REQUIRE(text.find(from) != std::string::npos);
        text.replace(text.find(from), from.size(), to);
    }
}

TEST_CASE("quantized_file: every precision and granularity, on every graph, gives the bits that were saved")
{
    for (const named_model& sample : sample_models())
        for (const layer_precision& precision : every_precision())
        {
            CAPTURE(sample.name);
            CAPTURE(name_of(precision));
            CAPTURE(precision.granularity.index());
            check_round_trip(quantized_with(sample.network, { precision }));
        }
}

TEST_CASE("quantized_file: plans of several precisions, and asymmetric weights with their zero points")
{
    precision_plan plan { int8_static, { { "attn", int4_weights_int8_dynamic }, { "ffn", fp16_layer } } };
    plan.layers["attn"].granularity = per_group { 1, 8 };
    plan.layers["head"] = fp32_layer;
    plan.layers["conv"] = { precision::int8, activation_mode::calibrated, per_axis { 0 }, true };
    check_round_trip(quantized_with(sample_encoder(), plan));

    const qconfig config { .weight_scheme = affine {} };
    const quantized_model asymmetric = quantized_with(sample_encoder(), { int8_weights }, config);
    check_round_trip(asymmetric);
    const temporary_folder folder;
    save_quantized(folder / "affine", asymmetric);
    save_quantized(folder / "symmetric", quantized_with(sample_encoder(), { int8_weights }));
    CHECK(safetensors_file(folder / "affine").contains("products/attn/qkv.zero_point"));
    CHECK_FALSE(safetensors_file(folder / "symmetric").contains("products/attn/qkv.zero_point"));
}

TEST_CASE("quantized_file: activations of fewer bits keep their bounds")
{
    quantized_model quantized = quantized_with(sample_mlp(), { int8_static });
    for (auto& product : quantized.products)
        if (product)
        {
            product->input_bounds = { 0, 15 };
            product->input = qparams { product->input->scale * 17, product->input->zero_point / 17 };
        }
    check_round_trip(quantized);
}

TEST_CASE("quantized_file: a model that was loaded is saved to the same bytes")
{
    const temporary_folder folder;
    for (const layer_precision& precision : { int8_static, int4_weights, fp16_layer, fp32_layer })
    {
        precision_plan plan { precision };
        plan.otherwise.granularity = per_axis {};
        save_quantized(folder / "first", quantized_with(sample_encoder(), plan));
        save_quantized(folder / "second", load_quantized(folder / "first"));
        CHECK(content(folder / "first") == content(folder / "second"));
    }
}

TEST_CASE("quantized_file: the graph comes back with every attribute of its layers")
{
    for (const named_model& sample : sample_models())
    {
        CAPTURE(sample.name);
        const model& network = sample.network;
        const model loaded = saved_and_loaded(quantize_model(network, {})).network;
        REQUIRE(loaded.layers().size() == network.layers().size());
        CHECK(json_text_of(description_of(loaded)) == json_text_of(description_of(network)));
        CHECK(loaded.input_shape() == network.input_shape());
        CHECK(loaded.parameter_count() == network.parameter_count());
        for (const auto& [weight, tensor] : network.weights())
        {
            CHECK(loaded.weights()[weight].shape == tensor.shape);
            require_equal(loaded.weights()[weight].values, tensor.values);
        }
    }
}

TEST_CASE("quantized_file: products of a layer are those of its steps, and codes mean the network's weights")
{
    const model network = sample_encoder();
    const quantized_model loaded = saved_and_loaded(quantize_weights(network));
    std::map<std::size_t, std::size_t> parts;
    for (const program_step& step : loaded.steps.steps)
        if (const auto* product = std::get_if<product_step>(&step.operation))
        {
            const auto products = products_of(network.layers()[step.layer].operation);
            const layer_product& part = products.at(parts[step.layer]++);
            CHECK(part.matrix_shape()
                  == tensor_shape { static_cast<std::ptrdiff_t>(product->out_features),
                                    static_cast<std::ptrdiff_t>(product->in_features) });
            REQUIRE(part.weights.size() == product->weights.size());
            for (std::size_t i = 0; i < part.weights.size(); ++i)
                CHECK(part.weights[i].weight == product->weights[i].weight);
        }
    for (const auto& [name, weight] : network.weights())
        for (std::size_t i = 0; i < weight.values.size(); ++i)
            REQUIRE(std::abs(loaded.network.weights()[name].values[i] - weight.values[i]) < 0.01f);
}

TEST_CASE("quantized_file: the format is what its description says")
{
    const temporary_folder folder;
    model_builder builder({ .features = 3 });
    builder.linear("a/b", 3, 3);
    weight_set weights;
    weights.add("a/b.weight", { 3, 3 }, { 7, -7, 3, 0, 1, 2, -1, -2, -3.5f });
    weights.add("a/b.bias", { 3 }, { 1, 2, 3 });
    const layer_precision int4 { precision::int4, activation_mode::real, per_tensor {}, false };
    save_quantized(folder / "f", quantize_model(builder.build(std::move(weights)), { int4 }));
    const safetensors_file file(folder / "f");
    CHECK(file.names()
          == std::vector<std::string> { "products/a/b/bias", "products/a/b/scale", "products/a/b/weight" });
    const auto packed = file.tensor("products/a/b/weight").as<std::uint8_t>();
    const std::vector<std::uint8_t> expected { 0x97, 0x03, 0x21, 0xef, 0x0c }; // 7 -7, 3 0, 1 2, -1 -2, -4 (half even)
    require_equal(packed, expected);
    CHECK(file.tensor("products/a/b/scale").shape == tensor_shape {});
    CHECK(file.tensor("products/a/b/scale").as<float>()[0] == 1.0f);
    CHECK(file.metadata().at("format") == "quantkit.quantized_model");
    CHECK(file.metadata().at("version") == "1");
    CHECK(file.metadata().at("plan")
          == R"({"activations":"real","granularity":"per_tensor","quantize_output":false,"weights":"INT4"})");
    CHECK(file.metadata().at("products/a/b/weight") == R"({"granularity":"per_tensor","shape":[3,3]})");
}

TEST_CASE("quantized_file: weights that layers share, and names that look like the format's own")
{
    const sample_shape input { 4, 1 };
    model_builder builder(input);
    builder.embedding("products/x", 8, 8).linear("weights/", 8, 8).linear("plan", 8, 8).linear("fc/qkv.", 8, 8);
    std::vector<layer> layers = builder.layers();
    std::get<linear_operation>(layers[1].operation).weights = { "products/x.weight", "" };
    std::get<linear_operation>(layers[2].operation).weights = { "products/x.weight", "shared" };
    std::get<linear_operation>(layers[3].operation).weights = { "other", "shared" };
    weight_set weights;
    weights.add("products/x.weight", { 8, 8 }, random_floats(64, 1));
    weights.add("other", { 8, 8 }, random_floats(64, 2));
    weights.add("shared", { 8 }, random_floats(8, 3));
    const model network(layers, std::move(weights), input);
    const precision_plan plan { int8_dynamic, { { "plan", fp32_layer }, { "weights/", int8_weights } } };
    const quantized_model quantized = quantize_model(network, plan), loaded = saved_and_loaded(quantized);
    const std::vector<float> indices { 0, 7, 3, 2 };
    const matrix_f x = Eigen::Map<const matrix_f>(indices.data(), 4, 1);
    const matrix_f want = session(quantized)(x);
    require_equal(values_of(session(loaded)(x)), values_of(want));
    require_equal(loaded.network.weights()["products/x.weight"].values, network.weights()["products/x.weight"].values);
}

TEST_CASE("quantized_file: a bias that only the quantized model has is kept")
{
    model_builder builder({ .features = 5 });
    builder.linear("fc", 5, 3);
    std::vector<layer> layers = builder.layers();
    std::get<linear_operation>(layers[0].operation).weights.bias.clear();
    weight_set weights;
    weights.add("fc.weight", { 3, 5 }, random_floats(15, 1));
    quantized_model quantized = quantize_dynamic({ layers, std::move(weights), { .features = 5 } });
    CHECK((saved_and_loaded(quantized).products[0]->bias.array() == 0).all());
    quantized.products[0]->bias << 1, 2, 3;
    CHECK((saved_and_loaded(quantized).products[0]->bias == quantized.products[0]->bias));
}

TEST_CASE("quantized_file: files of other formats and versions are refused")
{
    CHECK(error_after(int8_dynamic, [](file_parts& file) { file.metadata.erase("format"); })
          == "no quantized model: its metadata do not say format quantkit.quantized_model");
    CHECK(error_after(int8_dynamic, [](file_parts& file) { file.metadata["format"] = "pt"; })
          == "no quantized model: its metadata do not say format quantkit.quantized_model");
    CHECK(error_after(int8_dynamic, [](file_parts& file) { file.metadata["version"] = "2"; })
          == "version '2' of the format cannot be read, only version 1");
    for (const char* key : { "version", "graph", "plan" })
        CHECK(error_after(int8_dynamic, [&](file_parts& file) { file.metadata.erase(key); })
              == concat("the metadata have no '", key, "'"));
    CHECK(error_after(int8_dynamic, [](file_parts& file) { file.metadata["graph"] = "[]"; })
          == "the graph: the description must be an object");
    const temporary_folder folder;
    CHECK(error_of([&] { load_quantized(folder / "none"); }).find("none") != std::string::npos);
}

TEST_CASE("quantized_file: tensors that are missing, misshapen or nobody's are refused by name")
{
    for (const char* name : { "products/fc/weight", "products/fc/scale", "products/head/bias" })
        CHECK(error_after(int8_dynamic, [&](file_parts& file) { file.tensors.erase(name); })
              == concat("the tensor '", name, "' is missing"));
    CHECK(error_after(int8_dynamic,
                      [](file_parts& file) {
                          file.tensors["products/fc/weight"].shape = { 5, 3 };
                      })
          == "the tensor 'products/fc/weight' must hold int8 of shape [3, 5], but holds int8 of shape [5, 3]");
    CHECK(
        error_after(int8_dynamic, [](file_parts& file) { file.tensors["products/fc/weight"].dtype = data_type::uint8; })
        == "the tensor 'products/fc/weight' must hold int8 of shape [3, 5], but holds uint8 of shape [3, 5]");
    CHECK(error_after(int8_dynamic, [](file_parts& file) { file.tensors["extra"] = file.tensors["products/fc/scale"]; })
          == "the tensor 'extra' belongs to nothing in the graph");
    CHECK(error_after(int8_dynamic,
                      [](file_parts& file) { file.tensors["products/fc/bias"] = file.tensors["products/head/bias"]; })
          == "the tensor 'products/fc/bias' must hold float32 of shape [3], but holds float32 of shape [2]");
}

TEST_CASE("quantized_file: numbers out of range are refused with the tensor's name")
{
    static const std::vector<std::byte> most_negative(64, std::byte { 0x80 }), minus_eight(64, std::byte { 0x88 }),
        zeros(64);
    CHECK(error_after(int8_dynamic, [](file_parts& file)
                      { file.tensors["products/fc/weight"].bytes = std::span(most_negative).first(15); })
          == "'products/fc/weight': code -128 lies outside [-127, 127]");
    layer_precision int4 = int4_weights;
    int4.granularity = per_axis {};
    CHECK(error_after(int4, [](file_parts& file)
                      { file.tensors["products/fc/weight"].bytes = std::span(minus_eight).first(8); })
          == "'products/fc/weight': code -8 lies outside [-7, 7]");
    CHECK(error_after(int8_dynamic,
                      [](file_parts& file) { file.tensors["products/fc/scale"].bytes = std::span(zeros).first(12); })
          == "'products/fc/weight': scale must be positive and finite, with a finite reciprocal, but is 0");
    CHECK(error_after(int8_static, [](file_parts& file)
                      { file.metadata["products/fc/input"] = R"({"scale":1.0,"zero_point":256})"; })
          == "'products/fc/input': zero_point 256 lies outside [0, 255]");
    CHECK(error_after(int8_static, [](file_parts& file)
                      { file.metadata["products/fc/input"] = R"({"scale":1.0,"zero_point":4294967296})"; })
          == "'products/fc/input': zero_point 4294967296 is no code");
    CHECK(error_after(int8_static, [](file_parts& file)
                      { file.metadata["products/fc/input"] = R"({"scale":1.0,"zero_point":0,"quant_max":256})"; })
          == "'products/fc/input': codes in [0, 256] are no part of [0, 255]");
    CHECK(error_after(int8_static, [](file_parts& file)
                      { file.metadata["products/fc/input"] = R"({"scale":1.0,"zero_point":8,"quant_max":7})"; })
          == "'products/fc/input': zero_point 8 lies outside [0, 7]");
    CHECK(error_after(int8_static, [](file_parts& file) { file.metadata["products/fc/input"] = "{}"; })
          == "'products/fc/input': qparams are a scale and an integer zero_point");
    CHECK(error_after(int8_static, [](file_parts& file) { file.metadata.erase("products/fc/input"); })
          == "the metadata have no 'products/fc/input'");
}

TEST_CASE("quantized_file: plans for unknown layers and with unknown words are refused")
{
    CHECK(error_after(int8_dynamic, [](file_parts& file) { file.metadata["plan/nowhere"] = file.metadata["plan"]; })
          == "'plan/nowhere' in the metadata belongs to nothing in the graph");
    CHECK(error_after(int8_dynamic,
                      [](file_parts& file) { file.metadata["outputs/nowhere"] = R"({"scale":1.0,"zero_point":0})"; })
          == "'outputs/nowhere' in the metadata belongs to nothing in the graph");
    const auto with_word = [](std::string_view from, std::string_view to)
    { return error_after(int8_dynamic, [&](file_parts& file) { replace(file.metadata["plan"], from, to); }); };
    CHECK(with_word("INT8", "INT9") == "'plan': no precision is called 'INT9'");
    CHECK(with_word("INT8", "FP8 E4M3").starts_with("'plan': no layer computes with FP8 E4M3 weights"));
    CHECK(with_word("dynamic_per_tensor", "eager")
          == "'plan': activations must be real, dynamic_per_tensor, dynamic_per_row or calibrated, but are 'eager'");
    CHECK(with_word("per_axis", "per_axes")
          == "'plan': granularity must be per_tensor, per_axis or per_group, but is 'per_axes'");
    CHECK(with_word("false", "0") == "'plan': quantize_output must be true or false");
    CHECK(with_word("INT8", "INT16")
          == "the tensor 'products/fc/weight' must hold int16 of shape [3, 5], but holds int8 of shape [3, 5]");
    CHECK(error_after({ precision::int8, activation_mode::calibrated, per_axis {}, true },
                      [](file_parts& file) { file.metadata.erase("outputs/fc"); })
          == "layer 'fc' is to round its result, but the metadata have no 'outputs/fc'");
}

TEST_CASE("quantized_file: graphs that do not fit the tensors, and absurd extents, are refused")
{
    const auto with_graph = [](std::string_view from, std::string_view to, const layer_precision& layer = int8_dynamic)
    { return error_after(layer, [&](file_parts& file) { replace(file.metadata["graph"], from, to); }); };
    CHECK(with_graph("\"in_features\":5", "\"in_features\":6")
          == "the tensor 'products/fc/weight' must hold int8 of shape [3, 6], but holds int8 of shape [3, 5]");
    CHECK(with_graph("\"in_features\":5", "\"in_features\":9223372036854775807")
              .starts_with("the tensor 'products/fc/weight' must hold int8 of shape [3, 9223372036854775807]"));
    CHECK(with_graph("\"in_features\":5", "\"in_features\":9223372036854775807", int4_weights)
          == "a tensor of shape [3, 9223372036854775807] is larger than any memory");
    CHECK(
        with_graph(
            R"("in_features":5,"inputs":["input"],"kind":"feed_forward","name":"fc","out_features":3,"type":"linear")",
            R"("in_channels":4,"kernel":4611686018427387904,"name":"fc","out_channels":0,"type":"conv1d")")
        == "a tensor of shape [4611686018427387904, 4] is larger than any memory");
    CHECK(with_graph("linear", "bilinear") == "layer 'fc' has the unknown type 'bilinear'");
}

TEST_CASE("quantized_file: what cannot be saved is refused, and no file is left behind")
{
    const temporary_folder folder;
    model_builder builder({ .features = 5 });
    builder.linear("fc", 5, 3);
    quantized_model quantized = quantize_dynamic(initialized(builder, { .features = 5 }));
    const auto error = [&] { return error_of([&] { save_quantized(folder / "f", quantized); }); };
    quantized.plan.otherwise = int16_dynamic;
    CHECK(error() == "quantkit: 'fc': the plan says INT16, but the weight is something else");
    quantized.plan.otherwise = int8_static;
    CHECK(error() == "quantkit: 'fc': calibrated activations have qparams, others have none");
    quantized.plan.otherwise = int8_dynamic;
    quantized.outputs[0] = qparams { 1.0f, 0 };
    CHECK(error() == "quantkit: 'input' is no layer's result and cannot be rounded");
    quantized.outputs[0].reset();
    quantized.products[0].reset();
    CHECK(error() == "quantkit: a product of layer 'fc' has no weights");
    CHECK(folder.entries() == 0);
}
