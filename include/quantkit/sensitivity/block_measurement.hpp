// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Entries of a table for one block of samples: the unit of work that executors divide, and that is kept when a
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

        /// The last layer alone runs again.
        void run(std::span<float> outputs) const { run(plan_.size() - 1, plan_.back(), outputs); }

        void run(std::size_t layer, std::size_t choice, std::span<float> outputs) const
        {
            model_.run_changed(cached_, layer, choice, outputs);
        }

    private:
        const Model& model_;
        choices plan_;
        typename Model::cached_run cached_;
    };

    /// The errors of one block of samples, plan by plan.
    template <evaluated_model Model, perturbation_of<Model> Perturbation, output_metric Metric>
    class block_measurement
    {
    public:
        block_measurement(const Model& model, const Perturbation& perturbation, const Metric& metric,
                          const sample_block& block)
            : model_(model)
            , perturbation_(perturbation)
            , metric_(metric)
            , block_(block)
            , in_float_(model.layers().size(), reference_candidate)
            , reference_(block.count * block.outputs)
            , outputs_(reference_.size())
        {
            runs_.emplace(model, in_float_, block);
            runs_->run(reference_);
            base_error_ = metric.error(reference_, reference_, block);
        }

        /// layers  those whose entries of this candidate are measured
        /// set     called with each layer and its error
        template <class Set>
        void operator()(std::size_t choice, const std::vector<std::size_t>& layers, const Set& set)
        {
            change_base(perturbation_.base(model_, choice));
            for (const std::size_t layer : layers)
            {
                runs_->run(layer, perturbation_.changed(choice), outputs_);
                set(layer, perturbation_.error(base_error_, metric_.error(reference_, outputs_, block_)));
            }
        }

    private:
        void change_base(choices base)
        {
            if (runs_->plan() == base)
                return;
            runs_.emplace(model_, std::move(base), block_);
            runs_->run(outputs_);
            base_error_ = metric_.error(reference_, outputs_, block_);
        }

        const Model& model_;
        const Perturbation& perturbation_;
        const Metric& metric_;
        sample_block block_;
        choices in_float_;
        std::vector<float> reference_, outputs_;
        std::optional<changed_runs<Model>> runs_;
        double base_error_ = 0.0;
    };

    /// wanted  [layers, candidates] the entries to measure; the reference's are 0 without that
    /// errors  [layers, candidates] of the block's samples; 0 for the reference and for what is not wanted
    template <evaluated_model Model, perturbation_of<Model> Perturbation, output_metric Metric>
    void measure_block(const Model& model, const Perturbation& perturbation, const Metric& metric,
                       const sample_block& block, const std::vector<bool>& wanted, std::span<double> errors)
    {
        const std::size_t layers = model.layers().size(), candidates = model.candidates().size();
        block_measurement<Model, Perturbation, Metric> measured(model, perturbation, metric, block);
        std::fill(errors.begin(), errors.end(), 0.0);
        for (std::size_t choice = 1; choice < candidates; ++choice)
        {
            std::vector<std::size_t> open;
            for (std::size_t layer = 0; layer < layers; ++layer)
                if (wanted[layer * candidates + choice])
                    open.push_back(layer);
            if (!open.empty())
                measured(choice, open,
                         [&](std::size_t layer, double error) { errors[layer * candidates + choice] = error; });
        }
    }
}
