// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/model_builder.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/training/adam.hpp>
#include <quantkit/training/fit.hpp>
#include <quantkit/training/sgd.hpp>
#include <quantkit/training/weight_initialization.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using namespace quantkit::training;

namespace
{
    constexpr std::size_t features = 6, classes = 3, samples = 300;

    model untrained(std::uint64_t seed = 5)
    {
        const model_builder builder = model_builder({ .features = features })
                                          .linear("fc.0", features, 24)
                                          .activation("relu", activation_function::relu)
                                          .linear("fc.1", 24, classes);
        return builder.build(initial_weights(builder.layers(), { .features = features }, seed, {}));
    }

    matrix_f inputs()
    {
        const std::vector<float> values = test::normal_floats(samples * features, 3);
        return Eigen::Map<const matrix_f>(values.data(), samples, features);
    }

    /// Which third of its input is largest in sum: no linear function of it.
    std::vector<std::int32_t> labels_of(const matrix_f& x)
    {
        std::vector<std::int32_t> labels;
        for (Eigen::Index i = 0; i < x.rows(); ++i)
        {
            Eigen::Index largest = 0;
            const Eigen::RowVector3f sums { x(i, 0) * x(i, 1), x(i, 2) * x(i, 3), x(i, 4) * x(i, 5) };
            sums.maxCoeff(&largest);
            labels.push_back(static_cast<std::int32_t>(largest));
        }
        return labels;
    }

    std::vector<float> trained_weights(const any_executor& threads, std::uint64_t seed = 1)
    {
        const matrix_f x = inputs();
        const std::vector<std::int32_t> labels = labels_of(x);
        network net(untrained());
        adam optimizer;
        fit(net, x, cross_entropy_of(labels), optimizer,
            { .epochs = 3, .batch = 100, .seed = seed, .rate = constant_rate(0.01) }, {}, threads);
        return net.parameters()["fc.0.weight"].values;
    }
}

TEST_CASE("fit: learns what a linear model cannot, and reports every step")
{
    const matrix_f x = inputs();
    const std::vector<std::int32_t> labels = labels_of(x);
    network net(untrained());
    adam optimizer;
    std::vector<fit_progress> steps;
    const fit_result result = fit(net, x, cross_entropy_of(labels), optimizer,
                                  { .epochs = 60, .batch = 64, .rate = cosine_rate(0.02, 300), .clip_norm = 5.0 },
                                  [&](const fit_progress& progress)
                                  {
                                      steps.push_back(progress);
                                      return true;
                                  });
    REQUIRE(result.losses.size() == 60);
    CHECK_FALSE(result.was_cancelled);
    CHECK(result.losses.front() == doctest::Approx(std::log(3)).epsilon(0.3));
    CHECK(result.losses.back() < 0.5);
    REQUIRE(steps.size() == 60 * 5);
    CHECK(steps[7].epoch == 1);
    CHECK(steps[7].batch == 2);
    CHECK(steps[7].batches == 5);
    CHECK(steps[9].ends_epoch());
    CHECK(steps[9].loss == result.losses[1]);
    CHECK(steps[7].rate == cosine_rate(0.02, 300)(7));
}

TEST_CASE("fit: the same bits for any number of threads; seeds decide")
{
    Eigen::ThreadPool pool(2);
    const thread_pool threads(pool);
    const std::vector<float> alone = trained_weights({});
    CHECK(alone == trained_weights(threads));
    CHECK(alone != trained_weights({}, 2));
    CHECK(alone != network(untrained()).parameters()["fc.0.weight"].values);
}

