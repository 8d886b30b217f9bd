// SPDX-License-Identifier: BSD-3-Clause
#include "gradient_check.hpp"

#include "../support/sample_models.hpp"

#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/training/network.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using test::initialized;
using training::activation_fake_quant;
using training::learned_qparams;
using training::run_mode;
using training::weight_fake_quant;

namespace
{
    model one_product()
    {
        const sample_shape input { .features = 11 };
        return initialized(model_builder(input).linear("fc", 11, 4), input);
    }

    model two_products()
    {
        const sample_shape input { 2, 6 };
        return initialized(model_builder(input)
                               .linear("a", 6, 9)
                               .activation("relu", activation_function::relu)
                               .feed_forward("ffn", 9, 5, "act", activation_function::gelu),
                           input);
    }

    matrix_f batch_for(const model& network, std::size_t samples)
    {
        return test::random_batch(network, samples, 11).cast<float>();
    }

    Eigen::Map<const matrix_f> as_matrix(const std::vector<float>& values, Eigen::Index columns)
    {
        return { values.data(), static_cast<Eigen::Index>(values.size()) / columns, columns };
    }

    void check_near(const matrix_f& got, const matrix_f& want)
    {
        CHECK_LE((got - want).cwiseAbs().maxCoeff(), 1e-5f * std::max(1.0f, want.cwiseAbs().maxCoeff()));
    }
}

TEST_CASE("network: a product of rounded values, and gradients that pass the rounding")
{
    const model source = one_product();
    const matrix_f x = batch_for(source, 70), d_y = matrix_f::Random(70, 4);
    training::network net(source, {},
                          { { "fc.weight", weight_fake_quant(4) }, { "fc.input", activation_fake_quant(3) } });
    net.forward(matrix_f(x * 0.6f), run_mode::training); // the range that counts: some of x lies outside of it
    net.follow_ranges(false);
    const auto y = net.forward(x, run_mode::training);

    const matrix_f w = as_matrix(source.weights()["fc.weight"].values, 11);
    const matrix_f rounded_w = fake_quantize<narrow_range<4>>(w, per_axis { 0 }, symmetric { .eps = 0x1p-100f });
    const qparams of_x = net.quantizer("fc.input").params()[0];
    const matrix_f rounded_x = fake_quantize<unsigned_range<3>>(x, of_x);
    const auto bias = as_matrix(source.weights()["fc.bias"].values, 4);
    check_near(y, (rounded_x * rounded_w.transpose()).rowwise() + bias.row(0));

    const matrix_f d_x = net.backward_to_input(d_y);
    matrix_f expected_d_x = d_y * rounded_w;
    for (Eigen::Index i = 0; i < x.size(); ++i)
    {
        const double code = std::nearbyint(static_cast<double>(x.data()[i] / of_x.scale)) + of_x.zero_point;
        if (code < 0 || code > 7)
            expected_d_x.data()[i] = 0.0f;
    }
    CHECK((expected_d_x.array() == 0.0f).any());
    check_near(d_x, expected_d_x);
    // Nothing of the weights lies outside of their own range.
    check_near(as_matrix(net.parameters()["fc.weight"].gradient, 11), d_y.transpose() * rounded_x);
}

