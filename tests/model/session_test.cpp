// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include "support/allocation_count.hpp"
#include "support/reference_model.hpp"
#include "support/sample_models.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace quantkit;
using test::initialized;
using test::random_input;

namespace
{
    matrix_f expected(const model& network, const matrix_f& x)
    {
        const auto time = static_cast<Eigen::Index>(network.input_shape().time);
        const auto time_out = static_cast<Eigen::Index>(network.output_shape().time);
        matrix_f y(x.rows() / time * time_out, static_cast<Eigen::Index>(network.output_shape().features));
        for (Eigen::Index i = 0; i < x.rows() / time; ++i)
            y.middleRows(i * time_out, time_out) =
                test::reference_forward(network, x.middleRows(i * time, time).cast<double>()).cast<float>();
        return y;
    }

    double sqnr_db(const matrix_f& reference, const matrix_f& y)
    {
        return 10 * std::log10(static_cast<double>(reference.squaredNorm() / (reference - y).squaredNorm()));
    }

    model residual_network()
    {
        const sample_shape input { .features = 9 };
        return initialized(model_builder(input)
                               .linear("stem", 9, 37)
                               .linear("block.0.fc1", 37, 37)
                               .activation("block.0.relu", activation_function::relu)
                               .linear("block.0.fc2", 37, 37)
                               .add("block.0.add", "stem")
                               .linear("block.1.fc1", 37, 50)
                               .activation("block.1.gelu", activation_function::gelu)
                               .linear("block.1.fc2", 50, 37)
                               .add("block.1.add", "block.0.add")
                               .linear("head", 37, 5)
                               .kind(layer_kind::output_projection),
                           input);
    }

    model encoder()
    {
        const sample_shape input { 19, 6 };
        return initialized(model_builder(input)
                               .conv1d("embed", { .in_channels = 6, .out_channels = 24, .kernel = 3, .padding = 1 })
                               .positional_encoding("pos")
                               .attention("attn", 24, 3)
                               .dropout("attn.dropout", 0.1f)
                               .layer_norm("norm1", 24, "pos")
                               .feed_forward("ffn", 24, 40, "act", activation_function::gelu)
                               .layer_norm("norm2", 24, "norm1")
                               .conv1d("distil", { .in_channels = 24, .out_channels = 24, .kernel = 3, .padding = 1 })
                               .pooling("pool", { pooling_function::max, 3, 2, 1 })
                               .linear("head", 24, 3, time_steps::last),
                           input);
    }

    void check_against_definition(const model& network, std::size_t batch = 3)
    {
        const matrix_f x = random_input(network, batch), want = expected(network, x), got = session(network)(x);
        CHECK_EQ(got.rows(), want.rows());
        CHECK_LE((got - want).cwiseAbs().maxCoeff(), 2e-5f * (1.0f + want.cwiseAbs().maxCoeff()));
    }
}

TEST_CASE("session: float models compute what their layers mean")
{
    SUBCASE("residual network") { check_against_definition(residual_network()); }
    SUBCASE("encoder") { check_against_definition(encoder()); }
    SUBCASE("one sample") { check_against_definition(encoder(), 1); }
}

TEST_CASE("session: a norm without a bias")
{
    const layer norm { "norm", layer_kind::layer_norm, layer_norm_operation { 3, { "gain", "" } }, { model_input } };
    weight_set weights;
    weights.add("gain", { 3 }, { 1.0f, 2.0f, -0.5f });
    check_against_definition(model({ norm }, weights, { 2, 3 }));
}

