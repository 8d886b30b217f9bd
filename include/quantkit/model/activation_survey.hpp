// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a model's values are on some data: the range of each feature, and the values that are not finite.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/program_steps.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// ranges      of each feature over all samples and steps; infinities count, NaN does not
    /// non_finite  NaN and infinities among the values
    struct value_survey
    {
        std::vector<real_range> ranges;
        std::size_t non_finite = 0;
        std::size_t values = 0; ///< all numbers that were seen

        /// rows  [count / features, features]
        void include(const float* rows, std::size_t count, std::size_t features)
        {
            values += count;
            non_finite += static_cast<std::size_t>(
                std::count_if(rows, rows + count, [](float value) { return !std::isfinite(value); }));
            ranges.resize(features, nothing_observed);
            const tensor_view<const float> view(
                rows, { static_cast<std::ptrdiff_t>(count / features), static_cast<std::ptrdiff_t>(features) });
            const std::vector<real_range> seen = measured_ranges(view, per_axis { 1 });
            for (std::size_t i = 0; i < features; ++i)
                ranges[i] = united(ranges[i], seen[i]);
        }

        /// Features that never change.
        std::size_t constant_features() const
        {
            return static_cast<std::size_t>(
                std::count_if(ranges.begin(), ranges.end(), [](real_range range) { return range.min == range.max; }));
        }

        /// Features that are always 0.
        std::size_t dead_features() const
        {
            return static_cast<std::size_t>(std::count(ranges.begin(), ranges.end(), real_range { 0.0f, 0.0f }));
        }
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Rows of x that make one sample: time where each row is a step, else 1.
    inline std::size_t rows_per_sample(const tensor_view<const float>& x, sample_shape sample)
    {
        const bool rows_are_steps =
            x.rank() == 2 && x.shape()[1] == static_cast<std::ptrdiff_t>(sample.features) && sample.time > 1;
        return rows_are_steps ? sample.time : 1;
    }

    /// Samples in x, if its shape fits.
    inline std::size_t sample_count(const tensor_view<const float>& x, sample_shape sample)
    {
        return x.empty() ? 0 : static_cast<std::size_t>(x.shape()[0]) / rows_per_sample(x, sample);
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Runs a session on all of x, a few samples at a time, whatever their number. Throws as the session.
    ///
    /// after_value(value, count, data)  as of session::run, for each of these parts
    template <class AfterValue>
    void run_in_parts(const session& compiled, const tensor_view<const float>& x, const AfterValue& after_value)
    {
        constexpr std::ptrdiff_t samples = 32;
        const std::ptrdiff_t rows = static_cast<std::ptrdiff_t>(detail::rows_per_sample(x, compiled.input_shape()));
        const std::ptrdiff_t all = x.rank() == 0 ? 0 : x.shape()[0];
        std::vector<float> y;
        session_workspace workspace;
        for (std::ptrdiff_t first = 0; first < all; first += samples * rows)
        {
            const tensor_view<const float> part = x.narrowed(0, first, std::min(samples * rows, all - first));
            const std::size_t batch = static_cast<std::size_t>(part.size()) / compiled.input_shape().size();
            y.resize(batch * compiled.output_shape().size());
            const tensor_view<float> output(y.data(), { static_cast<std::ptrdiff_t>(batch),
                                                        static_cast<std::ptrdiff_t>(compiled.output_shape().size()) });
            compiled.run(part, output, workspace, {}, after_value);
        }
    }

    /// Of each value of the model's program, in float; the observers of the prepared model see them as well.
    inline std::vector<value_survey> survey_values(prepared_model& prepared, const program& steps,
                                                   const tensor_view<const float>& x)
    {
        std::vector<value_survey> surveys(steps.values.size());
        const auto include = [&](value_id value, std::size_t count, const float* data)
        {
            surveys[value].include(data, count, steps.values[value].shape.features);
            prepared.observers[value].observe(tensor_view<const float>(data, { static_cast<std::ptrdiff_t>(count) }));
        };
        run_in_parts(prepared.reference, x, include);
        return surveys;
    }
}
