// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Checks a model, data and a plan before quantizing: what would fail, and what would lose accuracy or speed.
///
///     const auto findings = preflight(model, calibration_data, { .plan = { int8_static } });
///     if (has_errors(findings))
///         throw std::runtime_error(text_of(findings));
///
/// finding.hpp lists what can be found. Nothing throws for what is found, also not for data that do not fit.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/isa_report.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/data_findings.hpp>
#include <quantkit/model/finding.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/plan_findings.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/model/weight_findings.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// What the model is to become.
    struct preflight_target
    {
        precision_plan plan { int8_static };
        qconfig config {};
        finding_limits limits {};
    };

    /// A note with what is active; a warning where products or element-wise operations have no SIMD.
    inline std::vector<finding> isa_findings(const isa_report& report)
    {
        detail::finding_list findings;
        findings.add(finding_severity::note, finding_code::instruction_set, {}, {},
                     concat("integer products run on ", report.micro_kernel, ", element-wise operations on ",
                            report.kernels, report.dispatched ? ", chosen at run time" : ", as compiled"));
        const auto warn = [&](std::string_view active, std::string_view what)
        {
            if (active == name_of(isa_level::scalar))
                findings.add(finding_severity::warning, finding_code::only_scalar, {}, {},
                             concat(what, " run without SIMD: check compiler flags and QUANTKIT_ISA"));
        };
        warn(report.micro_kernel, "integer products");
        warn(report.kernels, "element-wise operations");
        return findings.take();
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::vector<finding> active_isa_findings()
    {
        try
        {
            return isa_findings(isa());
        }
        catch (const std::invalid_argument& error)
        {
            return { { finding_severity::error, finding_code::instruction_set, {}, {}, error.what() } };
        }
    }

    /// Quantizes and packs, to be told by whoever throws.
    inline std::vector<finding> conversion_findings(const prepared_model& prepared, const precision_plan& plan)
    {
        try
        {
            static_cast<void>(session(convert(prepared, plan)));
            return {};
        }
        catch (const std::exception& error)
        {
            return { { finding_severity::error, finding_code::conversion_failed, {}, {}, error.what() } };
        }
    }

    inline std::vector<finding> all_findings(const model& network, const tensor_view<const float>& calibration,
                                             const tensor_view<const float>& evaluation, const preflight_target& target)
    {
        const program steps = program_of(network);
        finding_list findings;
        findings.append(active_isa_findings());
        if (has_errors(findings.findings()))
            return findings.take(); // nothing runs
        findings.append(plan_findings(network, steps, target.plan));
        findings.append(weight_findings(network, steps, target.plan, target.limits));
        prepared_model prepared = prepare(network, target.config);
        data_inspection data(prepared, steps, target.plan, target.limits);
        data.inspect_calibration(calibration);
        data.inspect_evaluation(evaluation);
        findings.append(data.take());
        if (!has_errors(findings.findings()))
            findings.append(conversion_findings(prepared, target.plan));
        std::vector<finding> sorted = findings.take();
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](const finding& a, const finding& b) { return a.severity > b.severity; });
        return sorted;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Without data: what can be known of the model and the plan alone.
    inline std::vector<finding> preflight(const model& network, const preflight_target& target = {})
    {
        return detail::all_findings(network, {}, {}, target);
    }

    /// calibration  of any shape that a session takes; the model runs on it in float
    ///
    /// Errors come first, then warnings, then notes. Without an error the model was also quantized and packed once, so
    /// that converting it with these data succeeds.
    template <tensor_of<float> X>
    std::vector<finding> preflight(const model& network, const X& calibration, const preflight_target& target = {})
    {
        return detail::all_findings(network, view_of(calibration), {}, target);
    }

    /// evaluation  other data, as the model will meet them: what lies outside the calibrated ranges
    template <tensor_of<float> X, tensor_of<float> Y>
    std::vector<finding> preflight(const model& network, const X& calibration, const Y& evaluation,
                                   const preflight_target& target = {})
    {
        return detail::all_findings(network, view_of(calibration), view_of(evaluation), target);
    }
}