TEST_CASE("session: each kind of layer")
{
    const sample_shape input { 11, 8 };
    model_builder builder(input);
    SUBCASE("softmax") { builder.linear("fc", 8, 13).softmax("softmax"); }
    SUBCASE("softmax of the input") { builder.softmax("softmax"); }
    SUBCASE("activation of the input") { builder.activation("silu", activation_function::silu); }
    SUBCASE("activation of a sum")
    {
        builder.linear("a", 8, 8).add("sum", model_input).activation("act", activation_function::tanh);
    }
    SUBCASE("activation read twice")
    {
        builder.linear("a", 8, 8).activation("act", activation_function::sigmoid).linear("b", 8, 8).add("sum", "act");
    }
    SUBCASE("a product that two layers read")
    {
        builder.linear("a", 8, 8).activation("act", activation_function::relu).add("sum", "a");
    }
    SUBCASE("a layer added to itself") { builder.linear("a", 8, 8).add("sum", "a"); }
    SUBCASE("two products are added") { builder.linear("a", 8, 8).from(model_input).linear("b", 8, 8).add("sum", "a"); }
    SUBCASE("norm of one value") { builder.layer_norm("norm", 8); }
    SUBCASE("dropout of the input") { builder.dropout("dropout", 0.5f).linear("fc", 8, 3); }
    SUBCASE("flatten") { builder.flatten("flat").linear("fc", 88, 7); }
    SUBCASE("max over time") { builder.pooling("pool", { pooling_function::max }); }
    SUBCASE("mean over time") { builder.pooling("pool", { pooling_function::mean }).linear("fc", 8, 3); }
    SUBCASE("mean pooling") { builder.pooling("pool", { pooling_function::mean, 4, 3, 2 }); }
    SUBCASE("convolution with stride, dilation and padding")
    {
        builder.conv1d("conv",
                       { .in_channels = 8, .out_channels = 5, .kernel = 3, .stride = 2, .padding = 3, .dilation = 2 });
    }
    SUBCASE("circular convolution")
    {
        builder.conv1d(
            "conv", { .in_channels = 8, .out_channels = 5, .kernel = 3, .padding = 1, .mode = padding_mode::circular });
    }
    SUBCASE("attention") { builder.attention("attn", 8, 2); }
    SUBCASE("attention as a residual") { builder.attention("attn", 8, 4).add("sum", model_input); }
    SUBCASE("sparse attention") { builder.attention("attn", 8, 2, 2); }
    check_against_definition(initialized(builder, input));
}

TEST_CASE("session: an embedding takes indices and refuses others")
{
    const sample_shape input { 4, 1 };
    const model network = initialized(model_builder(input).embedding("words", 6, 5).linear("fc", 5, 2), input);
    const session run(network);
    matrix_f x(8, 1);
    x << 0, 5, 2, 2, 1, 3, 4, 0;
    CHECK_LE((run(x) - expected(network, x)).cwiseAbs().maxCoeff(), 1e-5f);
    x(3, 0) = 6;
    CHECK_THROWS_WITH_AS(run(x), "quantkit: the embedding has 6 entries, but value 3 of its input is 6",
                         std::invalid_argument);
}

TEST_CASE("session: every precision stays near the float model")
{
    struct expectation
    {
        layer_precision precision;
        double least_db;
    };
    const expectation expectations[] { { fp16_layer, 55 },
                                       { bf16_layer, 38 },
                                       { int8_static, 25 },
                                       { int8_dynamic, 25 },
                                       { int8_dynamic_per_row, 28 },
                                       { int16_dynamic, 70 },
                                       { { precision::int16, activation_mode::calibrated }, 60 },
                                       { { precision::int16, activation_mode::dynamic_per_tensor }, 60 },
                                       { int8_weights, 30 },
                                       { int4_weights, 10 },
                                       { int4_weights_int8_dynamic, 10 },
                                       { { precision::int8, activation_mode::calibrated, per_tensor {}, true }, 22 } };
    for (const model& network : { residual_network(), encoder() })
    {
        const matrix_f x = random_input(network, 5);
        auto prepared = prepare(network);
        calibrate(prepared, x);
        const matrix_f reference = session(network)(x);
        for (const expectation& each : expectations)
        {
            CAPTURE(name_of(each.precision));
            const double db = sqnr_db(reference, session(convert(prepared, { each.precision }))(x));
            CHECK_GE(db, each.least_db);
            CHECK_LE(db, 130.0); // it is quantized
        }
    }
}

