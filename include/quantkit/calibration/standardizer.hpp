// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Features to mean 0 and standard deviation 1: what a model expects whose training data were scaled like that.
#pragma once

#include <quantkit/calibration/feature_moments.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/arch.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// All that a standardizer knows, to be saved and loaded in any way (as two tensors of a safetensors file, say).
    struct standardization
    {
        std::vector<double> mean;      ///< [features]
        std::vector<double> deviation; ///< [features], 1 for a constant feature
        double clip = std::numeric_limits<double>::infinity();

        friend bool operator==(const standardization&, const standardization&) = default;
    };

    /// y = clamp((x - mean) / deviation, -clip, clip) for each feature, in double and rounded to float once.
    ///
    /// A missing value (NaN) takes the feature's mean, so it becomes 0. A constant feature is only shifted, to 0; so is
    /// one that had no values, whose mean is taken for 0. Infinities become -clip and clip.
    class standardizer
    {
    public:
        /// Throws std::invalid_argument with the numbers unless there is one finite mean and one positive, finite
        /// deviation for each feature, and clip > 0.
        QUANTKIT_INLINE explicit standardizer(standardization parameters)
            : parameters_(std::move(parameters))
        {
            const auto& [mean, deviation, clip] = parameters_;
            require(mean.size() == deviation.size(), "there are ", mean.size(), " means, but ", deviation.size(),
                    " deviations");
            require(clip > 0.0, "values are clipped to a positive number of deviations, but not to ", clip);
            for (std::size_t feature = 0; feature < mean.size(); ++feature)
                require(std::isfinite(mean[feature]) && std::isfinite(deviation[feature]) && deviation[feature] > 0.0,
                        "feature ", feature, " cannot be standardized with mean ", mean[feature], " and deviation ",
                        deviation[feature]);
        }

        /// From what was observed. clip: in standard deviations, unlimited unless given.
        QUANTKIT_INLINE explicit standardizer(const feature_moments& observed,
                                              double clip = std::numeric_limits<double>::infinity())
            : standardizer(from(observed, clip))
        {
        }

        const standardization& parameters() const { return parameters_; }

        /// x, y  [..., features] of the same shape, in any layout; they may be the same tensor. Throws where shapes do
        /// not fit.
        template <tensor_of<float> Input, writable_tensor_of<float> Output, class Arch = kernels::active_arch>
        void operator()(const Input& x, Output&& y) const
        {
            const tensor_view<const float> input = view_of(x);
            const tensor_view<float> output = view_of(y);
            const auto features = static_cast<std::ptrdiff_t>(parameters_.mean.size());
            require(input.rank() > 0 && input.shape()[input.rank() - 1] == features, "a tensor of shape ",
                    input.shape(), " does not have ", features, " features along its last axis");
            require(output.shape() == input.shape(), "the output has shape ", output.shape(), ", but the input has ",
                    input.shape());
            const auto apply_run = [&](const tensor_run& run) { apply<Arch>(input.data(), output.data(), run); };
            for_each_run(input.shape(), input.strides(), output.strides(),
                         per_axis { static_cast<std::ptrdiff_t>(input.rank()) - 1 }, walk_order::memory, apply_run);
        }

        /// In place.
        template <writable_tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void operator()(Tensor&& x) const
        {
            const tensor_view<float> view = view_of(x);
            operator()<tensor_view<float>, const tensor_view<float>&, Arch>(view, view);
        }

    private:
        static QUANTKIT_INLINE standardization from(const feature_moments& observed, double clip)
        {
            require(!observed.moments().empty(), "nothing was observed, so there is nothing to standardize with");
            standardization parameters { {}, {}, clip };
            for (const feature_moment& moment : observed.moments())
            {
                const double deviation = moment.deviation();
                parameters.mean.push_back(moment.mean);
                parameters.deviation.push_back(deviation == 0.0 ? 1.0 : deviation);
            }
            return parameters;
        }

        template <class Arch>
        void apply(const float* x, float* y, const tensor_run& run) const
        {
            for (std::ptrdiff_t i = 0; i < run.count; ++i)
            {
                const walk_offsets at = run.start + i * run.step;
                const auto feature = static_cast<std::size_t>(at.parameter);
                const double distance = static_cast<double>(x[at.input]) - parameters_.mean[feature];
                y[at.output] = clipped<Arch>(distance / parameters_.deviation[feature]);
            }
        }

        template <class Arch>
        float clipped(double deviations) const
        {
            if (deviations != deviations)
                return 0.0f;
            const double low = deviations > -parameters_.clip ? deviations : -parameters_.clip;
            return static_cast<float>(low < parameters_.clip ? low : parameters_.clip);
        }

        standardization parameters_;
    };
}
