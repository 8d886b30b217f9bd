// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/layer_latency.hpp>
#include <quantkit/sensitivity/layer_result_errors.hpp>
#include <quantkit/sensitivity/needed_rows.hpp>
#include <quantkit/sensitivity/separate_steps.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>

#include "../support/sample_models.hpp"

#include <quantkit/model/calibration.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    constexpr std::size_t samples = 11;

    simulated_model simulated(const model& network,
                              std::vector<precision_candidate> candidates = precision_candidates())
    {
        return { network, random_input(network, 16, 3), random_input(network, samples), std::move(candidates) };
    }

    std::vector<float> outputs_of(const simulated_model& subject, const choices& plan, std::size_t first = 0,
                                  std::size_t count = samples)
    {
        std::vector<float> outputs(count * subject.output_size());
        subject.run(plan, first, count, outputs);
        return outputs;
    }

    choices reference_plan(const simulated_model& subject) { return choices(subject.layers().size()); }

    /// The candidate wherever a layer allows it.
    choices all_in(const simulated_model& subject, std::size_t choice)
    {
        choices plan = reference_plan(subject);
        for (std::size_t i = 0; i < plan.size(); ++i)
            plan[i] = subject.allows(i, choice) ? choice : reference_candidate;
        return plan;
    }

    double largest_difference(const std::vector<float>& a, const matrix_f& b)
    {
        REQUIRE_EQ(a.size(), static_cast<std::size_t>(b.size()));
        double largest = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b.data()[i])));
        return largest;
    }

    /// Of its last block, the head needs two or three time steps.
    model last_steps_encoder()
    {
        const sample_shape input { 9, 8 };
        return initialized(model_builder(input)
                               .attention("attn", 8, 2)
                               .dropout("attn.dropout", 0.1f)
                               .layer_norm("norm1", 8, model_input)
                               .feed_forward("ffn", 8, 12, "act", activation_function::gelu)
                               .layer_norm("norm2", 8, "norm1")
                               .conv1d("conv", { .in_channels = 8, .out_channels = 6, .kernel = 3, .padding = 1 })
                               .pooling("pool", { pooling_function::max, 2, 2 })
                               .linear("head", 6, 3, time_steps::last),
                           input);
    }

    const std::vector<model>& networks()
    {
        static const std::vector<model> all { sample_mlp(), sample_encoder(), sample_branches(), last_steps_encoder() };
        return all;
    }
}

TEST_CASE("simulated model: the reference is the session in float")
{
    for (const model& network : networks())
    {
        const simulated_model subject = simulated(network);
        CHECK_EQ(subject.samples(), samples);
        CHECK_LE(largest_difference(outputs_of(subject, reference_plan(subject)),
                                    session(network)(random_input(network, samples))),
                 1e-5);
    }
}

TEST_CASE("simulated model: a plan gives what its session gives")
{
    const model network = sample_encoder();
    const simulated_model subject = simulated(network);
    prepared_model prepared = prepare(network);
    calibrate(prepared, random_input(network, 16, 3));
    for (std::size_t choice = 1; choice < subject.candidates().size(); ++choice)
    {
        if (subject.precisions()[choice].rounds_inputs)
            continue;
        const choices plan = all_in(subject, choice);
        const std::vector<float> y = outputs_of(subject, plan);
        const session whole(convert(prepared, subject.plan_of(plan)));
        INFO(subject.candidates()[choice].name);
        const double changed = largest_difference(y, session(network)(random_input(network, samples)));
        CHECK_GT(changed, 1e-5); // the candidate does something
        // one code more or less where a sum lies at a tie
        CHECK_LE(largest_difference(y, whole(random_input(network, samples))), 0.2 * changed);
    }
}