TEST_CASE("session: the products of an attention in half precision and in INT8")
{
    const sample_shape input { 37, 24 };
    for (const std::size_t sparse_factor : { 0u, 2u })
    {
        const model network = initialized(model_builder(input).attention("attn", 24, 3, sparse_factor), input);
        const matrix_f x = random_input(network, 3), reference = session(network)(x);
        for (const auto& expected_db :
             { std::pair(precision::fp16, 60.0), std::pair(precision::bf16, 40.0), std::pair(precision::int8, 30.0) })
        {
            CAPTURE(name_of(expected_db.first));
            layer_precision layer;
            layer.attention_products = expected_db.first;
            const double db = sqnr_db(reference, session(quantize_model(network, { layer }))(x));
            CHECK_GE(db, sparse_factor == 0 ? expected_db.second : 15.0); // another query may be chosen
            CHECK_LE(db, 120.0);
        }
    }
    layer_precision unknown;
    unknown.attention_products = precision::int4;
    CHECK_THROWS_WITH_AS(check_layer_precision(unknown), "quantkit: no attention multiplies its activations in INT4",
                         std::invalid_argument);
}

TEST_CASE("session: codes between products change no bit")
{
    const sample_shape input { .features = 33 };
    const model network = initialized(
        model_builder(input).linear("a", 33, 40).activation("act", activation_function::relu).linear("b", 40, 20),
        input);
    const matrix_f x = random_input(network, 9);
    auto prepared = prepare(network);
    calibrate(prepared, x);
    const quantized_model quantized = convert(prepared);
    const auto& first = *quantized.products[0];
    const auto& second = *quantized.products[1];
    const epilogue stages { add_bias { first.bias }, relu {} };
    const auto& codes = std::get<quantized_tensor<int8_narrow>>(first.weight);
    const matrix_f hidden = int8_linear { codes, static_input<uint8_full> { *first.input }, stages }(x);
    const matrix_f want =
        int8_linear { std::get<quantized_tensor<int8_narrow>>(second.weight),
                      static_input<uint8_full> { *second.input }, epilogue { add_bias { second.bias } } }(hidden);
    CHECK_EQ(session(quantized)(x), want);
}

TEST_CASE("session: activations of fewer bits saturate to their own bounds, also between products")
{
    const sample_shape input { .features = 33 };
    const model network = initialized(
        model_builder(input).linear("a", 33, 40).activation("act", activation_function::relu).linear("b", 40, 20),
        input);
    const matrix_f x = random_input(network, 9);
    auto prepared = prepare(network);
    calibrate(prepared, matrix_f(x / 2));
    quantized_model quantized = convert(prepared);
    const quant_bounds bits3 { 0, 7 };
    matrix_f want = x;
    for (auto& product : quantized.products)
    {
        product->input = qparams { product->input->scale * 255 / 7, product->input->zero_point * 7 / 255 };
        product->input_bounds = bits3;
        const matrix_f rounded =
            fake_quantize<unsigned_range<3>>(want, qparams_list { *product->input }, per_tensor {});
        const matrix_f weight = dequantize(std::get<quantized_tensor<int8_narrow>>(product->weight));
        want = (rounded * weight.transpose()).rowwise() + product->bias.transpose();
        if (want.cols() == 40)
            want = want.cwiseMax(0.0f);
    }
    CHECK((session(quantized)(x) - want).cwiseAbs().maxCoeff() < 1e-5f);
    quantized.products[1]->input_bounds = uint8_full::bounds;
    CHECK((session(quantized)(x) - want).cwiseAbs().maxCoeff() > 1e-2f);
}

TEST_CASE("session: a plan overrides single layers")
{
    const model network = residual_network();
    const matrix_f x = random_input(network, 6);
    auto prepared = prepare(network);
    calibrate(prepared, x);
    precision_plan plan { int8_static };
    for (const layer& each : network.layers())
        plan.layers[each.name] = fp32_layer;
    CHECK_EQ(session(convert(prepared, plan))(x), session(network)(x));
    plan.layers.erase("head");
    CHECK_NE(session(convert(prepared, plan))(x), session(network)(x));
    plan.layers["no such layer"] = fp32_layer;
    CHECK_THROWS_WITH_AS(convert(prepared, plan), "quantkit: the model has no layer 'no such layer'",
                         std::invalid_argument);
}

