// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Whether data are fit to calibrate with, what they make of a model's values, and what the ranges miss of other data.
#pragma once

#include <quantkit/calibration/range_coverage.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/model/activation_survey.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/finding.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/program.hpp>

#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The values whose range comes from calibration: what calibrated products read, and results that become codes.
    inline std::set<value_id> calibrated_values(const model& network, const program& steps, const precision_plan& plan)
    {
        const auto precision_of = [&](std::size_t layer) -> const layer_precision&
        { return plan[network.layers()[layer].name]; };
        std::set<value_id> values;
        for (const program_step& step : steps.steps)
            if (std::holds_alternative<product_step>(step.operation)
                && precision_of(step.layer).activations == activation_mode::calibrated)
                values.insert(step.inputs[0]);
        for (value_id value = 0; value < steps.values.size(); ++value)
            for (const std::size_t layer : steps.values[value].layers)
                if (precision_of(layer).quantize_output && has_qparams(precision_of(layer).weights))
                    values.insert(value);
        return values;
    }

    class data_inspection
    {
    public:
        data_inspection(prepared_model& prepared, const program& steps, const precision_plan& plan,
                        const finding_limits& limits)
            : prepared_(prepared)
            , program_(steps)
            , limits_(limits)
            , calibrated_(calibrated_values(prepared.network, steps, plan))
        {
        }

        void inspect_calibration(const tensor_view<const float>& x)
        {
            const std::size_t samples = sample_count(x, prepared_.network.input_shape());
            if (samples == 0)
                return report_no_data();
            if (samples < limits_.samples && !calibrated_.empty())
                findings_.add(
                    finding_severity::warning, finding_code::few_samples, model_input,
                    { { "samples", static_cast<double>(samples) }, { "wanted", static_cast<double>(limits_.samples) } },
                    concat(samples, " samples may miss values that occur; calibrate with at least ", limits_.samples));
            try
            {
                inspect_values(survey_values(prepared_, program_, x));
            }
            catch (const std::invalid_argument& error)
            {
                report_misfit("calibration", error);
            }
        }

        /// After inspect_calibration().
        void inspect_evaluation(const tensor_view<const float>& x)
        {
            std::vector<range_coverage> coverage(program_.values.size());
            for (const value_id value : calibrated_)
                coverage[value].range = prepared_.observers[value].range();
            const auto include = [&](value_id value, std::size_t count, const float* data)
            {
                if (calibrated_.contains(value))
                    for (std::size_t i = 0; i < count; ++i)
                        coverage[value].include(data[i]);
            };
            try
            {
                run_in_parts(prepared_.reference, x, include);
            }
            catch (const std::invalid_argument& error)
            {
                return report_misfit("evaluation", error);
            }
            for (const value_id value : calibrated_)
                if (coverage[value].range != nothing_observed)
                    report_coverage(program_.values[value].name, coverage[value]);
        }

        std::vector<finding> take() { return findings_.take(); }

    private:
        void report_no_data()
        {
            if (!calibrated_.empty())
                findings_.add(finding_severity::error, finding_code::no_calibration_data, model_input,
                              { { "values", static_cast<double>(calibrated_.size()) } },
                              concat("the plan needs ranges of ", calibrated_.size(),
                                     " values, but there are no calibration data"));
        }

        void report_misfit(const std::string& which, const std::invalid_argument& error)
        {
            findings_.add(finding_severity::error, finding_code::data_does_not_fit, model_input, {},
                          concat("the model refuses the ", which, " data: ", error.what()));
        }

        void inspect_values(const std::vector<value_survey>& surveys)
        {
            inspect_input(surveys[0]);
            for (value_id value = 1; value < surveys.size(); ++value)
                if (surveys[value].non_finite > 0)
                    return report_non_finite(finding_code::non_finite_activation, program_.values[value].name,
                                             surveys[value]);
            for (value_id value = 1; value < surveys.size(); ++value)
                inspect_activation(program_.values[value].name, surveys[value]);
        }

        void inspect_input(const value_survey& input)
        {
            if (input.non_finite > 0)
                report_non_finite(finding_code::non_finite_data, model_input, input);
            const std::size_t constants = input.constant_features();
            if (constants > 0)
                findings_.add(
                    finding_severity::warning, finding_code::constant_input, model_input, counts(constants, input),
                    concat(constants, " of ", input.ranges.size(), " features never change in the calibration data"));
        }

        void inspect_activation(const std::string& name, const value_survey& seen)
        {
            const std::size_t features = seen.ranges.size(), dead = seen.dead_features(),
                              constants = seen.constant_features() - dead;
            const auto severity_of = [&](std::size_t count)
            { return count == features ? finding_severity::warning : finding_severity::note; };
            if (dead > 0)
                findings_.add(severity_of(dead), finding_code::dead_activation, name, counts(dead, seen),
                              concat(dead, " of ", features, " features are 0 on all calibration data"));
            if (constants > 0)
                findings_.add(severity_of(constants), finding_code::constant_activation, name, counts(constants, seen),
                              concat(constants, " of ", features, " features have one value on all calibration data"));
        }

        /// The first value only: what follows from it is not finite either.
        void report_non_finite(finding_code code, const std::string& name, const value_survey& seen)
        {
            findings_.add(
                finding_severity::error, code, name,
                { { "count", static_cast<double>(seen.non_finite) }, { "values", static_cast<double>(seen.values) } },
                concat(seen.non_finite, " of ", seen.values, " values on the calibration data are NaN or infinite"));
        }

        void report_coverage(const std::string& name, const range_coverage& coverage)
        {
            if (coverage.share_outside() <= limits_.share_outside)
                return;
            const auto worst = static_cast<double>(coverage.worst);
            findings_.add(finding_severity::warning, finding_code::outside_range, name,
                          { { "share", coverage.share_outside() },
                            { "worst", worst },
                            { "min", static_cast<double>(coverage.range.min) },
                            { "max", static_cast<double>(coverage.range.max) } },
                          concat(coverage.outside, " of ", coverage.values,
                                 " values on the evaluation data lie outside the calibrated range [",
                                 coverage.range.min, ", ", coverage.range.max, "], the worst is ", coverage.worst));
        }

        static std::vector<finding_number> counts(std::size_t count, const value_survey& seen)
        {
            return { { "count", static_cast<double>(count) }, { "features", static_cast<double>(seen.ranges.size()) } };
        }

        prepared_model& prepared_;
        const program& program_;
        const finding_limits& limits_;
        std::set<value_id> calibrated_;
        finding_list findings_;
    };
}
