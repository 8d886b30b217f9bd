// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model whose layers run alone: what is needed to time them, and to see what a candidate does to a layer's own
/// result.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace quantkit
{
    /// result_size(layer)  floats that a layer returns for a sample
    /// run_layer(cached, layer, choice, result)
    ///                     only the layer, as this candidate, on what a cached run left before it; writes
    ///                     [count, result_size] floats. Threads call it at the same time.
    template <class Model>
    concept layerwise_model = incremental_model<Model> && requires(const Model& model, std::size_t index,
                                                                   const typename Model::cached_run& cached,
                                                                   std::span<float> result)
    {
        {
            model.result_size(index)
            } -> std::convertible_to<std::size_t>;
        model.run_layer(cached, index, index, result);
    };

    /// A model that can divide one layer's work among threads.
    ///
    /// run_layer(cached, layer, choice, result, threads)
    ///                     the same bits as without threads
    template <class Model>
    concept threaded_layerwise_model = layerwise_model<Model> && requires(const Model& model, std::size_t index,
                                                                          const typename Model::cached_run& cached,
                                                                          std::span<float> result,
                                                                          const any_executor& threads)
    {
        model.run_layer(cached, index, index, result, threads);
    };
}
