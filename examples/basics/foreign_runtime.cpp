// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Sensitivity of a model that another runtime computes: a struct with seven functions, and the evaluator does the
/// rest.
///
/// Prints:
///
///     layer   steps of 1/64  steps of 1/8  chosen
///     in            1.4e-05       4.4e-04  steps of 1/64
///     hidden        2.2e-06       3.6e-05  steps of 1/8
///     out           1.6e-06       9.3e-04  steps of 1/64
///     predicted MSE 5.2e-05, of the whole plan on held-out samples 2.0e-06
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace qk = quantkit;

/// Stands for a runtime that quantkit knows nothing of: y = w[2] tanh(w[1] tanh(w[0] x)), each w in float or in steps.
struct my_runtime
{
    std::array<float, 3> w { 0.7123f, 1.9f, -1.31f };

    std::vector<qk::layer_facts> layers() const
    {
        return { { "in", qk::layer_kind::feed_forward, 1, 1 },
                 { "hidden", qk::layer_kind::feed_forward, 1, 1 },
                 { "out", qk::layer_kind::output_projection, 1, 1 } };
    }
    std::vector<qk::candidate> candidates() const { return { { "FP32" }, { "steps of 1/64" }, { "steps of 1/8" } }; }
    bool allows(std::size_t /*layer*/, std::size_t /*candidate*/) const { return true; }
    std::size_t bytes(std::size_t /*layer*/, std::size_t candidate) const { return candidate == 0 ? 4 : 3 - candidate; }
    std::size_t samples() const { return 128; }
    std::size_t output_size() const { return 1; }

    void run(const qk::choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
    {
        constexpr std::array steps { 0.0f, 1.0f / 64, 1.0f / 8 };
        const auto chosen = [&](std::size_t layer)
        { return plan[layer] == 0 ? w[layer] : std::round(w[layer] / steps[plan[layer]]) * steps[plan[layer]]; };
        for (std::size_t i = 0; i < count; ++i)
        {
            const float x = static_cast<float>(first + i) / 64 - 1;
            outputs[i] = chosen(2) * std::tanh(chosen(1) * std::tanh(chosen(0) * x));
        }
    }
};
static_assert(qk::evaluated_model<my_runtime>);

int main()
{
    qk::evaluation_options options;
    options.budgets.bytes = 5; // of 12
    const auto found = qk::sensitivity_evaluator(options)(my_runtime {});
    const auto& candidates = found.table.candidates();

    std::puts("layer   steps of 1/64  steps of 1/8  chosen");
    for (std::size_t i = 0; i < found.table.layers().size(); ++i)
        std::printf("%-7s %13.1e %13.1e  %s\n", found.table.layers()[i].name.c_str(), found.table.at(i, 1).error,
                    found.table.at(i, 2).error, candidates[found.verified.plan[i]].name.c_str());
    std::printf("predicted MSE %.1e, of the whole plan on held-out samples %.1e\n", found.verified.predicted,
                found.verified.measured);
}
