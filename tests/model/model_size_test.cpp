// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/generated_weights.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/model/model_size.hpp>
#include <quantkit/model/quantized_file.hpp>

#include "io/temporary_folder.hpp"
#include "support/sample_models.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    /// The tensors of a saved model, but for tables of positions.
    std::size_t bytes_in_file(const quantized_model& quantized)
    {
        const temporary_folder folder;
        save_quantized(folder / "f", quantized);
        const safetensors_file file(folder / "f");
        std::size_t bytes = 0;
        for (const std::string& name : file.names())
            if (!name.ends_with(".table"))
                bytes += file.tensor(name).bytes.size();
        return bytes;
    }

    std::vector<layer_precision> uncalibrated_precisions()
    {
        layer_precision int4_groups = int4_weights, int8_tensor = int8_weights;
        int4_groups.granularity = per_group { 1, 8 };
        int8_tensor.granularity = per_tensor {};
        return {
            fp32_layer, fp16_layer, bf16_layer, int8_dynamic, int8_tensor, int16_dynamic, int4_weights, int4_groups
        };
    }

    void check_equal(const model_size& actual, const model_size& expected)
    {
        REQUIRE(actual.layers.size() == expected.layers.size());
        for (std::size_t i = 0; i < actual.layers.size(); ++i)
        {
            CAPTURE(actual.layers[i].name);
            CHECK(actual.layers[i].name == expected.layers[i].name);
            CHECK(actual.layers[i].precision == expected.layers[i].precision);
            CHECK(actual.layers[i].weights == expected.layers[i].weights);
            CHECK(actual.layers[i].biases == expected.layers[i].biases);
        }
    }

    model informer_57()
    {
        const auto graph = std::filesystem::path(QUANTKIT_EXAMPLES) / "informer_57" / "graph.json";
        return model_of(read_model_description(graph), generated_weights(read_weight_recipe(graph)));
    }
}

TEST_CASE("model_size: a model of 57 layers takes 19.39 MiB in FP32, half in FP16, a quarter in INT8")
{
    // 5,058,304 weights of products with 15,619 outputs and 158,232 groups of 32; 23,811 biases and values of norms
    const model network = informer_57();
    const auto total = [&](const layer_precision& layer) { return size_of(network, { layer }).total(); };
    CHECK(total(fp32_layer) == 20'328'460);
    CHECK(total(fp32_layer) == 4 * network.parameter_count());
    CHECK(total(fp16_layer) == 10'211'852);
    CHECK(total(int8_static) == 5'216'024);
    CHECK(total(int16_dynamic) == 10'274'328);
    CHECK(total(int4_weights) == 3'257'324);
    CHECK(size_table(size_of(network)).ends_with("19.39 MiB\n"));
}

TEST_CASE("model_size: what a plan will take is what the quantized model takes, and what its file holds")
{
    for (const named_model& sample : sample_models())
        for (const layer_precision& layer : uncalibrated_precisions())
        {
            CAPTURE(sample.name);
            CAPTURE(name_of(layer));
            const quantized_model quantized = quantize_model(sample.network, { layer });
            const model_size size = size_of(quantized);
            check_equal(size, size_of(sample.network, { layer }));
            CHECK(size.total() == bytes_in_file(quantized));
        }
}

TEST_CASE("model_size: each layer has its plan's precision, and zero points count where they are kept")
{
    const precision_plan plan { int8_dynamic, { { "ffn", fp16_layer }, { "head", fp32_layer } } };
    const model network = sample_encoder();
    check_equal(size_of(quantize_model(network, plan)), size_of(network, plan));
    const qconfig asymmetric { .weight_scheme = affine {} };
    const quantized_model quantized = quantize_model(network, plan, asymmetric);
    check_equal(size_of(quantized), size_of(network, plan, { 4, 4 }));
    CHECK(size_of(quantized).total() == bytes_in_file(quantized));
    CHECK(size_of(quantized).sum().weights.zero_points == 4 * (16 + 4 * 16 + 8));
}

TEST_CASE("model_size: layers without weights are left out, layers without a product are FP32")
{
    const model_size size = size_of(sample_encoder(), { int8_static });
    std::string names;
    for (const layer_size& layer : size.layers)
        names += layer.name + "=" + layer.precision + " ";
    CHECK(names
          == "embed=INT8 static attn=INT8 static norm1=FP32 ffn=INT8 static norm2=FP32 conv=INT8 static "
             "head=INT8 static ");
    const layer_size& conv = size.layers[5];
    CHECK(conv.weights == tensor_bytes { 8 * 16 * 3, 8 * 4, 0 });
    CHECK(conv.biases == 8 * 4);
    CHECK(conv.total() == 384 + 32 + 32);
    CHECK(size.layers[2].total() == 2 * 16 * 4);
    model_builder only_relu({ .features = 3 });
    only_relu.activation("relu", activation_function::relu);
    CHECK(size_of(only_relu.build({})).total() == 0);
}

TEST_CASE("model_size: an embedding counts, and as text all is in columns")
{
    const sample_shape input { 4, 1 };
    const model network = initialized(model_builder(input).embedding("words", 10, 8).linear("fc", 8, 3), input);
    CHECK(size_table(size_of(network, { int8_dynamic }))
          == "layer  precision                values   scales zero_points   biases      bytes\n"
             "words  FP32                        320        0           0        0        320\n"
             "fc     INT8 dynamic                 24       12           0       12         48\n"
             "all                                344       12           0       12        368\n"
             "0.00 MiB\n");
}

TEST_CASE("model_size: unknown layers and granularities that do not fit are refused with the layer's name")
{
    CHECK(error_of(
              [] {
                  size_of(sample_mlp(), { int8_dynamic, { { "nowhere", fp32_layer } } });
              })
          == "quantkit: the model has no layer 'nowhere'");
    layer_precision layer = int8_dynamic;
    layer.granularity = per_axis { 2 };
    CHECK(error_of([&] { size_of(sample_mlp(), { layer }); })
          == "quantkit: 'stem': axis 2 does not exist in a tensor of rank 2 with shape [16, 9]");
}