TEST_CASE("network: learned scales are parameters, with gradients from all chunks")
{
    const model source = one_product();
    const matrix_f x = batch_for(source, 70), d_y = matrix_f::Random(70, 4);
    training::fake_quant_settings of_weight = weight_fake_quant(3), of_input = activation_fake_quant(3);
    of_weight.learned = learned_qparams::scale;
    of_input.learned = learned_qparams::scale_and_zero_point;
    training::network net(source, { .chunk_samples = 16 }, { { "fc.weight", of_weight }, { "fc.input", of_input } });
    auto& parameters = net.parameters();
    net.forward(x, run_mode::training);
    CHECK_EQ(parameters["fc.weight.scale"].size(), 4u);
    CHECK_EQ(parameters["fc.input.scale"].values[0], net.quantizer("fc.input").params()[0].scale);
    CHECK_FALSE(parameters.contains("fc.weight.zero_point"));
    parameters["fc.weight.scale"].values[2] *= 0.5f; // now some weights are clamped
    parameters["fc.input.scale"].values[0] *= 0.5f;
    net.forward(x, run_mode::training);
    CHECK_EQ(net.quantizer("fc.weight").params()[2].scale, parameters["fc.weight.scale"].values[2]);
    net.backward(d_y);

    const qparams of_x = net.quantizer("fc.input").params()[0];
    const matrix_f rounded_x = fake_quantize<unsigned_range<3>>(x, of_x);
    const matrix_f w = as_matrix(source.weights()["fc.weight"].values, 11);
    const matrix_f rounded_w = fake_quantize<narrow_range<3>>(w, net.quantizer("fc.weight").params(), per_axis { 0 });
    const matrix_f d_x = d_y * rounded_w, d_w = d_y.transpose() * rounded_x;
    const auto expected = training::fake_quantize_qparams_backward({ x.data(), rounded_x.data(), d_x.data() },
                                                                   { 1, 1, 770 }, of_x, { 0, 7 })[0];
    const double factor = 1 / std::sqrt(11.0 * 7.0);
    CHECK_EQ(parameters["fc.input.scale"].gradient[0], doctest::Approx(expected.scale * factor).epsilon(1e-4));
    CHECK_EQ(parameters["fc.input.zero_point"].gradient[0],
             doctest::Approx(expected.zero_point * factor).epsilon(1e-4));
    const auto of_rows = training::fake_quantize_qparams_backward(
        { w.data(), rounded_w.data(), d_w.data() }, { 1, 4, 11 }, net.quantizer("fc.weight").params(), { -3, 3 });
    for (std::size_t i = 0; i < 4; ++i)
        CHECK_EQ(parameters["fc.weight.scale"].gradient[i],
                 doctest::Approx(of_rows[i].scale / std::sqrt(11.0 * 3.0)).epsilon(1e-3));
    CHECK_EQ(net.trained_model().weights().size(), source.weights().size());
}

TEST_CASE("network: every point of a model, and the same bits for any number of threads")
{
    const model source = two_products();
    training::fake_quant_plan plan { { "relu.output", activation_fake_quant(8) },
                                     { "act.output", activation_fake_quant(8) } };
    for (const training::product_points& points : training::points_of_products(source))
    {
        plan.insert_or_assign(points.input, activation_fake_quant(4));
        for (const std::string& weight : points.weights)
            plan.insert_or_assign(weight, weight_fake_quant(4));
    }
    CHECK_EQ(plan.size(), 8u);
    for (auto& [point, settings] : plan)
        settings.learned = point.ends_with("weight") ? learned_qparams::scale : learned_qparams::none;
    const matrix_f x = batch_for(source, 71), d_y = matrix_f::Random(142, 9);
    training::network one(source, { .chunk_samples = 8 }, plan), several(source, { .chunk_samples = 8 }, plan);
    CHECK_EQ(one.quantizers().size(), plan.size());
    Eigen::ThreadPool pool(3);
    const thread_pool threads(pool);
    CHECK_EQ(matrix_f(one.forward(x, run_mode::training)),
             matrix_f(several.forward(x, run_mode::training, 0, threads)));
    CHECK_EQ(matrix_f(one.backward_to_input(d_y)), matrix_f(several.backward_to_input(d_y, threads)));
    for (std::size_t i = 0; i < one.parameters().size(); ++i)
        CHECK_EQ(one.parameters()[i].gradient, several.parameters()[i].gradient);
}

TEST_CASE("network: points that do not exist and networks that cannot round are refused")
{
    const model source = one_product();
    CHECK_THROWS_WITH_AS(training::network(source, {}, { { "fc2.weight", weight_fake_quant(4) } }),
                         "quantkit: the model has no point 'fc2.weight' to fake-quantize", std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::network(source, {}, { { "fc.input", weight_fake_quant(4) } }),
                         "quantkit: 'fc.input' is an activation, which has one pair of qparams", std::invalid_argument);
    CHECK_THROWS_AS(training::network(source, {}, { { "fc.weight", weight_fake_quant(4, 2) } }), std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::basic_network<double>(source, {}, { { "fc.weight", weight_fake_quant(4) } }),
                         "quantkit: only networks of floats have fake-quantizers", std::invalid_argument);
    training::network net(source, {}, { { "fc.input", activation_fake_quant(4) } });
    CHECK_THROWS_WITH_AS(net.quantizer("fc.weight"), "quantkit: nothing is fake-quantized at 'fc.weight'",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(net.forward(batch_for(source, 2), run_mode::inference),
                         "quantkit: 'fc.input' has seen no data: run a batch in training first", std::invalid_argument);
}
