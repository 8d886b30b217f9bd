// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a metric is: an accumulator sees pairs of tensors, and small structs read numbers off it.
///
/// Metrics that read the same accumulator cost one pass together. Both sets are open: whoever satisfies the concept
/// takes part.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>

namespace quantkit
{
    /// Sees a reference and its approximation, batch by batch, and can be united with what another one saw.
    template <class Accumulator>
    concept pair_accumulator = detail::copyable<Accumulator> && requires(Accumulator& accumulator,
                                                                         const Accumulator& other,
                                                                         tensor_view<const float> batch)
    {
        Accumulator();
        accumulator.observe(batch, batch);
        accumulator.merge(other);
    };

    /// Reads one number off an accumulator of any kind.
    ///
    /// accumulator       the type that it reads
    /// name              for reports, with the unit where there is one
    /// higher_is_better  says which of two values is the better one
    template <class Metric>
    concept metric = std::is_empty_v<Metric> && requires(const Metric& read, const typename Metric::accumulator& seen)
    {
        Metric {};
        {
            Metric::name
            } -> std::convertible_to<std::string_view>;
        {
            Metric::higher_is_better
            } -> std::convertible_to<bool>;
        {
            read(seen)
            } -> std::same_as<double>;
    };

    /// A metric between a reference and its approximation.
    template <class Metric>
    concept pair_metric = metric<Metric> && pair_accumulator<typename Metric::accumulator>;

    template <class Metric, class Accumulator>
    concept metric_of = pair_metric<Metric> && std::same_as<typename Metric::accumulator, Accumulator>;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Metrics between two tensors in one pass: a double for one, a std::array of them in their order for several.
    ///
    ///     const auto [error, ratio] = measure<mse, sqnr_db>(reference, approximation);
    ///
    /// reference, approximation  any layout; throws unless the shapes agree
    template <pair_metric First, metric_of<typename First::accumulator>... Others, tensor_of<float> Reference,
              tensor_of<float> Approximation>
    auto measure(const Reference& reference, const Approximation& approximation)
    {
        typename First::accumulator seen;
        seen.observe(tensor_view<const float>(view_of(reference)), tensor_view<const float>(view_of(approximation)));
        if constexpr (sizeof...(Others) == 0)
            return First {}(seen);
        else
            return std::array<double, 1 + sizeof...(Others)> { First {}(seen), Others {}(seen)... };
    }
}