TEST_CASE("session: nothing is allocated after the first call, whatever the batch")
{
    const model network = encoder();
    const matrix_f x = random_input(network, 4);
    auto prepared = prepare(network);
    calibrate(prepared, x);
    for (const layer_precision& precision : { fp32_layer, int8_static, int8_dynamic, int8_dynamic_per_row })
    {
        const session run(convert(prepared, { precision }));
        session_workspace workspace;
        matrix_f y(4, 3);
        CHECK_GT(run.workspace_bytes(4), run.workspace_bytes(1));
        run.run(x, y, workspace);
        CHECK_EQ(workspace.bytes(), run.workspace_bytes(4));
        CHECK_EQ(test::allocations_of([&] { run.run(x, y, workspace); }), 0u);
        const auto part = tensor_view<const float>(x.data(), { 2, 19, 6 });
        const tensor_view<float> out(y.data(), { 2, 3 });
        CHECK_EQ(test::allocations_of([&] { run.run(part, out, workspace); }), 0u);
    }
}

TEST_CASE("session: the same bits from one sample and many, with threads, and from several threads")
{
    const model network = encoder();
    const matrix_f x = random_input(network, 8);
    auto prepared = prepare(network);
    calibrate(prepared, x);
    const session run(convert(prepared));
    const matrix_f want = run(x);
    for (Eigen::Index i = 0; i < 8; ++i)
        CHECK_EQ(run(matrix_f(x.middleRows(i * 19, 19))), want.row(i));

    Eigen::ThreadPool pool(3);
    CHECK_EQ(run(x, thread_pool(pool)), want);

    std::vector<matrix_f> results(4);
    std::vector<std::thread> threads;
    for (matrix_f& result : results)
        threads.emplace_back([&] { result = run(x); });
    for (std::thread& thread : threads)
        thread.join();
    for (const matrix_f& result : results)
        CHECK_EQ(result, want);
}

TEST_CASE("session: inputs of any layout; other shapes are refused with the numbers")
{
    const model network = encoder();
    const session run(network);
    const matrix_f x = random_input(network, 2), want = run(x);
    const Eigen::MatrixXf column_major = x;
    CHECK_EQ(run(column_major), want);
    CHECK_EQ(run(Eigen::Map<const matrix_f>(x.data(), 2, 19 * 6)), want);
    CHECK_EQ(run(matrix_f(0, 6)).rows(), 0);
    CHECK_THROWS_WITH_AS(run(matrix_f(20, 6)),
                         "quantkit: the input must have the shape [batch, 19, 6], or that with two neighbouring axes "
                         "made one, but has [20, 6]",
                         std::invalid_argument);
    CHECK_THROWS_AS(run(matrix_f(19, 7)), std::invalid_argument);
    matrix_f wrong(3, 3);
    session_workspace workspace;
    CHECK_THROWS_WITH_AS(run.run(x, wrong, workspace),
                         "quantkit: the output must hold 2 x 1 x 3 values without gaps, but has the shape [3, 3]",
                         std::invalid_argument);
}

TEST_CASE("calibration: what is missing is named")
{
    const model network = residual_network();
    CHECK_THROWS_WITH_AS(quantize_model(network, { int8_static }),
                         "quantkit: 'input' needs a range from calibration: prepare, calibrate, convert",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(convert(prepare(network)), "quantkit: 'input' has seen no data: calibrate before converting",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(quantize_model(network, { { precision::int4, activation_mode::dynamic_per_tensor } }),
                         "quantkit: no layer computes with INT4 weights and quantized activations of this mode",
                         std::invalid_argument);
}

TEST_CASE("calibration: any division into batches gives the same model")
{
    const model network = residual_network();
    const matrix_f x = random_input(network, 7);
    auto whole = prepare(network), parts = prepare(network);
    calibrate(whole, x);
    calibrate(parts, matrix_f(x.topRows(3)));
    calibrate(parts, matrix_f(x.bottomRows(4)));
    CHECK_EQ(session(convert(whole))(x), session(convert(parts))(x));
}
