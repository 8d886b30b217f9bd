// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The first of several precisions whose error stays within a bound.
///
///     auto result = quantize_with_fallback(network, batches, error_bound(40.0)); // at least 40 dB
///     if (result.accepted)
///         const session run(*result.accepted);
///
/// Candidates are tried in the order given: the smallest or quickest first, what surely works last.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/metrics/metric.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Several batches of a model's input, to be read more than once.
    template <class Batches>
    concept tensor_batches =
        std::ranges::forward_range<const Batches> && tensor_of < std::ranges::range_value_t<const Batches>,
    float > ;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The worst value of a metric that is accepted; NaN never is.
    template <pair_metric Metric = sqnr_db>
    struct error_bound
    {
        double value;

        explicit constexpr error_bound(double bound)
            : value(bound)
        {
        }

        constexpr bool accepts(double measured) const
        {
            return Metric::higher_is_better ? measured >= value : measured <= value;
        }
    };

    /// A way to quantize a model. config is also for calibrating, where the plan needs that.
    struct quantization_candidate
    {
        std::string name;
        precision_plan plan;
        qconfig config {};
    };

    /// INT8 dynamic, INT16 dynamic per row, INT8 static, FP32.
    inline std::vector<quantization_candidate> default_candidates()
    {
        std::vector<quantization_candidate> candidates;
        for (const layer_precision& layer : { int8_dynamic, int16_dynamic, int8_static, fp32_layer })
            candidates.push_back({ name_of(layer), { layer } });
        return candidates;
    }

    /// measured  the metric, unless an exception came before
    /// refusal   why it was not taken: the measured error or the exception's text; empty for the one that was
    struct candidate_outcome
    {
        std::string name;
        std::optional<double> measured {};
        std::string refusal {};
    };

    /// tried     in order; all are refused but the last where there is an accepted one
    /// accepted  nothing if all were refused
    struct fallback_result
    {
        std::vector<candidate_outcome> tried;
        std::optional<quantized_model> accepted {};

        /// The name of the candidate that was accepted; empty if all were refused.
        std::string taken() const { return accepted ? tried.back().name : std::string(); }

        /// A line for each candidate that was tried.
        std::string text() const
        {
            std::string lines;
            for (const candidate_outcome& outcome : tried)
                lines += outcome.name + (outcome.refusal.empty() ? ": taken" : ": refused, " + outcome.refusal) + "\n";
            return accepted ? lines : lines + "all candidates were refused\n";
        }
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline bool needs_calibration(const layer_precision& layer)
    {
        return layer.activations == activation_mode::calibrated
               || (layer.quantize_output && has_qparams(layer.weights));
    }

    inline bool needs_calibration(const precision_plan& plan)
    {
        return needs_calibration(plan.otherwise)
               || std::any_of(plan.layers.begin(), plan.layers.end(),
                              [](const auto& layer) { return needs_calibration(layer.second); });
    }

    template <tensor_batches Batches>
    quantized_model quantize_candidate(const model& network, const quantization_candidate& each, const Batches& batches,
                                       const any_executor& threads)
    {
        if (!needs_calibration(each.plan))
            return quantize_model(network, each.plan, each.config);
        prepared_model prepared = prepare(network, each.config);
        for (const auto& batch : batches)
            calibrate(prepared, batch, threads);
        return convert(prepared, each.plan);
    }

    template <pair_metric Metric, tensor_batches Batches>
    double error_of_session(const quantized_model& quantized, const Batches& batches,
                            const std::vector<matrix_f>& references, const any_executor& threads)
    {
        const session run(quantized);
        typename Metric::accumulator seen;
        auto reference = references.begin();
        for (const auto& batch : batches)
        {
            const matrix_f y = run(batch, threads);
            seen.observe(tensor_view<const float>(view_of(*reference++)), tensor_view<const float>(view_of(y)));
        }
        return Metric {}(seen);
    }

    template <pair_metric Metric>
    std::string refusal_of(double measured, const error_bound<Metric>& bound)
    {
        if (bound.accepts(measured))
            return {};
        return concat(std::string_view(Metric::name), " ", measured, ", but the bound is ",
                      Metric::higher_is_better ? "at least " : "at most ", bound.value);
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Quantizes and measures candidate after candidate and takes the first within the bound.
    ///
    /// batches  both for calibrating and for measuring: outputs are compared with those of the model in float
    /// bound    of any metric between outputs: error_bound<mse>(1e-4); by default of the SQNR in dB
    /// A candidate that throws is refused with the text of the exception. Throws std::invalid_argument where there are
    /// no candidates or no batches, or batches do not fit the model.
    template <pair_metric Metric, tensor_batches Batches>
    fallback_result quantize_with_fallback(const model& network, const Batches& batches,
                                           const error_bound<Metric>& bound,
                                           const std::vector<quantization_candidate>& candidates = default_candidates(),
                                           const any_executor& threads = {})
    {
        const session in_float(network);
        std::vector<matrix_f> references;
        for (const auto& batch : batches)
            references.push_back(in_float(batch, threads));
        require(!references.empty(), "no batches to measure candidates on");
        require(!candidates.empty(), "no candidates to choose from");
        fallback_result result;
        for (const quantization_candidate& each : candidates)
        {
            candidate_outcome& outcome = result.tried.emplace_back(candidate_outcome { each.name });
            try
            {
                quantized_model quantized = detail::quantize_candidate(network, each, batches, threads);
                outcome.measured = detail::error_of_session<Metric>(quantized, batches, references, threads);
                outcome.refusal = detail::refusal_of(*outcome.measured, bound);
                if (outcome.refusal.empty())
                {
                    result.accepted = std::move(quantized);
                    return result;
                }
            }
            catch (const std::exception& error)
            {
                outcome.refusal = error.what();
            }
        }
        return result;
    }
}
