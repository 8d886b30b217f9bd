// SPDX-License-Identifier: BSD-3-Clause
// The README's second C++ block, word for word between the marks, on a model of the examples.
// whole model begins
#include <quantkit/model.hpp>
#include <quantkit/model/model_file.hpp>

namespace qk = quantkit;

qk::matrix_f whole_model(const std::filesystem::path& folder, const std::vector<qk::matrix_f>& batches,
                         const qk::matrix_f& x)
{
    const qk::model network = qk::read_model(folder / "graph.json", folder / "model.safetensors");

    auto prepared = qk::prepare(network); // an observer on every activation
    for (const qk::matrix_f& batch : batches)
        qk::calibrate(prepared, batch);

    qk::precision_plan plan { qk::int8_static }; // INT8, but for the last layer
    plan.layers["head"] = qk::fp16_layer;
    const qk::session session(qk::convert(prepared, plan)); // weights packed, epilogues fused, memory planned

    return session(x);
}
// whole model ends

#include <doctest/doctest.h>

TEST_CASE("README: a whole model in INT8")
{
    const std::filesystem::path folder = QUANTKIT_EXAMPLES "/weather/informer_small";
    const qk::matrix_f windows = qk::matrix_f::Random(4 * 96, 20);
    const qk::matrix_f want = qk::session(qk::read_model(folder / "graph.json", folder / "model.safetensors"))(windows);
    const qk::matrix_f got = whole_model(folder, { windows.topRows(2 * 96), windows.bottomRows(2 * 96) }, windows);
    CHECK_LT((got - want).norm(), 0.05f * want.norm());
    CHECK_GT((got - want).norm(), 0.0f);
}

TEST_CASE("docs/methods.md: the methods that need no training")
{
    const std::filesystem::path folder = QUANTKIT_EXAMPLES "/weather/informer_small";
    const qk::model network = qk::read_model(folder / "graph.json", folder / "model.safetensors");
    const qk::matrix_f x = qk::matrix_f::Random(4 * 96, 20);
    const std::vector<qk::matrix_f> batches { x.topRows(2 * 96), x.bottomRows(2 * 96) };
    // without data begins
    const qk::session weights_only(qk::quantize_weights(network));
    const qk::session dynamic(qk::quantize_dynamic(network));
    // without data ends
    // with data begins
    auto prepared = qk::prepare(network);
    for (const qk::matrix_f& batch : batches)
        qk::calibrate(prepared, batch);
    const qk::session fixed(qk::convert(prepared, qk::precision_plan { qk::int8_static }));
    // with data ends
    const qk::matrix_f want = qk::session(network)(x);
    for (const qk::session* each : { &weights_only, &dynamic, &fixed })
    {
        const float error = ((*each)(x)-want).norm();
        CHECK_LT(error, 0.1f * want.norm());
        CHECK_GT(error, 0.0f);
    }
}
