// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Analytical clipping (ACIQ): the range that is best for a Gauss or Laplace distribution like that of the values.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/aciq_threshold.hpp>
#include <quantkit/observers/finite_range.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/observers/rounded_product.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace quantkit
{
    /// The distribution that the values are taken to follow.
    enum class aciq_distribution
    {
        gauss,
        laplace,
        likelier ///< the one under which the values are likelier
    };

    /// Of the finite values.
    struct value_moments
    {
        double mean = 0.0;
        double deviation = 0.0;          ///< sigma, sqrt(E (x - mean)^2)
        double absolute_deviation = 0.0; ///< b, E |x - mean|
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// With every value in the middle of its bin, so at most 2^-12 of it away: the moments are off by no more than
        /// 2^-12 sqrt(E x^2), and do not depend on the order of the values, since the counts do not. All 0 without
        /// values.
        inline value_moments moments_of(const value_histogram& seen)
        {
            double count = 0.0, sum = 0.0, squares = 0.0, distances = 0.0;
            const auto middle = [](const value_bin& bin) { return (bin.lower + bin.upper) / 2.0; };
            seen.for_each_bin(
                [&](const value_bin& bin)
                {
                    count += static_cast<double>(bin.count);
                    sum += rounded_product(static_cast<double>(bin.count), middle(bin));
                });
            if (count == 0.0)
                return {};
            const double mean = sum / count;
            seen.for_each_bin(
                [&](const value_bin& bin)
                {
                    const double distance = std::abs(middle(bin) - mean);
                    const double weighted = rounded_product(static_cast<double>(bin.count), distance);
                    distances += weighted;
                    squares += rounded_product(weighted, distance);
                });
            return { mean, std::sqrt(squares / count), distances / count };
        }

        /// The likelihoods of n values are (2 b e)^-n, and (sigma sqrt(2 pi e))^-n for Gauss: equal at b = 0.76 sigma.
        inline bool is_laplace_likelier(const value_moments& moments)
        {
            const double equal = std::sqrt(std::numbers::pi / (2.0 * std::numbers::e));
            return moments.absolute_deviation < equal * moments.deviation;
        }

        inline double clipping_distance(const value_moments& moments, aciq_distribution distribution, int bits)
        {
            const bool laplace = distribution == aciq_distribution::laplace
                                 || (distribution == aciq_distribution::likelier && is_laplace_likelier(moments));
            return laplace ? moments.absolute_deviation * optimal_threshold(bits, laplace_distribution {})
                           : moments.deviation * optimal_threshold(bits, gauss_distribution {});
        }

        inline real_range aciq_range(const value_histogram& seen, aciq_distribution distribution, int bits,
                                     bool fused_relu)
        {
            const value_moments moments = moments_of(seen);
            const double distance = clipping_distance(moments, distribution, fused_relu ? bits + 1 : bits);
            const real_range observed = finite_range(seen);
            if (observed == nothing_observed)
                return observed;
            const auto within = [&](double end)
            { return std::clamp(static_cast<float>(end), observed.min, observed.max); };
            if (fused_relu)
                return { 0.0f, std::max(within(moments.mean + distance), 0.0f) };
            return { within(moments.mean - distance), within(moments.mean + distance) };
        }
    }

    /// mean +- t, where t = optimal_threshold(bits) of the distribution times its sigma (Gauss) or b (Laplace), as far
    /// as values were observed there.
    ///
    /// bits        of the codes: 2^bits levels between the ends. Throws in range() unless it lies in [1, 16], fused: 15
    /// fused_relu  the values are those before a ReLU, and the codes those after it: [0, mean + t]. The same number of
    ///             levels then covers one half of the distribution, which is the threshold of bits + 1.
    ///
    /// Any division of the data into batches, threads and merges gives the same range: mean, sigma and b come from the
    /// exact counts of a histogram, whose bins make them inexact by at most 2^-12 of sqrt(E x^2). Of constant values
    /// the range is theirs. NaN and infinities are left out; without any other value it is nothing_observed.
    ///
    /// source  Banner, Nahshan, Soudry 2019, NeurIPS, "Post training 4-bit quantization of convolutional networks for
    ///         rapid-deployment", sec. 3; it assumes codes that are spread over mean +- t, hence affine qparams or a
    ///         mean near 0
    struct aciq_observer
    {
        int bits = 8;
        aciq_distribution distribution = aciq_distribution::likelier;
        bool fused_relu = false;
        value_histogram observed {};

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            observed.observe<Tensor, Arch>(batch);
        }

        QUANTKIT_INLINE void merge(const aciq_observer& other) { observed.merge(other.observed); }
        QUANTKIT_INLINE void reset() { observed.reset(); }
        /// Mean and deviations of what was seen.
        QUANTKIT_INLINE value_moments moments() const { return detail::moments_of(observed); }

        QUANTKIT_INLINE real_range range() const
        {
            return detail::aciq_range(observed, distribution, bits, fused_relu);
        }
    };
    static_assert(mergeable_observer<aciq_observer>);
}
