// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/model_builder.hpp>
#include <quantkit/training/weight_initialization.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using namespace quantkit::training;

namespace
{
    double mean_of(const std::vector<float>& values)
    {
        double sum = 0;
        for (const float value : values)
            sum += static_cast<double>(value);
        return sum / static_cast<double>(values.size());
    }

    double deviation_of_values(const std::vector<float>& values)
    {
        const double mean = mean_of(values);
        double squares = 0;
        for (const float value : values)
            squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
        return std::sqrt(squares / static_cast<double>(values.size()));
    }

    float largest_of(const std::vector<float>& values)
    {
        float largest = 0;
        for (const float value : values)
            largest = std::max(largest, std::abs(value));
        return largest;
    }

    model_builder network()
    {
        return model_builder({ .time = 4, .features = 50 })
            .conv1d("conv", { .in_channels = 50, .out_channels = 40, .kernel = 3, .padding = 1 })
            .layer_norm("norm", 40)
            .linear("fc", 40, 300);
    }
}

TEST_CASE("weight_initialization: deviations are those of Xavier and Kaiming, by fan in and fan out")
{
    const weight_initialization xavier { weight_deviation::xavier, weight_distribution::uniform, 1.0 };
    CHECK(deviation_of(xavier, 30, 20) == doctest::Approx(0.2));
    CHECK(deviation_of({}, 50, 1000) == doctest::Approx(0.2));
    CHECK_THROWS_WITH_AS(deviation_of(xavier, 0, 3), "quantkit: weights need inputs and outputs, not 0 and 3",
                         std::invalid_argument);
}

TEST_CASE("weight_initialization: weights of a model have the deviation, biases are 0, other weights as ever")
{
    const auto layers = network().layers();
    for (const auto deviation : { weight_deviation::xavier, weight_deviation::kaiming })
        for (const auto distribution : { weight_distribution::uniform, weight_distribution::normal })
        {
            const weight_initialization how { deviation, distribution, 1.5 };
            const weight_set weights = initial_weights(layers, { .time = 4, .features = 50 }, 9, how);
            const double fc = deviation_of(how, 40, 300), conv = deviation_of(how, 150, 120);
            const std::vector<float>& values = weights["fc.weight"].values;
            // 12,000 and 6,000 values: within 5 standard errors
            CHECK(deviation_of_values(values) == doctest::Approx(fc).epsilon(0.035));
            CHECK(std::abs(mean_of(values)) < 0.05 * fc);
            CHECK(deviation_of_values(weights["conv.weight"].values) == doctest::Approx(conv).epsilon(0.05));
            if (distribution == weight_distribution::uniform)
                CHECK(static_cast<double>(largest_of(values)) == doctest::Approx(std::sqrt(3) * fc).epsilon(0.01));
            else
                CHECK(static_cast<double>(largest_of(values)) > 3 * fc);
            CHECK(largest_of(weights["fc.bias"].values) == 0);
            CHECK(weights["norm.weight"].values == std::vector<float>(40, 1.0f));
        }
}

TEST_CASE("weight_initialization: seeds decide")
{
    const auto layers = network().layers();
    const auto drawn = [&](std::uint64_t seed)
    { return initial_weights(layers, { .time = 4, .features = 50 }, seed, {})["conv.weight"].values; };
    CHECK(drawn(1) == drawn(1));
    CHECK(drawn(1) != drawn(2));
    CHECK_NOTHROW(network().build(initial_weights(layers, { .time = 4, .features = 50 }, 1, {})));
}
