// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which way of quantizing to try first: dynamic, static or quantization-aware training (QAT).
///
/// The decision table that guides of this field agree on; the first rule that applies decides:
///
///     1  accuracy is strict and there is training data       QAT      only training recovers what rounding costs
///     2  mobile hardware, accuracy is moderate                static   integers throughout, no ranges at run time
///     3  over 100 MB, no training data                        dynamic  the weights are what must shrink
///     4  a server, accuracy is relaxed                        static   the fastest; calibration is a few batches
///     5  everything else                                      dynamic  nothing to prepare, ranges are always right
///
/// Scenarios are rows of the same table:
///
///     edge        moderate accuracy on mobile hardware        static
///     cloud       relaxed accuracy on a server                static; dynamic over 100 MB without training data
///     prototype   moderate accuracy on a desktop              dynamic
///     production  strict accuracy on a server                 QAT; dynamic without training data
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// How activations become integers: by a range per call, by calibrated ranges, or by ranges that training knew of.
    enum class quantization_method
    {
        dynamic_quantization,
        static_quantization,
        quantization_aware_training
    };

    /// How much of the accuracy in float may go.
    enum class accuracy_requirement
    {
        relaxed, ///< a few percent may go
        moderate,
        strict ///< as good as in float
    };

    /// What the model is to run on.
    enum class target_hardware
    {
        mobile,
        desktop,
        server
    };

    /// What the model is deployed for.
    enum class deployment_scenario
    {
        edge,
        cloud,
        prototype,
        production
    };

    constexpr std::string_view name_of(quantization_method method)
    {
        constexpr std::string_view names[] = { "dynamic quantization", "static quantization",
                                               "quantization-aware training" };
        return names[static_cast<std::size_t>(method)];
    }

    /// model_bytes  of the model in float
    struct deployment
    {
        std::size_t model_bytes = 0;
        accuracy_requirement accuracy = accuracy_requirement::moderate; ///< how much of it may go
        bool has_training_data = false;                                 ///< with the labels or whatever the loss needs
        target_hardware hardware = target_hardware::desktop;            ///< that the model is to run on
    };

    /// Above it a model's weights are what matters: 100 MB.
    inline constexpr std::size_t large_model_bytes = 100'000'000;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// reasons  first why the rule applies, then what the method asks for or what a stricter one lacked
    struct method_recommendation
    {
        quantization_method method; ///< the one to try first
        std::vector<std::string> reasons;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline method_recommendation recommend_training()
    {
        return { quantization_method::quantization_aware_training,
                 { "the accuracy is strict and there is training data: training makes up for what rounding costs",
                   "it takes as long as fine-tuning; where static quantization is within the bound, that is enough" } };
    }

    inline method_recommendation recommend_static(std::string reason)
    {
        return { quantization_method::static_quantization,
                 { std::move(reason), "it needs a few hundred representative samples to calibrate the activations" } };
    }

    inline method_recommendation recommend_dynamic(std::string reason, const deployment& target)
    {
        method_recommendation result { quantization_method::dynamic_quantization, { std::move(reason) } };
        if (target.accuracy == accuracy_requirement::strict)
            result.reasons.emplace_back(
                "strict accuracy would call for quantization-aware training, but there is no training data");
        return result;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The first rule of docs/methods.md that applies, with its reasons.
    inline method_recommendation recommend_method(const deployment& target)
    {
        const bool is_large = target.model_bytes > large_model_bytes;
        if (target.accuracy == accuracy_requirement::strict && target.has_training_data)
            return detail::recommend_training();
        if (target.hardware == target_hardware::mobile && target.accuracy == accuracy_requirement::moderate)
            return detail::recommend_static(
                "mobile hardware gains most from integers throughout, and moderate accuracy "
                "allows ranges that are fixed beforehand");
        if (is_large && !target.has_training_data)
            return detail::recommend_dynamic(
                concat("the model has ", target.model_bytes / 1'000'000,
                       " MB and no training data: its weights shrink to a quarter without any"),
                target);
        if (target.hardware == target_hardware::server && target.accuracy == accuracy_requirement::relaxed)
            return detail::recommend_static("a server with relaxed accuracy gains most throughput from ranges that are "
                                            "fixed beforehand");
        return detail::recommend_dynamic("no rule asks for more: it needs no data, and its ranges fit every input",
                                         target);
    }

    /// The scenario's row of the table, as the header has it.
    inline method_recommendation recommend_method(deployment_scenario scenario, std::size_t model_bytes,
                                                  bool has_training_data)
    {
        deployment target { .model_bytes = model_bytes, .has_training_data = has_training_data };
        switch (scenario)
        {
        case deployment_scenario::edge:
            target.hardware = target_hardware::mobile;
            break;
        case deployment_scenario::cloud:
            target.accuracy = accuracy_requirement::relaxed;
            target.hardware = target_hardware::server;
            break;
        case deployment_scenario::prototype:
            break;
        case deployment_scenario::production:
            target.accuracy = accuracy_requirement::strict;
            target.hardware = target_hardware::server;
            break;
        }
        return recommend_method(target);
    }
}