TEST_CASE("simulated model: what follows a changed layer is the same bits as the whole run")
{
    for (const model& network : networks())
    {
        const simulated_model subject = simulated(network);
        const std::size_t first = 2, count = 5;
        for (const std::size_t base : { std::size_t { 0 }, std::size_t { 3 } })
        {
            const choices plan = all_in(subject, base);
            const auto cached = subject.cache(plan, first, count);
            for (std::size_t layer = 0; layer < plan.size(); ++layer)
                for (std::size_t choice = 0; choice < subject.candidates().size(); ++choice)
                {
                    if (!subject.allows(layer, choice))
                        continue;
                    choices changed = plan;
                    changed[layer] = choice;
                    std::vector<float> outputs(count * subject.output_size());
                    subject.run_changed(cached, layer, choice, outputs);
                    CHECK_EQ(outputs, outputs_of(subject, changed, first, count));
                }
        }
    }
}

TEST_CASE("simulated model: rows that the outputs depend on")
{
    const model network = last_steps_encoder();
    const program steps = separate_program_of(network);
    const auto needed = quantkit::detail::needed_rows_of(steps);
    const auto first_of = [&](const std::string& name)
    {
        for (value_id value = 0; value < steps.values.size(); ++value)
            if (steps.values[value].name == name)
                return needed[value].first;
        FAIL("there is no value ", name);
        return std::size_t { 0 };
    };
    CHECK_EQ(first_of("head"), 0u);
    CHECK_EQ(first_of("pool"), 3u); // of 4
    CHECK_EQ(first_of("conv"), 6u);
    for (const char* const name : { "norm2", "ffn", "act", "ffn.fc1", "norm1", "attn.dropout", "attn", "attn.context" })
        CHECK_EQ(first_of(name), 5u);
    CHECK_EQ(first_of("attn.qkv"), 0u);
    CHECK_EQ(first_of("input"), 0u);

    const quantkit::detail::needed_rows rows { 3, 1 };
    CHECK_EQ(rows.samples(2), 2u); // 4 rows in two samples of 3
    CHECK_EQ(rows.samples(3), 2u);
    const std::vector<float> x { 1, 2, 3, 4, 5, 6 };
    std::vector<float> packed(6, 9.0f), back(6, 9.0f);
    rows.pack(x.data(), 2, 1, packed.data());
    CHECK_EQ(packed, std::vector<float> { 2, 3, 5, 6, 0, 0 });
    rows.unpack(packed.data(), 2, 1, back.data());
    CHECK_EQ(back, std::vector<float> { 0, 2, 3, 0, 5, 6 });
    for (const quantkit::detail::needed_rows& each :
         quantkit::detail::needed_rows_of(separate_program_of(sample_branches())))
        CHECK_EQ(each.first, 0u);
}

TEST_CASE("simulated model: a sample's outputs do not depend on its neighbours")
{
    const simulated_model subject = simulated(sample_encoder());
    const choices plan = all_in(subject, 3);
    const std::vector<float> together = outputs_of(subject, plan);
    for (std::size_t i = 0; i < samples; ++i)
    {
        const std::vector<float> alone = outputs_of(subject, plan, i, 1);
        const auto from = together.begin() + static_cast<std::ptrdiff_t>(i * alone.size());
        CHECK_EQ(alone, std::vector<float>(from, from + static_cast<std::ptrdiff_t>(alone.size())));
    }
}

