// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What an observer is: it sees batches and says which range of reals is to be representable.
///
/// An observer of one tensor is a plain copyable struct without knowledge of granularity;
/// granular_observer.hpp makes one per axis index or per group of it.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <concepts>
#include <cstddef>
#include <vector>

namespace quantkit
{
    /// One range for everything that it has seen, nothing_observed before that.
    template <class Observer>
    concept range_observer = requires(const Observer& observer)
    {
        {
            observer.range()
            } -> std::same_as<real_range>;
    };

    /// One range per parameter, and the granularity that says which parameter belongs to which element.
    template <class Observer>
    concept ranges_observer = requires(const Observer& observer, std::size_t parameter)
    {
        {
            observer.ranges()
            } -> std::same_as<std::vector<real_range>>;
        observer.granularity();
    };

    /// A range_observer of whole batches: any tensor of floats.
    template <class Observer>
    concept batch_observer = range_observer<Observer> && detail::copyable<Observer> && requires(
        Observer& observer, tensor_view<const float> batch)
    {
        observer.observe(batch);
        observer.reset();
    };

    /// A batch_observer that needs to know no more of a batch than its range.
    template <class Observer>
    concept batch_range_observer = batch_observer<Observer> && requires(Observer& observer, real_range batch)
    {
        observer.observe_range(batch);
    };

    /// What two observers saw can be united, as if one had seen it all.
    template <class Observer>
    concept mergeable_observer = batch_observer<Observer> && requires(Observer& observer, const Observer& other)
    {
        observer.merge(other);
    };
}
