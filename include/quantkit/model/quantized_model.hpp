// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model whose weights have the precisions of a plan: what is kept and saved; a session compiles and runs it.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/measured_range.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// products  one for each step of the program that is a product, nothing for the others
    /// outputs   of each value: the uint8 codes that it is rounded to, where a layer's quantize_output says so
    struct quantized_model
    {
        model network; ///< in float
        precision_plan plan;
        program steps; ///< of the network, fused
        std::vector<std::optional<product_weights>> products;
        std::vector<std::optional<qparams>> outputs;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Quantizes layer by layer. ranges has one for each value, or none where nothing was calibrated.
    class conversion
    {
    public:
        conversion(const model& network, const precision_plan& plan, const std::vector<real_range>& ranges,
                   const qconfig& config)
            : result_ { network, plan, program_of(network), {}, {} }
            , ranges_(ranges)
            , config_(config)
        {
            for (const auto& [name, precision] : plan.layers)
                static_cast<void>(network.index_of(name));
            for (const program_step& step : result_.steps.steps)
                result_.products.push_back(product_of(step));
            for (value_id value = 0; value < result_.steps.values.size(); ++value)
                result_.outputs.push_back(output_of(value));
        }

        quantized_model take() { return std::move(result_); }

    private:
        const layer_precision& precision_of(std::size_t layer) const
        {
            return result_.plan[result_.network.layers()[layer].name];
        }

        std::optional<product_weights> product_of(const program_step& step) const
        {
            const auto* product = std::get_if<product_step>(&step.operation);
            if (product == nullptr)
                return std::nullopt;
            const layer_precision& layer = precision_of(step.layer);
            product_weights weights = quantized_weights(*product, result_.network.weights(), layer, config_);
            if (layer.activations == activation_mode::calibrated)
                weights.input =
                    layer.weights == precision::int16
                        ? choose_qparams(range_of(step.inputs[0]), int16_narrow::bounds, config_.weight_scheme)
                        : choose_qparams(range_of(step.inputs[0]), uint8_full::bounds, config_.activation_scheme);
            return weights;
        }

        /// Some layer rounds its result to codes.
        std::optional<qparams> output_of(value_id value) const
        {
            for (const std::size_t layer : result_.steps.values[value].layers)
                if (precision_of(layer).quantize_output && has_qparams(precision_of(layer).weights))
                    return choose_qparams(range_of(value), uint8_full::bounds, config_.activation_scheme);
            return std::nullopt;
        }

        real_range range_of(value_id value) const
        {
            const std::string& name = result_.steps.values[value].name;
            require(!ranges_.empty(), "'", name, "' needs a range from calibration: prepare, calibrate, convert");
            require(ranges_[value] != nothing_observed, "'", name, "' has seen no data: calibrate before converting");
            return ranges_[value];
        }

        quantized_model result_;
        const std::vector<real_range>& ranges_;
        const qconfig& config_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Any plan whose activations need no calibration. Throws, naming the layer or value, where it does.
    inline quantized_model quantize_model(const model& network, const precision_plan& plan, const qconfig& config = {})
    {
        return detail::conversion(network, plan, {}, config).take();
    }

    /// Activations are quantized by the range of what arrives (dynamic quantization).
    inline quantized_model quantize_dynamic(const model& network, const layer_precision& layers = int8_dynamic,
                                            const qconfig& config = {})
    {
        return quantize_model(network, precision_plan { layers }, config);
    }

    /// Weights are quantized, activations stay floats (weight-only quantization).
    inline quantized_model quantize_weights(const model& network, const layer_precision& layers = int8_weights,
                                            const qconfig& config = {})
    {
        return quantize_model(network, precision_plan { layers }, config);
    }
}
