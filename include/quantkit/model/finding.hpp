// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a check before quantization finds: data to act on, and text to read.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// How much a finding matters.
    enum class finding_severity
    {
        note,    ///< nothing to do
        warning, ///< it runs, but loses accuracy or speed
        error    ///< it cannot be quantized so, or the result is meaningless
    };

    /// What was found.
    enum class finding_code
    {
        unsupported_precision, ///< no layer computes with this precision or granularity
        stays_in_float,        ///< a layer that computes in float, whatever its precision in the plan
        unknown_layer,         ///< the plan names a layer that the model does not have
        groups_do_not_fit,     ///< group_size against the product's k, or what the kernels take
        accumulator_overflow,  ///< k beyond what an int32 sum holds
        conversion_failed,     ///< quantizing and packing throws

        no_calibration_data,
        few_samples,
        data_does_not_fit, ///< its shape, or an index outside of an embedding
        constant_input,    ///< features that never change in the calibration data
        outside_range,     ///< evaluation data that the calibrated ranges do not cover

        non_finite_weight,
        non_finite_data,
        non_finite_activation,
        zero_channel,        ///< weights of an output, or a gain, that are 0
        constant_channel,    ///< weights of an output that are all equal
        weight_outlier,      ///< a few weights set the scale of all others
        bias_outlier,        ///< a few biases set the range of the layer's result
        dead_activation,     ///< always 0
        constant_activation, ///< always the same

        instruction_set,
        only_scalar
    };

    /// In the order of the enumeration.
    inline constexpr std::array finding_code_names {
        std::string_view("unsupported_precision"), std::string_view("stays_in_float"),
        std::string_view("unknown_layer"),         std::string_view("groups_do_not_fit"),
        std::string_view("accumulator_overflow"),  std::string_view("conversion_failed"),
        std::string_view("no_calibration_data"),   std::string_view("few_samples"),
        std::string_view("data_does_not_fit"),     std::string_view("constant_input"),
        std::string_view("outside_range"),         std::string_view("non_finite_weight"),
        std::string_view("non_finite_data"),       std::string_view("non_finite_activation"),
        std::string_view("zero_channel"),          std::string_view("constant_channel"),
        std::string_view("weight_outlier"),        std::string_view("bias_outlier"),
        std::string_view("dead_activation"),       std::string_view("constant_activation"),
        std::string_view("instruction_set"),       std::string_view("only_scalar"),
    };

    constexpr std::string_view name_of(finding_code code) { return finding_code_names[static_cast<std::size_t>(code)]; }

    constexpr std::string_view name_of(finding_severity severity)
    {
        constexpr std::string_view names[] = { "note", "warning", "error" };
        return names[static_cast<std::size_t>(severity)];
    }

    /// When to say something.
    ///
    /// samples        fewer for calibration are a warning; 100 to 1000 is what guides of static quantization ask for
    /// share_outside  of a value's numbers in the evaluation data; more outside its calibrated range are a warning
    /// weight_ratio   greatest to median magnitude of one output's weights; 32 leaves the median one 4 of 127 codes
    /// bias_ratio     greatest to median magnitude of a bias
    struct finding_limits
    {
        std::size_t samples = 100;
        double share_outside = 0.001;
        double weight_ratio = 32.0;
        double bias_ratio = 100.0;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A number of a finding's text, for programs.
    struct finding_number
    {
        std::string_view meaning;
        double value = 0.0;
    };

    /// name     of a layer, value or weight; empty if it concerns none
    /// numbers  those of the text
    struct finding
    {
        finding_severity severity; ///< how much it matters
        finding_code code;         ///< what it is, for programs
        std::string name;
        std::vector<finding_number> numbers;
        std::string text; ///< what it is, for people, with the numbers
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Findings in the order in which they were made.
    class finding_list
    {
    public:
        void add(finding_severity severity, finding_code code, std::string name, std::vector<finding_number> numbers,
                 std::string text)
        {
            findings_.push_back({ severity, code, std::move(name), std::move(numbers), std::move(text) });
        }

        void append(std::vector<finding> more)
        {
            findings_.insert(findings_.end(), std::make_move_iterator(more.begin()),
                             std::make_move_iterator(more.end()));
        }

        const std::vector<finding>& findings() const { return findings_; }
        std::vector<finding> take() { return std::move(findings_); }

    private:
        std::vector<finding> findings_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Whether one of them is an error.
    inline bool has_errors(const std::vector<finding>& findings)
    {
        return std::any_of(findings.begin(), findings.end(),
                           [](const finding& each) { return each.severity == finding_severity::error; });
    }

    /// One line each: "warning few_samples input: 10 samples ..."
    inline std::string text_of(const std::vector<finding>& findings)
    {
        std::string text;
        for (const finding& each : findings)
            text += concat(name_of(each.severity), " ", name_of(each.code), each.name.empty() ? "" : " ", each.name,
                           ": ", each.text, "\n");
        return text;
    }
}
