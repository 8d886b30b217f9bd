// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// When to stop calibrating: when more batches no longer move the ranges.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace quantkit
{
    /// True once the range moved by at most `tolerance` of its width during the last `batches` batches:
    ///
    ///     range_stability stable(0.01f, 8);
    ///     for (const auto& batch : batches)
    ///     {
    ///         observer.observe(batch);
    ///         if (stable.update(observer.range()))
    ///             break;
    ///     }
    ///
    /// Both ends count, and movements are measured from the range after which the batches are counted, so that a slow
    /// drift does not pass for rest: a range that left the tolerance starts the count anew. A range that is not finite
    /// (nothing_observed, too) is never at rest.
    class range_stability
    {
    public:
        /// tolerance  relative to the width of the range, not negative; batches  at least 1
        QUANTKIT_INLINE explicit range_stability(float tolerance = 0.01f, std::size_t batches = 8)
            : tolerance_(tolerance)
            , batches_(batches)
        {
            require(tolerance >= 0.0f, "a tolerance must not be negative, but is ", tolerance);
            require(batches > 0, "a range is stable after at least one batch, not after ", batches);
        }

        /// The range after one more batch.
        QUANTKIT_INLINE bool update(real_range range) { return update(&range, 1); }

        /// One range per parameter; all of them must be at rest. Throws where their number changes.
        QUANTKIT_INLINE bool update(std::span<const real_range> ranges) { return update(ranges.data(), ranges.size()); }

        /// Whether so many batches in a row changed nothing.
        bool is_stable() const { return !anchor_.empty() && quiet_batches_ >= batches_; }

    private:
        QUANTKIT_INLINE bool update(const real_range* ranges, std::size_t count)
        {
            require(anchor_.empty() || anchor_.size() == count, "there are ", count, " ranges, but before there were ",
                    anchor_.size());
            if (!anchor_.empty() && all_at_rest(ranges))
                ++quiet_batches_;
            else
            {
                if (anchor_.empty())
                    anchor_ = std::vector<real_range>(count);
                std::copy_n(ranges, count, anchor_.data());
                quiet_batches_ = 0;
            }
            return is_stable();
        }

        QUANTKIT_INLINE bool all_at_rest(const real_range* ranges) const
        {
            for (std::size_t i = 0; i < anchor_.size(); ++i)
                if (!is_at_rest(anchor_[i], ranges[i]))
                    return false;
            return true;
        }

        /// False for whatever is not finite: the difference of infinities is NaN.
        QUANTKIT_INLINE bool is_at_rest(real_range from, real_range to) const
        {
            const double allowed = static_cast<double>(tolerance_) * (static_cast<double>(to.max) - to.min);
            return std::abs(static_cast<double>(to.min) - from.min) <= allowed
                   && std::abs(static_cast<double>(to.max) - from.max) <= allowed && std::isfinite(allowed);
        }

        float tolerance_;
        std::size_t batches_;
        std::vector<real_range> anchor_;
        std::size_t quiet_batches_ = 0;
    };
}
