// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One observer for each parameter: for each index along an axis, or for each group.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        inline tensor_view<const float> parameter_slice(const tensor_view<const float>& x, per_tensor, std::ptrdiff_t)
        {
            return x;
        }

        inline tensor_view<const float> parameter_slice(const tensor_view<const float>& x, per_axis granularity,
                                                        std::ptrdiff_t parameter)
        {
            return x.narrowed(static_cast<std::size_t>(granularity.axis), parameter, 1);
        }

        inline tensor_view<const float> parameter_slice(const tensor_view<const float>& x, per_group granularity,
                                                        std::ptrdiff_t parameter)
        {
            const tensor_shape parameters = parameter_shape(x.shape(), granularity);
            tensor_view<const float> slice = x;
            for (std::size_t axis = x.rank(); axis-- > 0; parameter /= parameters[axis])
            {
                const std::ptrdiff_t position = parameter % parameters[axis];
                const bool is_grouped = axis == static_cast<std::size_t>(granularity.axis);
                const std::ptrdiff_t first = is_grouped ? position * granularity.group_size : position;
                const std::ptrdiff_t rest = x.shape()[axis] - first;
                const std::ptrdiff_t count = is_grouped && granularity.group_size < rest ? granularity.group_size
                                             : is_grouped                                ? rest
                                                                                         : 1;
                slice = slice.narrowed(axis, first, count);
            }
            return slice;
        }
    }

    /// Copies of a prototype observer, one per parameter; each sees its part of every batch as one tensor.
    ///
    /// The first batch that is not empty fixes the number of parameters; batches may differ in everything else. An
    /// empty batch changes nothing.
    template <batch_observer Observer, granularity Granularity>
    class granular_observer
    {
    public:
        explicit granular_observer(Granularity granularity = {}, Observer prototype = {})
            : granularity_(granularity)
            , prototype_(std::move(prototype))
        {
        }

        /// Throws if the axis or the group_size does not fit, or if earlier batches had another parameter shape.
        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            tensor_view<const float> view = view_of(batch);
            const tensor_shape parameters = parameter_shape(view.shape(), granularity_);
            if (view.empty())
                return;
            prepare(parameters);
            if constexpr (batch_range_observer<Observer>)
            {
                const auto ranges = measured_ranges<decltype(view), Granularity, Arch>(view, granularity_);
                for (std::size_t i = 0; i < observers_.size(); ++i)
                    observers_[i].observe_range(ranges[i]);
            }
            else
            {
                for (std::size_t i = 0; i < observers_.size(); ++i)
                    observers_[i].observe(detail::parameter_slice(view, granularity_, static_cast<std::ptrdiff_t>(i)));
            }
        }

        /// As if this one had seen the other's batches too; throws if their parameters differ.
        void merge(const granular_observer& other) requires mergeable_observer<Observer>
        {
            require(granularity_ == other.granularity_, "observers of different axis or group_size cannot be merged");
            if (other.observers_.empty())
                return;
            prepare(other.parameters_);
            for (std::size_t i = 0; i < observers_.size(); ++i)
                observers_[i].merge(other.observers_[i]);
        }

        /// One range per parameter, row-major; none before the first batch.
        std::vector<real_range> ranges() const
        {
            std::vector<real_range> ranges;
            ranges.reserve(observers_.size());
            for (const Observer& observer : observers_)
                ranges.push_back(observer.range());
            return ranges;
        }

        void reset() { observers_.clear(); }

        Granularity granularity() const { return granularity_; }
        /// One for each channel or group, in the order of their qparams; none before the first batch.
        std::span<const Observer> observers() const { return observers_; }

    private:
        void prepare(const tensor_shape& parameters)
        {
            if (observers_.empty())
            {
                observers_.assign(static_cast<std::size_t>(element_count(parameters)), prototype_);
                parameters_ = parameters;
            }
            require(parameters == parameters_, "a batch with parameter shape ", parameters,
                    " does not fit earlier ones with ", parameters_);
        }

        [[no_unique_address]] Granularity granularity_;
        Observer prototype_;
        std::vector<Observer> observers_;
        tensor_shape parameters_;
    };

    /// With a range for each channel.
    template <batch_observer Observer>
    using per_axis_observer = granular_observer<Observer, per_axis>;

    /// With a range for each group.
    template <batch_observer Observer>
    using per_group_observer = granular_observer<Observer, per_group>;
}
