// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights that quantization will suffer from: NaN and infinities, dead and constant outputs, outliers.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/model/finding.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/model/weight_set.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Greatest to median magnitude of the values that are not 0; 0 if there are fewer than two.
    ///
    /// The median is the upper one of an even number.
    inline double outlier_ratio(std::span<const float> values)
    {
        std::vector<float> magnitudes;
        for (const float value : values)
            if (value != 0.0f)
                magnitudes.push_back(std::abs(value));
        if (magnitudes.size() < 2)
            return 0.0;
        const auto middle = magnitudes.begin() + static_cast<std::ptrdiff_t>(magnitudes.size() / 2);
        std::nth_element(magnitudes.begin(), middle, magnitudes.end());
        const float median = *middle;
        return static_cast<double>(*std::max_element(magnitudes.begin(), magnitudes.end()))
               / static_cast<double>(median);
    }

    inline std::size_t count_non_finite(std::span<const float> values)
    {
        return static_cast<std::size_t>(
            std::count_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); }));
    }

    /// How many of the things that were counted, which one first and which one worst.
    struct tally
    {
        std::size_t count = 0, first = 0, worst = 0;
        double ratio = 0.0;

        QUANTKIT_INLINE void include(std::size_t index, double its_ratio = 0.0)
        {
            if (count++ == 0)
                first = index;
            if (its_ratio > ratio)
            {
                worst = index;
                ratio = its_ratio;
            }
        }
    };

    class weight_inspection
    {
    public:
        weight_inspection(const model& network, const program& steps, const precision_plan& plan,
                          const finding_limits& limits)
            : network_(network)
            , program_(steps)
            , plan_(plan)
            , limits_(limits)
        {
        }

        std::vector<finding> operator()()
        {
            for (const auto& [name, tensor] : network_.weights())
                if (const std::size_t count = count_non_finite(tensor.values); count > 0)
                    findings_.add(finding_severity::error, finding_code::non_finite_weight, name,
                                  { { "count", static_cast<double>(count) } },
                                  concat(count, " of ", tensor.values.size(), " values are NaN or infinite"));
            for (const program_step& step : program_.steps)
            {
                const std::string& layer = network_.layers()[step.layer].name;
                if (const auto* product = std::get_if<product_step>(&step.operation))
                    for (const projection& part : product->weights)
                        inspect(layer, part);
                if (const auto* norm = std::get_if<layer_norm_step>(&step.operation))
                    inspect_gains(layer, norm->weights.weight);
            }
            return findings_.take();
        }

    private:
        void inspect(const std::string& layer, const projection& part)
        {
            const weight_tensor& weight = network_.weights()[part.weight];
            if (count_non_finite(weight.values) == 0)
                inspect_channels(layer, part.weight, weight, static_cast<std::size_t>(weight.shape[0]));
            if (!part.bias.empty() && count_non_finite(network_.weights()[part.bias].values) == 0)
                inspect_bias(layer, part.bias, network_.weights()[part.bias].values);
        }

        void inspect_channels(const std::string& layer, const std::string& name, const weight_tensor& weight,
                              std::size_t channels)
        {
            const std::span<const float> values = weight.values;
            const std::size_t length = values.size() / channels;
            tally zeros, constants, outliers;
            for (std::size_t i = 0; i < channels; ++i)
            {
                const std::span<const float> channel = values.subspan(i * length, length);
                const bool is_equal =
                    std::all_of(channel.begin(), channel.end(), [&](float value) { return value == channel[0]; });
                if (is_equal && channel[0] == 0.0f)
                    zeros.include(i);
                else if (is_equal && length > 1)
                    constants.include(i);
                if (const double ratio = outlier_ratio(channel); ratio > limits_.weight_ratio)
                    outliers.include(i, ratio);
            }
            report_channels(finding_code::zero_channel, layer, name, channels, zeros, "only zeros");
            report_channels(finding_code::constant_channel, layer, name, channels, constants,
                            "the same value throughout");
            if (has_qparams(plan_[layer].weights))
                report_outliers(layer, name, channels, outliers);
        }

        void report_channels(finding_code code, const std::string& layer, const std::string& name, std::size_t channels,
                             const tally& found, std::string_view what)
        {
            if (found.count > 0)
                findings_.add(finding_severity::warning, code, layer,
                              { { "count", static_cast<double>(found.count) },
                                { "channels", static_cast<double>(channels) },
                                { "first", static_cast<double>(found.first) } },
                              concat(found.count, " of ", channels, " outputs of '", name, "' have ", what,
                                     ", the first is ", found.first));
        }

        void report_outliers(const std::string& layer, const std::string& name, std::size_t channels,
                             const tally& found)
        {
            if (found.count > 0)
                findings_.add(finding_severity::warning, finding_code::weight_outlier, layer,
                              { { "count", static_cast<double>(found.count) },
                                { "channels", static_cast<double>(channels) },
                                { "worst", static_cast<double>(found.worst) },
                                { "ratio", found.ratio },
                                { "wasted_bits", std::log2(found.ratio) } },
                              concat(found.count, " of ", channels, " outputs of '", name,
                                     "' have outliers: the greatest of ", found.worst, " is ",
                                     std::llround(found.ratio),
                                     " times its median; groups or a clipping observer help"));
        }

        void inspect_bias(const std::string& layer, const std::string& name, std::span<const float> bias)
        {
            const double ratio = outlier_ratio(bias);
            if (ratio > limits_.bias_ratio)
                findings_.add(finding_severity::note, finding_code::bias_outlier, layer, { { "ratio", ratio } },
                              concat("the greatest of '", name, "' is ", std::llround(ratio),
                                     " times its median: it sets the range of the result"));
        }

        void inspect_gains(const std::string& layer, const std::string& name)
        {
            const std::vector<float>& gains = network_.weights()[name].values;
            tally zeros;
            for (std::size_t i = 0; i < gains.size(); ++i)
                if (gains[i] == 0.0f)
                    zeros.include(i);
            report_channels(finding_code::zero_channel, layer, name, gains.size(), zeros, "only zeros");
        }

        const model& network_;
        const program& program_;
        const precision_plan& plan_;
        const finding_limits& limits_;
        finding_list findings_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// steps  of the model
    /// plan   outliers matter only where weights become codes
    inline std::vector<finding> weight_findings(const model& network, const program& steps, const precision_plan& plan,
                                                const finding_limits& limits = {})
    {
        return detail::weight_inspection(network, steps, plan, limits)();
    }
}
