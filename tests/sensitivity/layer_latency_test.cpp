// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/layer_latency.hpp>

#include "../support/toy_evaluated_model.hpp"

#include <quantkit/core/any_executor.hpp>
#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
namespace fs = std::filesystem;

namespace
{
    /// Counts what is timed; run by run it is the whole model.
    struct timed_toy : test::toy_evaluated_model
    {
        struct cached_run
        {
            choices plan;
            std::size_t first = 0, count = 0;
        };
        std::shared_ptr<std::size_t> timed = std::make_shared<std::size_t>(0);

        cached_run cache(const choices& plan, std::size_t first, std::size_t count) const
        {
            return { plan, first, count };
        }
        void run_changed(const cached_run& cached, std::size_t layer, std::size_t choice,
                         std::span<float> outputs) const
        {
            choices plan = cached.plan;
            plan[layer] = choice;
            run(plan, cached.first, cached.count, outputs);
        }
        std::size_t result_size(std::size_t) const { return 2; }
        void run_layer(const cached_run& cached, std::size_t layer, std::size_t choice, std::span<float> result) const
        {
            REQUIRE_EQ(result.size(), 6u);
            REQUIRE_EQ(cached.count, 3u);
            REQUIRE(allows(layer, choice));
            ++*timed;
        }
    };
    static_assert(layerwise_model<timed_toy> && !threaded_layerwise_model<timed_toy>);

    /// Says that it divides its layers' work, and counts among how many.
    struct threaded_toy : timed_toy
    {
        std::shared_ptr<std::size_t> most = std::make_shared<std::size_t>(0);

        void run_layer(const cached_run& cached, std::size_t layer, std::size_t choice, std::span<float> result,
                       const any_executor& threads = {}) const
        {
            timed_toy::run_layer(cached, layer, choice, result);
            *most = std::max(*most, threads.concurrency());
        }
    };
    static_assert(threaded_layerwise_model<threaded_toy>);

    latency_options options()
    {
        latency_options result;
        result.batch = 3, result.turns = 5;
        return result;
    }
}

TEST_CASE("layer latency: the median, and how sure it is")
{
    const measured_latency latency = median_latency({ 5, 1, 2, 4, 3, 100, 6, 8, 7 });
    CHECK_EQ(latency.microseconds, 5.0);
    CHECK_EQ(latency.error, doctest::Approx(1.57 * (7 - 3) / 3.0));
    CHECK_EQ(median_latency({ 2.5 }), measured_latency { 2.5, 0.0 });
    CHECK_THROWS_WITH_AS(median_latency({}), "quantkit: there is no median of no times", std::invalid_argument);
}

TEST_CASE("layer latency: every allowed candidate of every layer is timed by turns")
{
    const timed_toy subject;
    const auto latencies = layer_latencies(subject, options());
    CHECK_EQ(*subject.timed, (5u + 1) * 11); // of 12 entries, one is not allowed
    REQUIRE_EQ(latencies.size(), 4u);
    CHECK_EQ(latencies[3][2], measured_latency {});
    CHECK_GE(latencies[3][1].microseconds, 0.0);

    sensitivity_table table = measure_sensitivity(subject);
    set_microseconds(table, latencies);
    CHECK_EQ(table.at(2, 1).microseconds, latencies[2][1].microseconds);
    CHECK_EQ(table.at(2, 1).microseconds_error, latencies[2][1].error);
    CHECK_FALSE(table.at(3, 2).microseconds.has_value());
    CHECK_THROWS_WITH_AS(set_microseconds(table, { {} }), "quantkit: times of 1 layers do not fit 4",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(set_microseconds(table, { 4, std::vector<measured_latency>(2) }),
                         "quantkit: layer 0 has times of 2 candidates, not 3", std::invalid_argument);
}

TEST_CASE("layer latency: with threads, where a model divides its layers' work")
{
    const fs::path path = fs::temp_directory_path() / ("quantkit_threads_" + std::to_string(::getpid()) + ".txt");
    fs::remove(path);
    Eigen::ThreadPool pool(3);
    const thread_pool threads(pool);
    latency_options divided = options();
    divided.threads = threads;
    divided.file = path;
    const threaded_toy subject;
    layer_latencies(subject, divided);
    CHECK_EQ(*subject.most, divided.threads.concurrency());
    CHECK_GT(*subject.most, 1u);
    *subject.timed = 0;
    layer_latencies(subject, divided);
    CHECK_EQ(*subject.timed, 0u);
    divided.threads = {};
    CHECK_THROWS_AS(layer_latencies(subject, divided), io_error); // times of another number of threads
    fs::remove(path);
    divided.threads = threads;
    const std::string count = std::to_string(divided.threads.concurrency());
    CHECK_THROWS_WITH_AS(
        layer_latencies(timed_toy {}, divided),
        ("quantkit: layers of this model cannot be timed with " + count + " threads: one thread runs them alone")
            .c_str(),
        std::invalid_argument);
}

TEST_CASE("layer latency: an evaluator plans by times, if it is told to measure them")
{
    evaluation_options wanted;
    wanted.timing = options();
    wanted.objective = plan_objective::microseconds;
    wanted.budgets.error = 1.0;
    const auto found = sensitivity_evaluator { wanted }(timed_toy {});
    REQUIRE(found.solution.found());
    CHECK_EQ(found.problem.layers[1][2].microseconds, found.table.at(1, 2).microseconds);
    double least = 0.0; // each layer as its fastest candidate, as any error is allowed
    for (std::size_t layer = 0; layer < 4; ++layer)
    {
        double fastest = *found.table.at(layer, 0).microseconds;
        for (std::size_t choice = 1; choice < 3; ++choice)
            fastest = std::min(fastest, found.table.at(layer, choice).microseconds.value_or(fastest));
        least += fastest;
    }
    CHECK_EQ(found.solution.total.microseconds, doctest::Approx(least));

    CHECK_THROWS_WITH_AS(sensitivity_evaluator { wanted }(test::toy_evaluated_model {}),
                         "quantkit: layers of this model do not run alone, so that nothing can time them",
                         std::invalid_argument);
    wanted.timing.reset();
    CHECK_THROWS_WITH_AS(sensitivity_evaluator { wanted }(timed_toy {}),
                         "quantkit: a plan by microseconds needs times: the option timing measures them",
                         std::invalid_argument);
    wanted.objective = plan_objective::error, wanted.budgets.microseconds = 1.0;
    CHECK_THROWS_AS(sensitivity_evaluator { wanted }(timed_toy {}), std::invalid_argument);
}

TEST_CASE("layer latency: times are kept for the same machine, batch and model")
{
    const fs::path path = fs::temp_directory_path() / ("quantkit_times_" + std::to_string(::getpid()) + ".txt");
    fs::remove(path);
    const timed_toy subject;
    latency_options kept = options();
    kept.file = path;
    const auto latencies = layer_latencies(subject, kept);
    *subject.timed = 0;
    CHECK_EQ(layer_latencies(subject, kept), latencies);
    CHECK_EQ(*subject.timed, 0u);
    kept.batch = 2;
    CHECK_THROWS_AS(layer_latencies(subject, kept), io_error);
    fs::remove(path);
    CHECK_NE(machine_fingerprint().find(" threads, "), std::string::npos);
    kept.batch = 22;
    CHECK_THROWS_WITH_AS(layer_latencies(subject, kept), "quantkit: a batch of 22 samples cannot be taken from 21",
                         std::invalid_argument);
}
