// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The steps of a model, compiled once for each candidate, and what each candidate rounds.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session_steps.hpp>
#include <quantkit/model/value_storage.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/sensitivity/precision_candidate.hpp>
#include <quantkit/sensitivity/step_ranges.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One candidate's code and roundings.
    ///
    /// steps   [steps] of all layers
    /// inputs  [steps] the codes that a step's input is rounded to before it
    /// values  [values] what a value is rounded to, where it is a layer's result
    struct candidate_steps
    {
        std::vector<session_step> steps;
        std::vector<std::optional<qparams>> inputs;
        std::vector<value_storage> values;
    };

    /// What rounds_inputs speaks of.
    struct reads_codes
    {
        bool operator()(const product_step&) const { return true; }
        bool operator()(const layer_norm_step&) const { return true; }
        bool operator()(const activation_step&) const { return true; }
        bool operator()(const softmax_step&) const { return true; }
        bool operator()(const pooling_step&) const { return true; }
        template <class Other>
        bool operator()(const Other&) const
        {
            return false;
        }
    };

    /// Compiles all layers for one candidate.
    class candidate_compiler
    {
    public:
        /// ranges  of calibration; may be empty where no candidate needs one
        candidate_compiler(const model& network, const program& steps, const step_ranges& ranges, const qconfig& config)
            : network_(network)
            , steps_(steps)
            , ranges_(ranges)
            , config_(config)
        {
        }

        candidate_steps operator()(const precision_candidate& choice) const
        {
            check_layer_precision(choice.precision);
            quantized_model quantized { network_, { choice.precision }, steps_, {}, {} };
            candidate_steps result;
            for (std::size_t i = 0; i < steps_.steps.size(); ++i)
            {
                const program_step& step = steps_.steps[i];
                const auto* product = std::get_if<product_step>(&step.operation);
                quantized.products.push_back(product == nullptr ? std::nullopt
                                                                : std::optional(weights_of(i, *product, choice)));
                const bool rounds_input = choice.rounds_inputs && std::visit(reads_codes {}, step.operation);
                result.inputs.push_back(rounds_input ? std::optional(codes_of(range_read_by(i, choice)))
                                                     : std::nullopt);
            }
            quantized.outputs.resize(steps_.values.size());
            result.steps = compile_steps(quantized, std::vector<value_storage>(steps_.values.size()));
            for (value_id value = 0; value < steps_.values.size(); ++value)
                result.values.push_back(storage_of(value, rounding_of(choice.precision)));
            return result;
        }

    private:
        product_weights weights_of(std::size_t step, const product_step& product,
                                   const precision_candidate& choice) const
        {
            product_weights weights = quantized_weights(product, network_.weights(), choice.precision, config_);
            if (choice.precision.activations != activation_mode::calibrated)
                return weights;
            const real_range range = range_read_by(step, choice);
            weights.input = choice.precision.weights == precision::int16
                                ? choose_qparams(range, int16_narrow::bounds, config_.weight_scheme)
                                : codes_of(range);
            return weights;
        }

        /// The model's outputs stay floats in every candidate.
        value_storage storage_of(value_id value, result_rounding rounding) const
        {
            if (value == steps_.output || steps_.values[value].layers.empty())
                return {};
            switch (rounding)
            {
            case result_rounding::fp16:
                return { {}, {}, precision::fp16 };
            case result_rounding::bf16:
                return { {}, {}, precision::bf16 };
            case result_rounding::uint8:
                return { {}, codes_of(range_of(value)), {} };
            default:
                return {};
            }
        }

        qparams codes_of(const real_range& range) const
        {
            return choose_qparams(range, uint8_full::bounds, config_.activation_scheme);
        }

        real_range range_of(value_id value) const
        {
            require(!ranges_.values.empty() && ranges_.values[value] != nothing_observed, "'",
                    steps_.values[value].name, "' needs a range, but no sample was given to calibrate with");
            return ranges_.values[value];
        }

        /// A session's codes have the range of the whole value; what only rounds what a step reads, that of as much.
        real_range range_read_by(std::size_t step, const precision_candidate& choice) const
        {
            const real_range whole = range_of(steps_.steps[step].inputs[0]);
            return choice.rounds_inputs ? ranges_.read[step] : whole;
        }

        const model& network_;
        const program& steps_;
        const step_ranges& ranges_;
        const qconfig& config_;
    };
}