TEST_CASE("fit: a step is the optimizer's along the mean gradient of its samples, clipped")
{
    const matrix_f x = inputs().topRows(4);
    const matrix_f targets = matrix_f::Constant(4, classes, 0.5f);
    network net(untrained()), expected(untrained());
    sgd optimizer;
    fit(net, x, squared_error_of(targets), optimizer, { .batch = 4, .rate = constant_rate(0.1), .clip_value = 0.01f });

    const auto order = shuffled_samples(4, 0, 0);
    matrix_f shuffled(4, static_cast<Eigen::Index>(features));
    for (std::size_t i = 0; i < 4; ++i)
        shuffled.row(static_cast<Eigen::Index>(i)) = x.row(static_cast<Eigen::Index>(order[i]));
    expected.backward(mean_squared_error(expected.forward(shuffled, run_mode::training), targets).gradient);
    bool was_clipped = false;
    for (std::size_t i = 0; i < net.parameters().size(); ++i)
        for (std::size_t j = 0; j < net.parameters()[i].size(); ++j)
        {
            const float gradient = expected.parameters()[i].gradient[j];
            was_clipped = was_clipped || std::abs(gradient) > 0.01f;
            const float step = 0.1f * std::min(std::max(gradient, -0.01f), 0.01f);
            CHECK(net.parameters()[i].values[j]
                  == doctest::Approx(static_cast<double>(expected.parameters()[i].values[j] - step)));
        }
    CHECK(was_clipped);
}

TEST_CASE("fit: samples of several time steps, in either shape, learn a filter")
{
    constexpr Eigen::Index time = 8, count = 60;
    const sample_shape input { .time = time, .features = 1 };
    const model_builder builder =
        model_builder(input).conv1d("filter", { .in_channels = 1, .out_channels = 1, .kernel = 3, .padding = 1 });
    const model source = builder.build(initial_weights(builder.layers(), input, 2, {}));
    const std::vector<float> values = test::normal_floats(time * count, 4);
    const Eigen::Map<const matrix_f> x(values.data(), time * count, 1);
    matrix_f targets = matrix_f::Zero(time * count, 1);
    for (Eigen::Index i = 0; i < targets.rows(); ++i)
        targets(i, 0) = (i % time > 0 ? 0.5f * x(i - 1, 0) : 0.0f) - x(i, 0);

    network steps(source), rows(source);
    adam first, second;
    const fit_options options { .epochs = 60, .batch = 10, .rate = constant_rate(0.05) };
    fit(steps, matrix_f(x), squared_error_of(targets, time), first, options);
    fit(rows, matrix_f(Eigen::Map<const matrix_f>(values.data(), count, time)), squared_error_of(targets, time), second,
        options);
    const std::vector<float>& learned = steps.parameters()["filter.weight"].values;
    CHECK(learned == rows.parameters()["filter.weight"].values);
    CHECK(learned[0] == doctest::Approx(0.5).epsilon(0.01));
    CHECK(learned[1] == doctest::Approx(-1).epsilon(0.01));
    CHECK(std::abs(learned[2]) < 0.01f);
}

TEST_CASE("fit: stops when it is told to")
{
    const matrix_f x = inputs();
    const std::vector<std::int32_t> labels = labels_of(x);
    network net(untrained());
    sgd optimizer;
    const fit_options options { .epochs = 10, .batch = 100, .rate = constant_rate(0.1) };
    int calls = 0;
    const fit_result result =
        fit(net, x, cross_entropy_of(labels), optimizer, options, [&](const fit_progress&) { return ++calls < 4; });
    CHECK(calls == 4);
    CHECK(result.was_cancelled);
    CHECK(result.losses.size() == 2);
}

TEST_CASE("fit: what cannot be trained is refused")
{
    matrix_f x = inputs();
    const std::vector<std::int32_t> labels = labels_of(x);
    network net(untrained());
    sgd optimizer;
    const auto loss = cross_entropy_of(labels);
    CHECK_THROWS_WITH_AS(fit(net, x, loss, optimizer, {}), "quantkit: training needs a learning rate",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(fit(net, matrix_f(5, 5), loss, optimizer, { .rate = constant_rate(1) }),
                         "quantkit: samples of 6 values cannot be taken from a matrix [5, 5]", std::invalid_argument);
    x(0, 0) = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(fit(net, x, loss, optimizer, { .batch = samples, .rate = constant_rate(0.1) }),
                         "quantkit: the loss of step 0 is nan: training has diverged", std::invalid_argument);
}
