// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A quantkit::model whose layers can change their precision one by one: the incremental_model that is measured.
///
/// Every step runs on the kernels that a session of this precision runs on; no two layers are fused, and every layer's
/// result can be rounded. So a plan's outputs are those of its session up to the rounding of sums; where a session
/// fuses a product and an addition, it rounds the sum alone.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/sensitivity/candidate_run.hpp>
#include <quantkit/sensitivity/candidate_steps.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>
#include <quantkit/sensitivity/layerwise_model.hpp>
#include <quantkit/sensitivity/model_facts.hpp>
#include <quantkit/sensitivity/needed_rows.hpp>
#include <quantkit/sensitivity/precision_candidate.hpp>
#include <quantkit/sensitivity/separate_steps.hpp>
#include <quantkit/sensitivity/step_ranges.hpp>
#include <quantkit/sensitivity/step_values.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    class simulated_model
    {
    public:
        using cached_run = simulated_run;

        /// calibration  samples in a form that session::run takes, whose ranges static candidates use; else none needed
        /// samples      to measure with, in such a form; copied
        /// candidates   the first is the reference: FP32
        /// Throws with the shapes where they do not fit, and where a candidate cannot be, or needs a range.
        template <tensor_of<float> Calibration, tensor_of<float> Samples>
        simulated_model(const model& network, const Calibration& calibration, const Samples& samples,
                        std::vector<precision_candidate> candidates = precision_candidates(),
                        const qconfig& config = {})
            : network_(network)
            , steps_(separate_program_of(network))
            , facts_(detail::facts_of(network, steps_))
            , last_readers_(detail::last_readers(steps_))
            , needed_(detail::needed_rows_of(steps_))
            , candidates_(std::move(candidates))
            , input_(checked_samples(view_of(samples)))
        {
            require(!candidates_.empty() && candidates_[0].precision == fp32_layer && !candidates_[0].rounds_inputs,
                    "the first candidate must be the reference, FP32");
            compiled_.push_back(detail::candidate_compiler(network_, steps_, {}, config)(candidates_[0]));
            const detail::step_ranges ranges = calibrated(checked_samples(view_of(calibration)), config);
            const detail::candidate_compiler compile(network_, steps_, ranges, config);
            for (std::size_t i = 1; i < candidates_.size(); ++i)
                compiled_.push_back(compile(candidates_[i]));
            for (const precision_candidate& each : candidates_)
                bytes_.push_back(detail::layer_bytes(network_, each.precision));
        }

        const std::vector<layer_facts>& layers() const { return facts_; }
        std::vector<candidate> candidates() const
        {
            std::vector<candidate> names;
            for (const precision_candidate& each : candidates_)
                names.push_back({ each.name });
            return names;
        }

        /// A layer without products allows the candidates that round its result, each rounding once.
        bool allows(std::size_t layer, std::size_t choice) const
        {
            const quantkit::layer& owner = network_.layers()[layer];
            if (choice == reference_candidate)
                return true;
            if (owner.kind == layer_kind::residual_add || owner.kind == layer_kind::reshape)
                return false;
            if (!products_of(owner.operation).empty())
                return true;
            for (std::size_t other = 0; other < choice; ++other)
                if (rounds_alike(candidates_[other], candidates_[choice]))
                    return false;
            return layer != network_.output_layer();
        }

        std::size_t bytes(std::size_t layer, std::size_t choice) const { return bytes_[choice][layer]; }
        std::size_t samples() const { return input_.size() / network_.input_shape().size(); }
        std::size_t output_size() const { return network_.output_shape().size(); }

        void run(const choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
        {
            check_run(plan, first, count, outputs.size());
            for (std::size_t done = 0; done < count; done += piece)
            {
                const std::size_t now = std::min(piece, count - done);
                detail::step_values values(steps_.values.size());
                values.place(0, input_of(first + done));
                run_steps(plan, now, values, outputs.subspan(done * output_size(), now * output_size()));
            }
        }

        cached_run cache(const choices& plan, std::size_t first, std::size_t count) const
        {
            check_run(plan, first, count, count * output_size());
            detail::step_values values(steps_.values.size());
            values.place(0, input_of(first));
            for (std::size_t i = 0; i < steps_.steps.size(); ++i)
                run_step(i, plan[steps_.steps[i].layer], count, values, make_output(i, count, values));
            return { plan, first, count, values.take() };
        }

        void run_changed(const cached_run& cached, std::size_t layer, std::size_t choice,
                         std::span<float> outputs) const
        {
            choices plan = cached.plan;
            require(layer < plan.size(), "there is no layer ", layer, " of ", plan.size());
            plan[layer] = choice;
            check_run(plan, cached.first, cached.count, outputs.size());
            detail::step_values values(steps_.values.size());
            std::vector<bool> changed(steps_.values.size());
            place_cached(cached, values);
            for (std::size_t i = 0; i < steps_.steps.size(); ++i)
            {
                const program_step& step = steps_.steps[i];
                const bool reads_change =
                    std::any_of(step.inputs.begin(), step.inputs.end(), [&](value_id input) { return changed[input]; });
                if (step.layer != layer && !reads_change)
                    continue;
                changed[step.output] = true;
                run_needed(i, plan[step.layer], cached.count, values, make_output(i, cached.count, values));
                release_inputs(i, values);
            }
            std::copy_n(values[steps_.output], outputs.size(), outputs.data());
        }

        std::size_t result_size(std::size_t layer) const { return network_.shape_of(layer).size(); }

        void run_layer(const cached_run& cached, std::size_t layer, std::size_t choice, std::span<float> result,
                       const any_executor& threads = {}) const
        {
            require(layer < facts_.size() && choice < candidates_.size()
                        && result.size() == cached.count * result_size(layer) && allows(layer, choice),
                    "layer ", layer, " cannot give ", result.size(), " floats as candidate ", choice);
            detail::step_values values(steps_.values.size());
            place_cached(cached, values);
            for (std::size_t i = 0; i < steps_.steps.size(); ++i)
                if (steps_.steps[i].layer == layer)
                {
                    float* const output = make_output(i, cached.count, values);
                    run_step(i, choice, cached.count, values, output, threads);
                    if (!steps_.values[steps_.steps[i].output].layers.empty())
                        std::copy_n(output, result.size(), result.data());
                }
        }

        /// The layers of a plan whose candidates a session computes with. Throws, naming the layer, for others.
        precision_plan plan_of(const choices& plan) const
        {
            check_choices(*this, plan);
            precision_plan result;
            for (std::size_t i = 0; i < plan.size(); ++i)
            {
                const std::string& name = network_.layers()[i].name;
                const precision_candidate& choice = candidates_[plan[i]];
                require(!choice.rounds_inputs, "layer '", name, "' is to take ", choice.name,
                        ", in which no session computes");
                layer_precision precision = choice.precision;
                precision.quantize_output = precision.quantize_output && i != network_.output_layer();
                result.layers[name] = precision;
            }
            return result;
        }

        const model& network() const { return network_; }
        const std::vector<precision_candidate>& precisions() const { return candidates_; }

    private:
        static constexpr std::size_t piece = 8; ///< samples whose values fit into a cache

        std::vector<float> checked_samples(const tensor_view<const float>& x) const
        {
            const std::size_t sample = network_.input_shape().size();
            require(static_cast<std::size_t>(x.size()) % sample == 0, "samples of ", sample,
                    " values do not fill the shape ", x.shape());
            return detail::row_major_copy(x);
        }

        const float* input_of(std::size_t sample) const
        {
            return input_.data() + sample * network_.input_shape().size();
        }

        void check_run(const choices& plan, std::size_t first, std::size_t count, std::size_t outputs) const
        {
            check_choices(*this, plan);
            require(first <= samples() && count <= samples() - first, "samples [", first, ", ", first + count,
                    ") are not among the ", samples(), " that there are");
            require(outputs == count * output_size(), "outputs of ", count, " samples are ", count * output_size(),
                    " floats, not ", outputs);
        }

        void place_cached(const cached_run& cached, detail::step_values& values) const
        {
            values.place(0, input_of(cached.first));
            for (value_id value = 1; value < steps_.values.size(); ++value)
                values.place(value, cached.values[value].data());
        }

        float* make_output(std::size_t step, std::size_t count, detail::step_values& values) const
        {
            const value_id output = steps_.steps[step].output;
            return values.make(output, count * steps_.values[output].shape.size());
        }

        void release_inputs(std::size_t step, detail::step_values& values) const
        {
            for (const value_id input : steps_.steps[step].inputs)
                if (last_readers_[input] == step)
                    values.release(input);
        }

        void run_steps(const choices& plan, std::size_t count, detail::step_values& values,
                       std::span<float> outputs) const
        {
            for (std::size_t i = 0; i < steps_.steps.size(); ++i)
            {
                run_step(i, plan[steps_.steps[i].layer], count, values, make_output(i, count, values));
                release_inputs(i, values);
            }
            std::copy_n(values[steps_.output], outputs.size(), outputs.data());
        }

        void run_step(std::size_t index, std::size_t choice, std::size_t count, const detail::step_values& values,
                      float* output, const any_executor& threads = {}) const
        {
            detail::run_candidate_step(steps_, compiled_[choice], index, count, values, output, threads);
        }

        /// Only the rows that the model's output depends on, unless they are rounded by the range of all.
        void run_needed(std::size_t index, std::size_t choice, std::size_t count, const detail::step_values& values,
                        float* output) const
        {
            if (candidates_[choice].precision.activations == activation_mode::dynamic_per_tensor)
                return run_step(index, choice, count, values, output);
            detail::run_needed_rows(steps_, compiled_[choice], index, needed_[steps_.steps[index].output], count,
                                    values, output);
        }

        /// The ranges of all values on these samples, in float.
        detail::step_ranges calibrated(const std::vector<float>& samples, const qconfig& config) const
        {
            const std::size_t sample = network_.input_shape().size(), total = samples.size() / sample;
            if (total == 0)
                return {};
            detail::range_observers observers(steps_, config);
            for (std::size_t first = 0; first < total; first += piece)
            {
                const std::size_t count = std::min(piece, total - first);
                detail::step_values values(steps_.values.size());
                values.place(0, samples.data() + first * sample);
                observers.observe(0, count, values[0]);
                for (std::size_t i = 0; i < steps_.steps.size(); ++i)
                {
                    run_step(i, reference_candidate, count, values, make_output(i, count, values));
                    observers.observe(steps_.steps[i].output, count, values[steps_.steps[i].output]);
                    release_inputs(i, values);
                }
            }
            return observers.ranges();
        }

        model network_;
        program steps_;
        std::vector<layer_facts> facts_;
        std::vector<std::size_t> last_readers_;
        std::vector<detail::needed_rows> needed_; ///< [values]
        std::vector<precision_candidate> candidates_;
        std::vector<float> input_;
        std::vector<detail::candidate_steps> compiled_;
        std::vector<std::vector<std::size_t>> bytes_; ///< [candidates][layers]
    };
    static_assert(threaded_layerwise_model<simulated_model>);
}
