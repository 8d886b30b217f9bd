// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The ranges that calibration finds: of every value, as sessions use them, and of what each step reads of its first
/// input, which is less of it where a product reads the last time step alone.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/program_steps.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/observers/any_observer.hpp>
#include <quantkit/observers/measured_range.hpp>

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// values  [values]
    /// read    [steps] of what a step reads of its first input
    /// Both are empty without samples to calibrate with.
    struct step_ranges
    {
        std::vector<real_range> values, read;
    };

    inline bool reads_last_time_step(const program_step& step)
    {
        const auto* const product = std::get_if<product_step>(&step.operation);
        if (product == nullptr || !std::holds_alternative<time_steps>(product->rows))
            return false;
        return std::get<time_steps>(product->rows) == time_steps::last;
    }

    /// Watches the values of runs in float.
    class range_observers
    {
    public:
        range_observers(const program& steps, const qconfig& config)
            : steps_(steps)
            , values_(steps.values.size(), config.activations)
            , last_steps_(steps.steps.size(), config.activations)
        {
        }

        /// data  [count, time, features] of the value
        void observe(value_id value, std::size_t count, const float* data)
        {
            const sample_shape shape = steps_.values[value].shape;
            const auto samples = static_cast<std::ptrdiff_t>(count), size = static_cast<std::ptrdiff_t>(shape.size());
            const auto features = static_cast<std::ptrdiff_t>(shape.features);
            values_[value].observe(tensor_view<const float>(data, { samples * size }));
            for (std::size_t i = 0; i < last_steps_.size(); ++i)
                if (steps_.steps[i].inputs[0] == value && reads_last_time_step(steps_.steps[i]))
                    last_steps_[i].observe(
                        tensor_view<const float>(data + size - features, { samples, features }, { size, 1 }));
        }

        step_ranges ranges() const
        {
            step_ranges found;
            for (const any_observer& observer : values_)
                found.values.push_back(observer.range());
            for (std::size_t i = 0; i < last_steps_.size(); ++i)
                found.read.push_back(reads_last_time_step(steps_.steps[i]) ? last_steps_[i].range()
                                                                           : found.values[steps_.steps[i].inputs[0]]);
            return found;
        }

    private:
        const program& steps_;
        std::vector<any_observer> values_, last_steps_;
    };
}
