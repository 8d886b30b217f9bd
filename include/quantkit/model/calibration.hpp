// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Static quantization: prepare, calibrate, convert.
///
///     auto prepared = prepare(model);
///     for (const auto& batch : batches)
///         calibrate(prepared, batch);
///     const session int8(convert(prepared));
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/observers/any_observer.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A model in float with an observer on each of its values.
    struct prepared_model
    {
        model network;
        qconfig config;
        session reference;
        std::vector<any_observer> observers; ///< one for each value of the program
    };

    /// The model with an observer on each of its values, which has seen nothing yet.
    inline prepared_model prepare(const model& network, const qconfig& config = {})
    {
        const std::size_t values = program_of(network).values.size();
        return { network, config, session(network), std::vector<any_observer>(values, config.activations) };
    }

    /// Runs the model in float on a batch, whose values the observers see.
    ///
    /// What fails leaves the observers as they were: memory that runs out, an observer or an executor that throws, an
    /// input that does not fit. Therefore copies of them see the batch, and take their places at its end.
    template <tensor_of<float> X>
    void calibrate(prepared_model& prepared, const X& x, const any_executor& threads = {})
    {
        const sample_shape output = prepared.reference.output_shape();
        const std::size_t batch = static_cast<std::size_t>(view_of(x).size()) / prepared.reference.input_shape().size();
        matrix_f y(static_cast<Eigen::Index>(batch * output.time), static_cast<Eigen::Index>(output.features));
        session_workspace workspace;
        std::vector<any_observer> observers = prepared.observers;
        const auto observe = [&](value_id value, std::size_t count, const float* data)
        { observers[value].observe(tensor_view<const float>(data, { static_cast<std::ptrdiff_t>(count) })); };
        prepared.reference.run(x, y, workspace, threads, observe);
        prepared.observers.swap(observers);
    }

    /// The model with a plan's precisions: by default every product in INT8 with calibrated activations.
    ///
    /// Throws, naming the value, where a layer needs a range that nothing was observed for, and with the name of a
    /// layer of the plan that the model does not have.
    inline quantized_model convert(const prepared_model& prepared, const precision_plan& plan = { int8_static })
    {
        std::vector<real_range> ranges;
        for (const any_observer& observer : prepared.observers)
            ranges.push_back(observer.range());
        return detail::conversion(prepared.network, plan, ranges, prepared.config).take();
    }
}
