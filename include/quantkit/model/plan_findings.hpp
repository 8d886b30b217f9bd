// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Whether a plan's precisions are ones in which a model's layers can compute.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/gemm_w4a8.hpp>
#include <quantkit/model/finding.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/program.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The largest k of a product whose sums certainly fit, for the symmetric weights of the default qconfig; no limit
    /// where sums are floats or int64.
    inline std::int64_t largest_k(const layer_precision& layer)
    {
        if (layer.activations == activation_mode::real || layer.weights == precision::int16)
            return std::numeric_limits<std::int64_t>::max();
        if (layer.weights == precision::int4)
            return kernels::max_accumulated_k(
                kernels::largest_magnitude(kernels::w4a8_activation_bounds, kernels::w4a8_activation_zero_point),
                kernels::largest_magnitude(int4_narrow::bounds, 0));
        return kernels::max_accumulated_k(uint8_full::quant_max, kernels::largest_magnitude(int8_narrow::bounds, 0));
    }

    /// What group_size must be a multiple of.
    inline std::ptrdiff_t group_unit(const layer_precision& layer)
    {
        return layer.weights == precision::int8 && layer.activations != activation_mode::real ? 4 : 8;
    }

    class plan_inspection
    {
    public:
        plan_inspection(const model& network, const program& steps, const precision_plan& plan)
            : network_(network)
            , program_(steps)
            , plan_(plan)
        {
        }

        std::vector<finding> operator()()
        {
            for (const auto& [name, precision] : plan_.layers)
                if (!has_layer(name))
                    findings_.add(finding_severity::error, finding_code::unknown_layer, name, {},
                                  "the plan has a precision for this layer, but the model does not have it");
            for (const program_step& step : program_.steps)
                if (const auto* product = std::get_if<product_step>(&step.operation))
                    inspect(*product, network_.layers()[step.layer].name);
                else
                    inspect_float(step);
            return findings_.take();
        }

    private:
        bool has_layer(const std::string& name) const
        {
            return std::any_of(network_.layers().begin(), network_.layers().end(),
                               [&](const layer& each) { return each.name == name; });
        }

        void inspect(const product_step& product, const std::string& name)
        {
            const layer_precision& layer = plan_[name];
            try
            {
                check_layer_precision(layer);
            }
            catch (const std::invalid_argument& error)
            {
                return findings_.add(finding_severity::error, finding_code::unsupported_precision, name, {},
                                     error.what());
            }
            if (!has_qparams(layer.weights))
                return;
            const auto* axis = std::get_if<per_axis>(&layer.granularity);
            if (axis != nullptr && axis->axis != 0)
                findings_.add(finding_severity::error, finding_code::unsupported_precision, name,
                              { { "axis", static_cast<double>(axis->axis) } },
                              concat("weights [out, in] have their scales along axis 0, not along axis ", axis->axis));
            if (const auto* group = std::get_if<per_group>(&layer.granularity))
                inspect_groups(*group, layer, product.in_features, name);
            inspect_sums(product.in_features, layer, name);
        }

        void inspect_groups(per_group group, const layer_precision& layer, std::size_t k, const std::string& name)
        {
            const std::ptrdiff_t unit = group_unit(layer), size = group.group_size;
            const std::vector<finding_number> numbers { { "group_size", static_cast<double>(size) },
                                                        { "k", static_cast<double>(k) },
                                                        { "multiple", static_cast<double>(unit) } };
            const auto say = [&](finding_severity severity, std::string text)
            { findings_.add(severity, finding_code::groups_do_not_fit, name, numbers, std::move(text)); };
            if (layer.weights == precision::int16)
                return say(finding_severity::error, "INT16 weights have no groups");
            if (group.axis != 1 || size <= 0 || size % unit != 0)
                return say(finding_severity::error, concat("groups must lie along axis 1 and have a multiple of ", unit,
                                                           " weights, but have ", size, " along axis ", group.axis));
            if (static_cast<std::size_t>(size) > k)
                return say(finding_severity::note,
                           concat("groups of ", size, " are longer than the ", k, " weights of an output"));
            if (k % static_cast<std::size_t>(size) != 0)
                say(finding_severity::note, concat("the last group of an output has only ",
                                                   k % static_cast<std::size_t>(size), " of ", size, " weights"));
        }

        /// The sums of 4-bit weights are of one group each.
        void inspect_sums(std::size_t in_features, const layer_precision& layer, const std::string& name)
        {
            std::size_t k = in_features;
            const auto* group = std::get_if<per_group>(&layer.granularity);
            if (layer.weights == precision::int4 && group != nullptr && group->group_size > 0)
                k = std::min(k, static_cast<std::size_t>(group->group_size));
            const std::int64_t limit = largest_k(layer);
            if (static_cast<std::int64_t>(k) > limit)
                findings_.add(finding_severity::error, finding_code::accumulator_overflow, name,
                              { { "k", static_cast<double>(k) }, { "limit", static_cast<double>(limit) } },
                              concat("a sum of ", k, " products may overflow int32: at most ", limit,
                                     " fit; use INT16, real activations or a narrower layer"));
        }

        void inspect_float(const program_step& step)
        {
            const layer& here = network_.layers()[step.layer];
            const bool is_part = std::holds_alternative<attention_step>(step.operation)
                                 || std::holds_alternative<reshape_step>(step.operation);
            if (is_part || !has_qparams(plan_[here.name].weights))
                return;
            const bool is_named = plan_.layers.contains(here.name);
            findings_.add(is_named ? finding_severity::warning : finding_severity::note, finding_code::stays_in_float,
                          here.name, {},
                          concat("a layer of kind ", name_of(here.kind), " computes in float, not in ",
                                 name_of(plan_[here.name])));
        }

        const model& network_;
        const program& program_;
        const precision_plan& plan_;
        finding_list findings_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// steps  of the model
    inline std::vector<finding> plan_findings(const model& network, const program& steps, const precision_plan& plan)
    {
        return detail::plan_inspection(network, steps, plan)();
    }
}
