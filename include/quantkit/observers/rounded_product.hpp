// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A product of doubles that is rounded before anything is added to it.
#pragma once

#include <quantkit/core/config.hpp>

namespace quantkit::detail
{
    /// No compiler contracts it with an addition, so that code built with FMA chooses the same ranges as code without.
    QUANTKIT_INLINE double rounded_product(double a, double b)
    {
        double product = a * b;
        QUANTKIT_ROUND_HERE(product);
        return product;
    }
}
