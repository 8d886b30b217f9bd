// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range that rounds a batch with the least squared error: where learned scales begin.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/moving_average.hpp>
#include <quantkit/observers/mse_optimal_range.hpp>
#include <quantkit/observers/observer.hpp>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A moving average of what mse_optimal_range finds for each batch; a constant of 1 keeps the last one alone, as
    /// weights want it. NaN and infinities are left out. Some 30 to 200 passes over each batch.
    struct least_error_observer
    {
        quant_bounds bounds { 0, 255 };
        any_scheme scheme = affine {};
        moving_average_observer average {};

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            average.observe_range(mse_optimal_range<Tensor, any_scheme, Arch>(batch, bounds, scheme));
        }

        void reset() { average.reset(); }
        real_range range() const { return average.range(); }
    };
    static_assert(batch_observer<least_error_observer>);
}
