// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Precisions, granularities and qparams as attributes (io/model_description.hpp), as files keep them.
///
/// weights             "FP32", "FP16", "BF16", "INT16", "INT8" or "INT4"
/// activations         "real", "dynamic_per_tensor", "dynamic_per_row" or "calibrated"
/// granularity         "per_tensor"; "per_axis" with axis; "per_group" with axis and group_size
/// quantize_output     true or false
/// attention_products  "FP16", "BF16" or "INT8"; left out for FP32
/// scale, zero_point
/// quant_min, quant_max of codes that do not use all of uint8
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/model/described_model.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In the order of activation_mode.
    inline constexpr std::array activation_mode_names { std::string_view("real"),
                                                        std::string_view("dynamic_per_tensor"),
                                                        std::string_view("dynamic_per_row"),
                                                        std::string_view("calibrated") };

    inline described_attributes attributes_of(const any_granularity& granularity)
    {
        if (const auto* group = std::get_if<per_group>(&granularity))
            return { { "granularity", std::string("per_group") },
                     { "axis", std::int64_t { group->axis } },
                     { "group_size", std::int64_t { group->group_size } } };
        if (const auto* axis = std::get_if<per_axis>(&granularity))
            return { { "granularity", std::string("per_axis") }, { "axis", std::int64_t { axis->axis } } };
        return { { "granularity", std::string("per_tensor") } };
    }

    inline described_attributes attributes_of(const layer_precision& layer)
    {
        described_attributes attributes = attributes_of(layer.granularity);
        attributes["weights"] = std::string(name_of(layer.weights));
        attributes["activations"] = std::string(activation_mode_names[static_cast<std::size_t>(layer.activations)]);
        attributes["quantize_output"] = layer.quantize_output;
        if (layer.attention_products != precision::fp32)
            attributes["attention_products"] = std::string(name_of(layer.attention_products));
        return attributes;
    }

    inline described_attributes attributes_of(const qparams& params)
    {
        return { { "scale", static_cast<double>(params.scale) }, { "zero_point", std::int64_t { params.zero_point } } };
    }

    /// Of uint8 codes, whose bounds are named where they are narrower.
    inline described_attributes attributes_of(const qparams& params, quant_bounds bounds)
    {
        described_attributes attributes = attributes_of(params);
        if (bounds != uint8_full::bounds)
        {
            attributes["quant_min"] = std::int64_t { bounds.quant_min };
            attributes["quant_max"] = std::int64_t { bounds.quant_max };
        }
        return attributes;
    }

    inline any_granularity read_granularity(const layer_attributes& with)
    {
        const std::string name = with.text("granularity");
        if (name == "per_tensor")
            return per_tensor {};
        const auto axis = static_cast<std::ptrdiff_t>(with.count("axis"));
        if (name == "per_axis")
            return per_axis { axis };
        require(name == "per_group", "granularity must be per_tensor, per_axis or per_group, but is '", name, "'");
        return per_group { axis, static_cast<std::ptrdiff_t>(with.count("group_size")) };
    }

    inline precision precision_named(std::string_view name)
    {
        for (const precision format : all_precisions)
            if (name_of(format) == name)
                return format;
        throw_invalid("no precision is called '", name, "'");
    }

    inline activation_mode activation_mode_named(std::string_view name)
    {
        for (std::size_t i = 0; i < activation_mode_names.size(); ++i)
            if (activation_mode_names[i] == name)
                return static_cast<activation_mode>(i);
        throw_invalid("activations must be real, dynamic_per_tensor, dynamic_per_row or calibrated, but are '", name,
                      "'");
    }

    /// Throws unless there is a layer that computes so.
    inline layer_precision read_precision(const layer_attributes& with)
    {
        const bool* quantize_output = with.find<bool>("quantize_output");
        require(quantize_output != nullptr, "quantize_output must be true or false");
        const layer_precision layer { precision_named(with.text("weights")),
                                      activation_mode_named(with.text("activations")), read_granularity(with),
                                      *quantize_output,
                                      precision_named(with.text("attention_products", name_of(precision::fp32))) };
        check_layer_precision(layer);
        return layer;
    }

    /// Throws unless they are valid qparams for codes within the bounds.
    inline qparams read_qparams(const layer_attributes& with, quant_bounds bounds)
    {
        const auto* scale = with.find<double>("scale");
        const auto* zero_point = with.find<std::int64_t>("zero_point");
        require(scale != nullptr && zero_point != nullptr, "qparams are a scale and an integer zero_point");
        require(std::in_range<std::int32_t>(*zero_point), "zero_point ", *zero_point, " is no code");
        const qparams params { static_cast<float>(*scale), static_cast<std::int32_t>(*zero_point) };
        check_qparams(params, bounds);
        return params;
    }

    /// What attributes_of(params, bounds) wrote: bounds, narrowed where it says so.
    inline quant_bounds read_bounds(const layer_attributes& with, quant_bounds bounds)
    {
        const std::size_t low = with.count("quant_min", static_cast<std::size_t>(bounds.quant_min));
        const std::size_t high = with.count("quant_max", static_cast<std::size_t>(bounds.quant_max));
        require(low < high && high <= static_cast<std::size_t>(bounds.quant_max), "codes in [", low, ", ", high,
                "] are no part of [", bounds.quant_min, ", ", bounds.quant_max, "]");
        return { static_cast<std::int32_t>(low), static_cast<std::int32_t>(high) };
    }
}
