// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A table of sensitivities from gradients: one backward pass for all layers and all candidates, where
/// measure_sensitivity() runs each of them. Cheap, and an estimate: of weights alone, to first order.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/sensitivity/block_bootstrap.hpp>
#include <quantkit/sensitivity/gradient_score.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/stopping_rule.hpp>
#include <quantkit/sensitivity/weight_rounding.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/network.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// block  samples of one backward pass
    /// draws  random signs for each block; more make scores steadier
    struct gradient_options
    {
        std::size_t block = 32;
        std::size_t draws = 4;
        std::uint64_t seed = 1;
        bootstrap_options bootstrap {};
        stopping_rule stopping {};
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One weight of a layer, and how each candidate changes it.
    struct changed_weight
    {
        std::size_t layer;
        std::string name;
        std::vector<std::vector<float>> changes; ///< [candidates][elements]
    };

    /// The weights of the layers' products.
    inline std::vector<changed_weight> changed_weights(const model& network,
                                                       const std::vector<weight_rounding>& candidates)
    {
        std::vector<changed_weight> weights;
        for (std::size_t i = 0; i < network.layers().size(); ++i)
            for (const layer_product& product : products_of(network.layers()[i].operation))
                for (const projection& part : product.weights)
                {
                    changed_weight weight { i, part.weight, {} };
                    for (const weight_rounding& each : candidates)
                        weight.changes.push_back(weight_change(network.weights()[part.weight], each.bits));
                    weights.push_back(std::move(weight));
                }
        return weights;
    }

    inline sensitivity_table empty_table(const model& network, const std::vector<changed_weight>& weights,
                                         const std::vector<weight_rounding>& candidates, std::string metric,
                                         std::vector<std::size_t> block_samples)
    {
        std::vector<layer_facts> facts;
        for (const layer& each : network.layers())
            facts.push_back({ each.name, each.kind, 0, 0 });
        for (const changed_weight& each : weights)
            facts[each.layer].parameters += each.changes[0].size();
        std::vector<candidate> names;
        for (const weight_rounding& each : candidates)
            names.push_back({ each.name });
        sensitivity_table table(std::move(metric), facts, names, std::move(block_samples));
        for (std::size_t i = 0; i < facts.size(); ++i)
            for (std::size_t choice = 0; choice < names.size(); ++choice)
            {
                sensitivity_entry& entry = table.at(i, choice);
                entry.allowed = choice == reference_candidate || facts[i].parameters > 0;
                const auto bits = static_cast<std::size_t>(candidates[choice].bits == 0 ? 32 : candidates[choice].bits);
                entry.bytes = (facts[i].parameters * bits + 7) / 8;
                if (entry.allowed)
                    entry.block_errors.assign(table.block_samples().size(), 0.0);
            }
        return table;
    }

    /// Each output's sign: +1 or -1.
    inline void draw_signs(splitmix64& random, matrix_f& signs)
    {
        for (Eigen::Index i = 0; i < signs.size(); ++i)
            signs.data()[i] = (random.next() >> 63) == 0 ? 1.0f : -1.0f;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Errors estimate the mean squared error of the outputs if a layer's weights alone were rounded.
    ///
    /// samples     [samples * time, features]
    /// candidates  the first is the reference, which rounds nothing; others are allowed where a layer has products
    ///
    /// The same bits for every number of threads. Throws where the samples do not fit the model, and where the first
    /// candidate rounds.
    template <gradient_score Score = fisher_diagonal>
    sensitivity_table gradient_sensitivity(const model& network, const matrix_f& samples, const Score& score = {},
                                           const std::vector<weight_rounding>& candidates = weight_roundings(),
                                           const gradient_options& options = {}, const any_executor& threads = {})
    {
        require(!candidates.empty() && candidates[0].bits == 0, "the first candidate is the reference, in float");
        require(options.block > 0 && options.draws > 0, "gradients need samples and draws, but blocks have ",
                options.block, " samples and ", options.draws, " draws");
        const auto time = static_cast<Eigen::Index>(network.input_shape().time);
        require(samples.rows() > 0 && samples.rows() % time == 0, "samples of ", time, " steps do not fit into ",
                samples.rows(), " rows");
        const auto count = static_cast<std::size_t>(samples.rows() / time);
        std::vector<std::size_t> block_samples;
        for (std::size_t first = 0; first < count; first += options.block)
            block_samples.push_back(std::min(options.block, count - first));

        const std::vector<detail::changed_weight> weights = detail::changed_weights(network, candidates);
        sensitivity_table table = detail::empty_table(network, weights, candidates,
                                                      "output MSE by " + std::string(score.name()), block_samples);
        training::network net(network);
        splitmix64 random(options.seed);
        Eigen::Index row = 0;
        for (std::size_t block = 0; block < block_samples.size(); ++block)
        {
            const Eigen::Index rows = static_cast<Eigen::Index>(block_samples[block]) * time;
            const matrix_f& outputs =
                net.forward(samples.middleRows(row, rows), training::run_mode::inference, 0, threads);
            matrix_f signs(outputs.rows(), outputs.cols());
            const double values = static_cast<double>(outputs.size()) * static_cast<double>(options.draws);
            for (std::size_t draw = 0; draw < options.draws; ++draw)
            {
                detail::draw_signs(random, signs);
                net.parameters().zero_gradients();
                net.backward(signs, threads);
                for (const detail::changed_weight& weight : weights)
                    for (std::size_t choice = 1; choice < candidates.size(); ++choice)
                        table.at(weight.layer, choice).block_errors[block] +=
                            score(net.parameters()[weight.name].gradient, weight.changes[choice]) / values;
            }
            row += rows;
        }
        set_intervals(table, block_bootstrap(block_samples, options.bootstrap), options.stopping);
        return table;
    }
}
