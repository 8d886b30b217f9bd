// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model that is none of quantkit's: what the concepts of sensitivity/ ask for, in a few lines.
#pragma once

#include <quantkit/sensitivity/evaluated_model.hpp>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

namespace quantkit::test
{
    /// y = tanh(w[last] * ... tanh(w[0] * x) ...), and its square; candidate c > 0 rounds a weight to steps of c / 16.
    struct toy_evaluated_model
    {
        std::vector<double> weights { 1.37, -0.81, 1.93, 0.52 };
        std::size_t sample_count = 21;
        std::shared_ptr<std::atomic<std::size_t>> runs = std::make_shared<std::atomic<std::size_t>>(0);
        std::size_t broken_sample = static_cast<std::size_t>(-1);

        std::vector<layer_facts> layers() const
        {
            std::vector<layer_facts> facts;
            for (std::size_t i = 0; i < weights.size(); ++i)
                facts.push_back({ "w" + std::to_string(i), layer_kind::feed_forward, 1, 1 });
            return facts;
        }
        std::vector<candidate> candidates() const { return { { "exact" }, { "fine" }, { "coarse" } }; }
        bool allows(std::size_t layer, std::size_t choice) const { return layer != 3 || choice != 2; }
        std::size_t bytes(std::size_t, std::size_t choice) const { return 4 >> choice; }
        std::size_t samples() const { return sample_count; }
        std::size_t output_size() const { return 2; }

        void run(const choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
        {
            ++*runs;
            for (std::size_t i = 0; i < count; ++i)
            {
                if (first + i == broken_sample)
                    throw std::runtime_error("a broken sample");
                double x = 0.1 * static_cast<double>(first + i) - 1.0;
                for (std::size_t layer = 0; layer < weights.size(); ++layer)
                    x = std::tanh(rounded(weights[layer], plan[layer]) * x);
                outputs[2 * i] = static_cast<float>(x);
                outputs[2 * i + 1] = static_cast<float>(x * x);
            }
        }

        static double rounded(double weight, std::size_t choice)
        {
            const double step = static_cast<double>(choice) / 16.0;
            return choice == 0 ? weight : std::round(weight / step) * step;
        }
    };
    static_assert(evaluated_model<toy_evaluated_model> && !incremental_model<toy_evaluated_model>);
}
