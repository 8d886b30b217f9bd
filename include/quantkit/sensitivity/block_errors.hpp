// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Errors of blocks of samples, from which both intervals and means are made.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// How sure a mean is.
    ///
    /// interval(errors)       of the mean error of all samples, errors being the means of the blocks
    /// difference(a, b)       of the mean of a less that of b, block by block: what both have in common cancels out
    template <class Confidence>
    concept error_confidence = requires(const Confidence& confidence, std::span<const double> errors)
    {
        {
            confidence.interval(errors)
            } -> std::same_as<error_interval>;
        {
            confidence.difference(errors, errors)
            } -> std::same_as<error_interval>;
    };

    /// What is known of a mean without samples to compare: nothing.
    inline constexpr error_interval unknown_interval { -std::numeric_limits<double>::infinity(),
                                                       std::numeric_limits<double>::infinity() };

    /// What is known of a layer that spoils the outputs altogether.
    inline constexpr error_interval infinite_error { std::numeric_limits<double>::infinity(),
                                                     std::numeric_limits<double>::infinity() };

    /// Throws unless there is an error for each block, and every block has samples.
    inline void check_blocks(std::span<const double> errors, std::span<const std::size_t> block_samples)
    {
        require(errors.size() == block_samples.size(), errors.size(), " errors do not fit ", block_samples.size(),
                " blocks");
        for (const std::size_t samples : block_samples)
            require(samples > 0, "a block of samples must not be empty");
    }

    /// Whether none is infinite or NaN.
    inline bool all_finite(std::span<const double> errors)
    {
        for (const double error : errors)
            if (!std::isfinite(error))
                return false;
        return true;
    }

    /// Over all samples: sum(samples * error) / sum(samples); 0 without blocks, infinite if an error is not finite.
    inline double mean_error(std::span<const double> errors, std::span<const std::size_t> block_samples)
    {
        check_blocks(errors, block_samples);
        if (!all_finite(errors))
            return std::numeric_limits<double>::infinity();
        double sum = 0.0, samples = 0.0;
        for (std::size_t i = 0; i < errors.size(); ++i)
        {
            sum += static_cast<double>(block_samples[i]) * errors[i];
            samples += static_cast<double>(block_samples[i]);
        }
        return errors.empty() ? 0.0 : sum / samples;
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::vector<double> block_differences(std::span<const double> a, std::span<const double> b)
    {
        require(a.size() == b.size(), "errors of ", a.size(), " and ", b.size(), " blocks cannot be compared");
        std::vector<double> differences(a.size());
        for (std::size_t i = 0; i < a.size(); ++i)
            differences[i] = a[i] - b[i];
        return differences;
    }
}
