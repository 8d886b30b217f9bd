// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A range that is known beforehand.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>

namespace quantkit
{
    /// The user's range, whatever the data: for sigmoids, images, and ranges from a file.
    ///
    /// It looks at no value, so NaN, infinities and values outside the range pass unnoticed; choose_qparams refuses a
    /// range that is reversed or not finite. Without a range it is nothing_observed.
    struct constant_range_observer
    {
        real_range constant = nothing_observed;

        template <tensor_of<float> Tensor>
        void observe(const Tensor&)
        {
        }

        /// Throws if the other's range differs: the two cannot both be right.
        QUANTKIT_INLINE void merge(const constant_range_observer& other)
        {
            require(other.constant == constant, "observers of the constant ranges [", constant.min, ", ", constant.max,
                    "] and [", other.constant.min, ", ", other.constant.max, "] cannot be merged");
        }

        QUANTKIT_INLINE void reset() {}
        QUANTKIT_INLINE real_range range() const { return constant; }
    };
    static_assert(mergeable_observer<constant_range_observer>);
}
