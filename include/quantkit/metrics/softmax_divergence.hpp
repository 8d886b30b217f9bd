// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How far the class probabilities of one row of logits are from those of another: Kullback-Leibler and Jensen-Shannon
/// divergence of the softmax, in nats.
///
/// In double and from logarithms of the softmax, so that neither large logits nor vanishing probabilities do harm. The
/// sums are exact, the terms depend on the C library's exp and log, whose last bits differ between libraries.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/exact_sum.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// log(softmax(logits)). A logit of -inf has the probability 0; all are NaN if one is +inf or NaN, or none above
    /// -inf.
    ///
    /// logits  [classes], `stride` elements apart
    inline void log_softmax(const float* logits, std::ptrdiff_t classes, std::ptrdiff_t stride,
                            std::vector<double>& result)
    {
        result.resize(static_cast<std::size_t>(classes));
        double greatest = -std::numeric_limits<double>::infinity();
        for (std::ptrdiff_t i = 0; i < classes; ++i)
            greatest = std::max(greatest, static_cast<double>(logits[i * stride]));
        exact_double_sum total;
        for (std::size_t i = 0; i < result.size(); ++i)
        {
            result[i] = static_cast<double>(logits[static_cast<std::ptrdiff_t>(i) * stride]) - greatest;
            total.add(std::exp(result[i]));
        }
        const double log_total = std::log(total.value());
        for (double& value : result)
            value -= log_total;
    }

    /// sum of p * log(p / q) over classes with p > 0; +inf where q = 0 < p. Never negative.
    ///
    /// log_p, log_q  [classes] logarithms of probabilities
    inline double kl_divergence_of_logs(const std::vector<double>& log_p, const std::vector<double>& log_q)
    {
        exact_double_sum sum;
        for (std::size_t i = 0; i < log_p.size(); ++i)
        {
            const double p = std::exp(log_p[i]);
            if (p != 0.0) // also NaN
                sum.add(p * (log_p[i] - log_q[i]));
        }
        return std::max(sum.value(), 0.0);
    }

    /// (KL(p | m) + KL(q | m)) / 2 with m = (p + q) / 2: from 0 to log 2.
    inline double js_divergence_of_logs(const std::vector<double>& log_p, const std::vector<double>& log_q)
    {
        exact_double_sum sum;
        for (std::size_t i = 0; i < log_p.size(); ++i)
        {
            const double p = std::exp(log_p[i]), q = std::exp(log_q[i]), m = 0.5 * p + 0.5 * q;
            if (p != 0.0)
                sum.add(p * std::log(p / m));
            if (q != 0.0)
                sum.add(q * std::log(q / m));
        }
        return std::max(0.5 * sum.value(), 0.0);
    }
}
