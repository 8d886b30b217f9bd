// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How ranges are observed and become qparams.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/any_observer.hpp>
#include <quantkit/observers/minmax.hpp>

#include <functional>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A scheme that is chosen at run time.
    using any_scheme = std::function<qparams(real_range, quant_bounds)>;

    /// activations        copied for each activation that is calibrated
    /// weights            copied for each parameter of each weight
    /// activation_scheme  to uint8 codes [0, 255]
    /// weight_scheme      to narrow codes, such as [-127, 127]; without PyTorch's floor of 2^-23, below which the
    /// scales
    ///                    of 16-bit weights often lie
    struct qconfig
    {
        any_observer activations = minmax_observer {};
        any_observer weights = minmax_observer {};
        any_scheme activation_scheme = affine {};
        any_scheme weight_scheme = symmetric { .eps = 0x1p-100f };
    };
}
