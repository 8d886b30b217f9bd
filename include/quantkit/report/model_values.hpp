// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a model's weights and values are, and what INT8 codes of their ranges do to them, for a report.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/activation_survey.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/value_histogram.hpp>
#include <quantkit/report/quantized_values.hpp>
#include <quantkit/report/report_charts.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/report/value_report.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The weights of a layer's products, and the widest of the ranges that their outputs have as INT8 codes.
    struct seen_weights
    {
        value_histogram histogram;
        real_range clip { 0.0f, 0.0f };

        void include(const product_step& product, const weight_set& weights, const qconfig& config)
        {
            for (const projection& part : product.weights)
                histogram.observe(weights[part.weight].view());
            const product_weights quantized = quantized_weights(product, weights, int8_weights, config);
            for (const float scale : std::get<quantized_tensor<int8_narrow>>(quantized.weight).scales())
                clip = united(clip, { scale * int8_narrow::quant_min, scale * int8_narrow::quant_max });
        }
    };

    /// By the index of the layer.
    inline std::map<std::size_t, seen_weights> weights_of_layers(const prepared_model& prepared, const program& steps)
    {
        std::map<std::size_t, seen_weights> all;
        for (const program_step& step : steps.steps)
            if (const auto* product = std::get_if<product_step>(&step.operation))
                all[step.layer].include(*product, prepared.network.weights(), prepared.config);
        return all;
    }

    /// Unless nothing finite was seen.
    inline void add_histogram(report_data& report, const std::string& name, const value_histogram& seen,
                              real_range clip, value_kind kind)
    {
        report_histogram histogram = report_histogram_of(name, seen, clip, 48);
        histogram.kind = kind;
        if (!histogram.counts.empty())
            report.histograms.push_back(std::move(histogram));
    }

    /// By the index of each layer that leaves a value.
    inline std::map<std::size_t, const quantized_values*> results_of_layers(const program& steps,
                                                                            const std::vector<quantized_values>& seen)
    {
        std::map<std::size_t, const quantized_values*> results;
        for (value_id value = 0; value < seen.size(); ++value)
            for (const std::size_t layer : steps.values[value].layers)
                results[layer] = &seen[value];
        return results;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Each value of the model's program, in float on x, held against uint8 codes of its calibrated range: [values].
    /// Throws as session::run, and where a range is not finite.
    template <tensor_of<float> X>
    std::vector<quantized_values> quantized_values_of(const prepared_model& prepared, const X& x)
    {
        std::vector<quantized_values> seen;
        for (const any_observer& observer : prepared.observers)
            seen.emplace_back(choose_qparams(observer.range(), uint8_full::bounds, prepared.config.activation_scheme));
        run_in_parts(prepared.reference, view_of(x),
                     [&](value_id value, std::size_t count, const float* data) {
                         seen[value].observe({ data, count });
                     });
        return seen;
    }

    /// Completes a report by what its layers' results and weights are: error parts, saturation and unused codes of
    /// results, and histograms, those of the most sensitive layers first. A layer whose result runs into the next
    /// layer's step leaves no values. Throws where the values are not those of the model's program, and with the name
    /// of a layer that the model does not have.
    ///
    /// seen  from quantized_values_of
    inline void add_values(report_data& report, const prepared_model& prepared,
                           const std::vector<quantized_values>& seen)
    {
        const program steps = program_of(prepared.network);
        require(seen.size() == steps.values.size(), "the model has ", steps.values.size(), " values, not ",
                seen.size());
        const auto results = detail::results_of_layers(steps, seen);
        const auto weights = detail::weights_of_layers(prepared, steps);
        for (report_layer& layer : report.layers)
            if (const auto found = results.find(prepared.network.index_of(layer.name)); found != results.end())
            {
                layer.error_parts = found->second->error_parts();
                layer.saturation_rate = found->second->saturation_rate();
                layer.dead_codes = found->second->dead_codes();
            }
        detail::add_histogram(report, "input", seen[0].histogram(), seen[0].clip(), value_kind::activations);
        for (const report_layer& layer : detail::by_error(report.layers))
        {
            const std::size_t index = prepared.network.index_of(layer.name);
            if (const auto found = results.find(index); found != results.end())
                detail::add_histogram(report, layer.name + ", result", found->second->histogram(),
                                      found->second->clip(), value_kind::activations);
            if (const auto found = weights.find(index); found != weights.end())
                detail::add_histogram(report, layer.name + ", weights", found->second.histogram, found->second.clip,
                                      value_kind::weights);
        }
    }
}
