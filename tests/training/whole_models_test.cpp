// SPDX-License-Identifier: BSD-3-Clause
#include "../support/sample_models.hpp"

#include <quantkit/io/npy.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/training/network.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

using namespace quantkit;
using training::run_mode;

namespace
{
    /// Sparse attention chooses queries by scores whose last bits differ between a session and a network; at sizes like
    /// these none is near another.
    void check_agreement(const model& source, std::size_t samples)
    {
        const matrix_f x = test::random_input(source, samples);
        training::network net(source);
        const matrix_f want = session(source)(x), got = net.forward(x, run_mode::inference);
        REQUIRE_EQ(got.rows(), want.rows());
        REQUIRE_EQ(got.cols(), want.cols());
        CHECK_LE((got - want).cwiseAbs().maxCoeff(), 1e-5f * std::max(1.0f, want.cwiseAbs().maxCoeff()));
    }
}

TEST_CASE("network: a session's FP32 results")
{
    for (const test::named_model& sample : test::sample_models())
    {
        CAPTURE(sample.name);
        const model& source = sample.network;
        check_agreement(source, 1);
        check_agreement(source, 37);
    }
    const sample_shape input { 48, 12 };
    for (const std::size_t sparse_factor : { 0u, 2u })
        check_agreement(test::initialized(model_builder(input).attention("attn", 12, 3, sparse_factor), input), 3);
}

TEST_CASE("network: the trained encoder's logits from PyTorch")
{
    const std::filesystem::path weather = std::filesystem::path(QUANTKIT_EXAMPLES) / "weather",
                                folder = weather / "informer_small";
    const model source = read_model(folder / "graph.json", folder / "model.safetensors");
    const npy_array series = read_npy(weather / "data/features.npy"), ends = read_npy(weather / "data/test_ends.npy"),
                    logits = read_npy(folder / "eval_logits.npy");
    const auto time = static_cast<std::ptrdiff_t>(source.input_shape().time),
               features = static_cast<std::ptrdiff_t>(source.input_shape().features);
    training::network net(source);
    for (std::ptrdiff_t i = 0; i < 7; ++i)
    {
        const std::ptrdiff_t first = ends.as<std::int32_t>()[static_cast<std::size_t>(i)] + 1 - time;
        const matrix_f y =
            net.forward(Eigen::Map<const matrix_f>(series.as<float>().data() + first * features, time, features),
                        run_mode::inference);
        const Eigen::Map<const matrix_f> want(logits.as<float>().data() + i * y.size(), 1, y.size());
        CHECK_LE((y - want).cwiseAbs().maxCoeff(), 1e-4f);
    }
}

TEST_CASE("network: whole models have the same gradients for any number of threads")
{
    Eigen::ThreadPool pool(3);
    const thread_pool threads(pool);
    for (const test::named_model& sample : test::sample_models())
    {
        CAPTURE(sample.name);
        const model& source = sample.network;
        const matrix_f x = test::random_input(source, 21);
        training::network one(source, { .chunk_samples = 4 }), several(source, { .chunk_samples = 4 });
        const matrix_f y = one.forward(x, run_mode::training, 8);
        CHECK_EQ(matrix_f(several.forward(x, run_mode::training, 8, threads)), y);
        CHECK_EQ(matrix_f(one.backward_to_input(y)), matrix_f(several.backward_to_input(y, threads)));
        for (std::size_t i = 0; i < one.parameters().size(); ++i)
            CHECK_EQ(one.parameters()[i].gradient, several.parameters()[i].gradient);
    }
}

TEST_CASE("network: every product of whole models can be fake-quantized")
{
    for (const test::named_model& sample : test::sample_models())
    {
        CAPTURE(sample.name);
        const model& source = sample.network;
        const matrix_f x = test::random_input(source, 9);
        training::fake_quant_plan plan;
        for (const training::product_points& points : training::points_of_products(source))
        {
            plan.insert_or_assign(points.input, training::activation_fake_quant(8));
            for (const std::string& weight : points.weights)
                plan.insert_or_assign(weight, training::weight_fake_quant(8));
        }
        training::network plain(source), rounded(source, {}, plan);
        rounded.forward(x, run_mode::training);
        const matrix_f want = plain.forward(x, run_mode::inference), got = rounded.forward(x, run_mode::inference);
        CHECK_EQ(rounded.quantizers().size(), plan.size());
        CHECK_NE(got, want);
        CHECK_LE((got - want).norm(), 0.1f * want.norm());
        rounded.backward(got);
        for (const training::parameter& each : rounded.parameters())
            CHECK(std::all_of(each.gradient.begin(), each.gradient.end(), [](float g) { return std::isfinite(g); }));
    }
}