TEST_CASE("simulated model: layers allow what changes them, and have the bytes of model_size")
{
    const model network = sample_encoder();
    const simulated_model subject = simulated(network);
    const auto allowed = [&](std::string_view layer, std::string_view name)
    { return subject.allows(network.index_of(layer), index_of(subject.candidates(), name)); };
    CHECK(allowed("attn", "INT4 weights"));
    CHECK(allowed("attn", "INT8 activations"));
    CHECK(allowed("head", "INT8 static"));
    CHECK(allowed("norm1", "FP16"));
    CHECK(allowed("norm1", "INT8 static"));
    CHECK(allowed("attn.dropout", "INT8 static"));
    CHECK_FALSE(allowed("norm1", "INT8 weights"));
    CHECK_FALSE(allowed("norm1", "INT8 dynamic per row"));
    const simulated_model branches = simulated(sample_mlp());
    for (std::size_t choice = 1; choice < branches.candidates().size(); ++choice)
    {
        CHECK_FALSE(branches.allows(branches.network().index_of("add"), choice));
        CHECK_FALSE(branches.allows(branches.network().index_of("softmax"), choice)); // the outputs stay floats
    }
    for (std::size_t choice = 0; choice < subject.candidates().size(); ++choice)
    {
        std::size_t bytes = 0;
        for (std::size_t layer = 0; layer < subject.layers().size(); ++layer)
            bytes += subject.bytes(layer, choice);
        CHECK_EQ(bytes, size_of(network, { subject.precisions()[choice].precision }).total());
    }
    CHECK_EQ(subject.layers()[network.index_of("attn")].parameters, 4u * (16 * 16 + 16));
    CHECK_EQ(subject.layers()[network.index_of("attn")].multiplications, 11u * 4 * 16 * 16 + 2 * 11 * 11 * 16);
    CHECK_EQ(subject.layers()[network.index_of("head")].multiplications, 8u * 3);
    CHECK_EQ(subject.layers()[network.index_of("act")].parameters, 0u);
}

TEST_CASE("simulated model: rounding what a layer reads makes its error larger")
{
    const model network = sample_encoder();
    const precision_candidate outputs { "outputs",
                                        { precision::int8, activation_mode::calibrated, per_axis {}, true } };
    precision_candidate throughout = outputs;
    throughout.name = "throughout", throughout.rounds_inputs = true;
    const simulated_model subject = simulated(network, { { "FP32" }, outputs, throughout });
    const std::size_t norm = network.index_of("norm2"), conv = network.index_of("conv"),
                      head = network.index_of("head");
    const std::vector<float> reference = outputs_of(subject, reference_plan(subject));
    const auto error = [&](std::size_t layer, std::size_t choice)
    {
        choices plan = reference_plan(subject);
        plan[layer] = choice;
        const std::vector<float> y = outputs_of(subject, plan);
        double sum = 0;
        for (std::size_t i = 0; i < y.size(); ++i)
            sum += std::pow(static_cast<double>(y[i]) - static_cast<double>(reference[i]), 2);
        return sum;
    };
    CHECK_GT(error(norm, 1), 0.0);
    CHECK_GT(error(norm, 2), 1.1 * error(norm, 1));
    CHECK_EQ(error(conv, 2), error(conv, 1)); // an INT8 product has rounded its input already
    CHECK_NE(error(head, 2), error(head, 1)); // but the last time step has a range of its own
}

