// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a candidate does to the layer's own result, before the layers behind it pass it on: cheap, as nothing behind
/// the layer runs, and blind for what the model makes of it.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/sensitivity/block_errors.hpp>
#include <quantkit/sensitivity/layerwise_model.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/plan_verification.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// errors  [layers, candidates]
    template <layerwise_model Model, output_metric Metric>
    void measure_layer_results(const Model& model, const Metric& metric, std::size_t first, std::size_t count,
                               std::span<double> errors)
    {
        const std::size_t layers = model.layers().size(), candidates = model.candidates().size();
        const auto cached = model.cache(choices(layers, reference_candidate), first, count);
        for (std::size_t layer = 0; layer < layers; ++layer)
        {
            const sample_block block { first, count, model.result_size(layer) };
            std::vector<float> reference(count * block.outputs), changed(reference.size());
            model.run_layer(cached, layer, reference_candidate, reference);
            for (std::size_t choice = 1; choice < candidates; ++choice)
                if (model.allows(layer, choice))
                {
                    model.run_layer(cached, layer, choice, changed);
                    errors[layer * candidates + choice] = metric.error(reference, changed, block);
                }
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// [layers][candidates] the metric between the layer's result and that of the reference, both on the reference's
    /// inputs; 0 where a layer does not allow a candidate. The executor changes the time, never a bit.
    template <layerwise_model Model, output_metric Metric, executor Executor>
    std::vector<std::vector<double>> layer_result_errors(const Model& model, const Metric& metric,
                                                         const sample_range& samples, const Executor& executor)
    {
        require(samples.count > 0 && samples.block > 0, "layers cannot be measured on ", samples.count, " samples by ",
                samples.block);
        const std::size_t layers = model.layers().size(), candidates = model.candidates().size();
        const std::size_t blocks = (samples.count - 1) / samples.block + 1;
        std::vector<std::size_t> counts(blocks, samples.block);
        counts.back() = samples.count - (blocks - 1) * samples.block;
        std::vector<std::vector<double>> by_block(blocks, std::vector<double>(layers * candidates));
        std::vector<std::exception_ptr> failures(blocks);
        executor.run(blocks,
                     [&](std::size_t i) noexcept
                     {
                         try
                         {
                             detail::measure_layer_results(model, metric, samples.first + i * samples.block, counts[i],
                                                           by_block[i]);
                         }
                         catch (...)
                         {
                             failures[i] = std::current_exception();
                         }
                     });
        for (const std::exception_ptr& failure : failures)
            if (failure)
                std::rethrow_exception(failure);
        std::vector<std::vector<double>> means(layers, std::vector<double>(candidates));
        std::vector<double> errors(blocks);
        for (std::size_t entry = 0; entry < layers * candidates; ++entry)
        {
            std::transform(by_block.begin(), by_block.end(), errors.begin(),
                           [entry](const std::vector<double>& block) { return block[entry]; });
            means[entry / candidates][entry % candidates] = mean_error(errors, counts);
        }
        return means;
    }
}
