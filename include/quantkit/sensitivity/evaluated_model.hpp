// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a model must offer so that its sensitivity can be measured: a few lines for a model of any runtime.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace quantkit
{
    /// layers()                  what can be changed, in an order that plans, tables and results keep
    /// candidates()              what a layer can be changed to; candidate 0 is the reference, the model in float
    /// allows(layer, candidate)  whether it can; the reference always is
    /// bytes(layer, candidate)   of the layer's weights then
    /// samples(), output_size()  how many samples it brings along, and how many floats it gives for each
    /// run(plan, first, count, outputs)
    ///                           runs samples [first, first + count) by the plan and writes [count, output_size]
    ///                           floats. Threads call it at the same time; a sample's outputs are the same bits in
    ///                           every call, whatever the samples next to it.
    template <class Model>
    concept evaluated_model = requires(const Model& model, const choices& plan, std::size_t index,
                                       std::span<float> outputs)
    {
        {
            model.layers()
            } -> std::convertible_to<std::vector<layer_facts>>;
        {
            model.candidates()
            } -> std::convertible_to<std::vector<candidate>>;
        {
            model.allows(index, index)
            } -> std::convertible_to<bool>;
        {
            model.bytes(index, index)
            } -> std::convertible_to<std::size_t>;
        {
            model.samples()
            } -> std::convertible_to<std::size_t>;
        {
            model.output_size()
            } -> std::convertible_to<std::size_t>;
        model.run(plan, index, index, outputs);
    };

    /// A model that spares the layers before a changed one.
    ///
    /// cached_run                what remains of a run: the values between its layers
    /// cache(plan, first, count) runs the samples and keeps it
    /// run_changed(cached, layer, candidate, outputs)
    ///                           the same bits as run() of that plan with one layer changed. Threads share a cached
    ///                           run.
    template <class Model>
    concept incremental_model = evaluated_model<Model> && requires(const Model& model, const choices& plan,
                                                                   std::size_t index, std::span<float> outputs,
                                                                   const typename Model::cached_run& cached)
    {
        {
            model.cache(plan, index, index)
            } -> std::same_as<typename Model::cached_run>;
        model.run_changed(cached, index, index, outputs);
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless the plan has one allowed candidate for each layer of the model.
    template <evaluated_model Model>
    void check_choices(const Model& model, const choices& plan)
    {
        const std::vector<layer_facts>& layers = model.layers();
        const std::vector<candidate> candidates = model.candidates();
        require(plan.size() == layers.size(), "a plan of ", plan.size(), " choices does not fit a model of ",
                layers.size(), " layers");
        for (std::size_t i = 0; i < plan.size(); ++i)
        {
            require(plan[i] < candidates.size(), "layer '", layers[i].name, "' is to take candidate ", plan[i],
                    ", but there are ", candidates.size());
            require(model.allows(i, plan[i]), "layer '", layers[i].name, "' does not allow ", candidates[plan[i]].name);
        }
    }
}
