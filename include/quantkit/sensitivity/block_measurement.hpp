// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All entries of a table for one block of samples: the unit of work that executors divide, and that is kept when a
/// measurement is interrupted.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/perturbation.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Runs a plan and plans that differ from it in one layer; a model that can spares what lies before that.
    template <evaluated_model Model>
    class changed_runs
    {
    public:
        changed_runs(const Model& model, choices plan, const sample_block& block)
            : model_(model)
            , plan_(std::move(plan))
            , block_(block)
        {
        }

        const choices& plan() const { return plan_; }

        void run(std::span<float> outputs) const { model_.run(plan_, block_.first, block_.count, outputs); }

        void run(std::size_t layer, std::size_t choice, std::span<float> outputs) const
        {
            choices changed = plan_;
            changed[layer] = choice;
            model_.run(changed, block_.first, block_.count, outputs);
        }

    private:
        const Model& model_;
        choices plan_;
        sample_block block_;
    };

    template <incremental_model Model>
    class changed_runs<Model>
    {
    public:
        changed_runs(const Model& model, choices plan, const sample_block& block)
            : model_(model)
            , plan_(std::move(plan))
            , cached_(model.cache(plan_, block.first, block.count))
        {
        }

        const choices& plan() const { return plan_; }

        void run(std::span<float> outputs) const { run(0, plan_[0], outputs); }

        void run(std::size_t layer, std::size_t choice, std::span<float> outputs) const
        {
            model_.run_changed(cached_, layer, choice, outputs);
        }

    private:
        const Model& model_;
        choices plan_;
        typename Model::cached_run cached_;
    };

    /// errors  [layers, candidates] of the block's samples; 0 for the reference and for what is not allowed
    template <evaluated_model Model, perturbation_of<Model> Perturbation, output_metric Metric>
    void measure_block(const Model& model, const Perturbation& perturbation, const Metric& metric,
                       const sample_block& block, std::span<double> errors)
    {
        const std::size_t layers = model.layers().size(), candidates = model.candidates().size();
        std::vector<float> reference(block.count * block.outputs), outputs(reference.size());
        model.run(choices(layers, reference_candidate), block.first, block.count, reference);
        std::optional<changed_runs<Model>> runs;
        double base_error = 0.0;
        std::fill(errors.begin(), errors.end(), 0.0);
        for (std::size_t choice = 1; choice < candidates; ++choice)
        {
            choices base = perturbation.base(model, choice);
            if (!runs || runs->plan() != base)
            {
                runs.emplace(model, std::move(base), block);
                runs->run(outputs);
                base_error = metric.error(reference, outputs, block);
            }
            for (std::size_t layer = 0; layer < layers; ++layer)
            {
                if (!model.allows(layer, choice))
                    continue;
                runs->run(layer, perturbation.changed(choice), outputs);
                errors[layer * candidates + choice] =
                    perturbation.error(base_error, metric.error(reference, outputs, block));
            }
        }
    }
}
