// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How far two histograms over the same bins are apart, whatever they count: both are scaled to the sum 1.
///
/// The sums are exact, each term rounds a few times; the divergence depends on the C library's log.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/kernels/exact_sum.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <limits>
#include <type_traits>

namespace quantkit
{
    /// Counts or densities, one per bin, next to each other: a span, a vector or an array of numbers.
    template <class Bins>
    concept histogram_bins = requires(const Bins& bins)
    {
        {
            std::size(bins)
            } -> std::convertible_to<std::size_t>;
        requires std::is_arithmetic_v<std::remove_cvref_t<decltype(*std::data(bins))>>;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless all bins are finite and none is negative.
    template <histogram_bins Bins>
    double bin_total(const Bins& bins)
    {
        exact_double_sum total;
        for (std::size_t i = 0; i < std::size(bins); ++i)
        {
            const auto bin = static_cast<double>(std::data(bins)[i]);
            require(bin >= 0.0 && bin <= std::numeric_limits<double>::max(), "bin ", i, " of a histogram holds ", bin);
            total.add(bin);
        }
        return total.value();
    }

    /// The sum of term(p, q) over the bins, scaled; a histogram without any count has p = 0 everywhere.
    template <histogram_bins P, histogram_bins Q, class Term>
    double sum_over_bins(const P& p, const Q& q, const Term& term)
    {
        require(std::size(p) == std::size(q), "histograms of ", std::size(p), " and ", std::size(q),
                " bins cannot be compared");
        const auto share = [](auto bin, double total) { return total == 0.0 ? 0.0 : static_cast<double>(bin) / total; };
        const double p_total = bin_total(p), q_total = bin_total(q);
        exact_double_sum sum;
        for (std::size_t i = 0; i < std::size(p); ++i)
            sum.add(term(share(std::data(p)[i], p_total), share(std::data(q)[i], q_total)));
        return sum.value();
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// sum p log(p / q), natural logarithm: terms with p = 0 are 0, q = 0 < p gives +inf. Never negative; 0 if p has no
    /// counts.
    ///
    /// p, q    as many bins; throws if they differ in number, and for bins that are negative or not finite
    template <histogram_bins P, histogram_bins Q>
    double histogram_kl_divergence(const P& p, const Q& q)
    {
        const auto term = [](double p_share, double q_share)
        {
            return p_share == 0.0   ? 0.0
                   : q_share == 0.0 ? std::numeric_limits<double>::infinity()
                                    : p_share * std::log(p_share / q_share);
        };
        return std::max(detail::sum_over_bins(p, q, term), 0.0);
    }

    /// sum min(p, q): 1 for the same shape, 0 for disjoint ones, or if one of them has no counts.
    template <histogram_bins P, histogram_bins Q>
    double histogram_overlap(const P& p, const Q& q)
    {
        return std::min(detail::sum_over_bins(p, q, [](double a, double b) { return std::min(a, b); }), 1.0);
    }
}
