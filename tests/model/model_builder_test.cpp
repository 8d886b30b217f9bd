// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/model_builder.hpp>

#include "model/random_weights.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using names = std::vector<std::string>;
}

TEST_CASE("each layer reads the one before it, the first one the input")
{
    const model mlp = with_random_weights(model_builder({ .features = 5 })
                                              .linear("fc.0", 5, 7)
                                              .activation("relu.0", activation_function::relu)
                                              .linear("fc.1", 7, 2));
    CHECK(mlp["fc.0"].inputs == names { "input" });
    CHECK(mlp["relu.0"].inputs == names { "fc.0" });
    CHECK(mlp["fc.1"].inputs == names { "relu.0" });
    CHECK(mlp.input_shape() == sample_shape { 1, 5 });
    CHECK(mlp.output_shape() == sample_shape { 1, 2 });
    CHECK(std::get<linear_operation>(mlp["fc.0"].operation).weights.weight == "fc.0.weight");
    CHECK(std::get<linear_operation>(mlp["fc.0"].operation).weights.bias == "fc.0.bias");
}

TEST_CASE("a layer may read another than the one before it")
{
    const model network = with_random_weights(model_builder({ 4, 6 })
                                                  .linear("a", 6, 6)
                                                  .from(model_input)
                                                  .linear("b", 6, 6)
                                                  .add("s", "a")
                                                  .layer_norm("n", 6, "b")
                                                  .layer_norm("last", 6));
    CHECK(network["b"].inputs == names { "input" });
    CHECK(network["s"].inputs == names { "b", "a" });
    CHECK(network["n"].inputs == names { "s", "b" });
    CHECK(network["last"].inputs == names { "n" });
    CHECK(std::get<layer_norm_operation>(network["n"].operation).eps == 1e-5f);
}

TEST_CASE("an attention has four projections, a feed-forward layer an activation of its own")
{
    const model network = with_random_weights(
        model_builder({ 4, 6 }).attention("attn", 6, 2, 5).feed_forward("ffn", 6, 9, "act", activation_function::gelu));
    const auto& attention = std::get<attention_operation>(network["attn"].operation);
    CHECK(attention.query.weight == "attn.q_proj.weight");
    CHECK(attention.key.bias == "attn.k_proj.bias");
    CHECK(attention.value.weight == "attn.v_proj.weight");
    CHECK(attention.output.bias == "attn.out_proj.bias");
    CHECK(attention.sparse_factor == 5);
    const auto& ffn = std::get<feed_forward_operation>(network["ffn"].operation);
    CHECK(ffn.fc1.weight == "ffn.fc1.weight");
    CHECK(ffn.fc2.bias == "ffn.fc2.bias");
    CHECK(network.is_inside(network.index_of("act")));
    CHECK(std::get<activation_operation>(network["act"].operation).function == activation_function::gelu);
}

TEST_CASE("every operation has a kind unless another is set")
{
    model_builder builder({ 12, 1 });
    builder.embedding("embedding", 9, 4).positional_encoding("positions").dropout("dropout", 0.1f);
    builder.conv1d("conv", { 4, 4, 3, {}, 1, 1 }).pooling("pool", { pooling_function::max, 2, 2 });
    builder.attention("attention", 4, 2).layer_norm("norm", 4, "pool").softmax("softmax").flatten("flat");
    builder.linear("head", 24, 24).kind(layer_kind::output_projection).add("sum", "flat");
    const model network = builder.build(random_weights(1, 12, 4).of(builder.layers()));
    const auto kind = [&](const char* name) { return network[name].kind; };
    CHECK(kind("embedding") == layer_kind::embedding);
    CHECK(kind("positions") == layer_kind::positional_encoding);
    CHECK(kind("dropout") == layer_kind::dropout);
    CHECK(kind("conv") == layer_kind::conv_layers);
    CHECK(kind("pool") == layer_kind::pooling);
    CHECK(kind("attention") == layer_kind::attention_layers);
    CHECK(kind("norm") == layer_kind::layer_norm);
    CHECK(kind("softmax") == layer_kind::activation);
    CHECK(kind("flat") == layer_kind::reshape);
    CHECK(kind("head") == layer_kind::output_projection);
    CHECK(kind("sum") == layer_kind::residual_add);
    CHECK(network.shape_of(network.index_of("pool")) == sample_shape { 6, 4 });
}

TEST_CASE("a kind without a layer")
{
    CHECK(error_of(
              [] {
                  model_builder({ 1, 1 }).kind(layer_kind::embedding);
              })
          == said("there is no layer yet whose kind could be set"));
}