TEST_CASE("simulated model: what does not fit is refused")
{
    const model network = sample_encoder();
    const simulated_model subject = simulated(network);
    std::vector<float> outputs(3 * subject.output_size());
    CHECK_THROWS_WITH_AS(subject.run(reference_plan(subject), 9, 3, outputs),
                         "quantkit: samples [9, 12) are not among the 11 that there are", std::invalid_argument);
    CHECK_THROWS_WITH_AS(subject.run(reference_plan(subject), 0, 2, outputs),
                         "quantkit: outputs of 2 samples are 6 floats, not 9", std::invalid_argument);
    CHECK_THROWS_WITH_AS(subject.run({ 0 }, 0, 3, outputs),
                         "quantkit: a plan of 1 choices does not fit a model of 11 layers", std::invalid_argument);
    choices activations = reference_plan(subject);
    activations[network.index_of("attn")] = index_of(subject.candidates(), "INT8 activations");
    CHECK_THROWS_WITH_AS(subject.plan_of(activations),
                         "quantkit: layer 'attn' is to take INT8 activations, in which no session computes",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(simulated(network, { { "FP16", fp16_layer } }),
                         "quantkit: the first candidate must be the reference, FP32", std::invalid_argument);
    const matrix_f none(0, 6), x = random_input(network, 2);
    CHECK_THROWS_WITH_AS(simulated_model(network, none, x),
                         "quantkit: 'input' needs a range, but no sample was given to calibrate with",
                         std::invalid_argument);
    CHECK_NOTHROW(simulated_model(network, none, x, { { "FP32" }, { "INT8 weights", int8_weights } }));
    CHECK_THROWS_WITH_AS(simulated_model(network, x, matrix_f(5, 6)),
                         "quantkit: samples of 66 values do not fill the shape [5, 6]", std::invalid_argument);
}

TEST_CASE("simulated model: layers can be timed one by one")
{
    const simulated_model subject = simulated(sample_encoder());
    latency_options options;
    options.turns = 1, options.batch = 2;
    const auto latencies = layer_latencies(subject, options);
    Eigen::ThreadPool pool(2);
    const thread_pool threads(pool);
    const auto cached = subject.cache(reference_plan(subject), 0, 8);
    for (std::size_t layer = 0; layer < subject.layers().size(); ++layer)
        for (std::size_t choice = 0; choice < subject.candidates().size(); ++choice)
        {
            CHECK_EQ(latencies[layer][choice].microseconds > 0.0, subject.allows(layer, choice));
            if (!subject.allows(layer, choice))
                continue;
            std::vector<float> alone(8 * subject.result_size(layer)), together(alone.size());
            subject.run_layer(cached, layer, choice, alone);
            subject.run_layer(cached, layer, choice, together, threads);
            CHECK_EQ(alone, together);
        }
}

TEST_CASE("simulated model: what a candidate does to a layer's own result")
{
    const model network = sample_encoder();
    const simulated_model subject = simulated(network);
    const std::size_t int8 = 3, head = network.index_of("head");
    const auto errors = layer_result_errors(subject, output_mse {}, { 0, samples, 4 }, sequential {});
    for (std::size_t layer = 0; layer < subject.layers().size(); ++layer)
        CHECK_EQ(errors[layer][int8] > 0.0, subject.allows(layer, int8));
    choices only_head = reference_plan(subject);
    only_head[head] = int8;
    CHECK_EQ(errors[head][int8], // the head's result is the model's
             doctest::Approx(measured_error(subject, only_head, output_mse {}, { 0, samples, 4 }, sequential {})));

    // codes of 8 bits have at most 256 values
    const auto largest = layer_result_errors(subject, mean_output_metric<max_abs_error> {}, { 0, 1, 1 }, sequential {});
    const auto cached = subject.cache(reference_plan(subject), 0, 8);
    const std::size_t dropout = network.index_of("attn.dropout");
    std::vector<float> result(8 * subject.result_size(dropout));
    subject.run_layer(cached, dropout, reference_candidate, result);
    CHECK_GT(std::set<float>(result.begin(), result.end()).size(), 256u);
    subject.run_layer(cached, dropout, int8, result);
    CHECK_LT(std::set<float>(result.begin(), result.end()).size(), 257u);
    CHECK_GT(largest[dropout][int8], 0.0);
    CHECK_THROWS_WITH_AS(subject.run_layer(cached, head, int8, result),
                         "quantkit: layer 10 cannot give 1408 floats as candidate 3", std::invalid_argument);
    CHECK_THROWS_WITH_AS(layer_result_errors(subject, output_mse {}, { 0, 0, 1 }, sequential {}),
                         "quantkit: layers cannot be measured on 0 samples by 1", std::invalid_argument);
}

namespace
{
    /// A metric of a user's that fails for every block behind the first.
    struct metric_that_throws
    {
        std::string name() const { return "none"; }
        double error(std::span<const float>, std::span<const float>, const sample_block& block) const
        {
            if (block.first > 0)
                throw std::domain_error("block at " + std::to_string(block.first));
            return 0.0;
        }
    };
}

TEST_CASE("simulated model: what a metric throws for a layer's own result comes out, that of the first block")
{
    const simulated_model subject = simulated(sample_encoder());
    Eigen::ThreadPool pool(2);
    const sample_range range { 0, 8, 2 };
    CHECK_THROWS_WITH_AS(layer_result_errors(subject, metric_that_throws {}, range, sequential {}), "block at 2",
                         std::domain_error);
    CHECK_THROWS_WITH_AS(layer_result_errors(subject, metric_that_throws {}, range, thread_pool(pool)), "block at 2",
                         std::domain_error);
}
