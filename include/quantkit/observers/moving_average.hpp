// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An exponential average of the batches' ranges (PyTorch's MovingAverageMinMaxObserver).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>

namespace quantkit
{
    /// The first batch's own range; then min += averaging_constant * (batch's min - min), and max likewise, in float32.
    ///
    /// NaN is skipped, a batch without values changes nothing. The result depends on the order of the batches, so that
    /// two observers of different batches cannot be merged: there is no merge.
    struct moving_average_observer
    {
        float averaging_constant = 0.01f;
        real_range observed = nothing_observed;

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            observe_range(measured_range<Tensor, Arch>(batch));
        }

        void observe_range(real_range batch)
        {
            require(averaging_constant > 0.0f && averaging_constant <= 1.0f,
                    "averaging_constant must lie in (0, 1], but is ", averaging_constant);
            if (batch == nothing_observed)
                return;
            const bool is_first = observed == nothing_observed;
            observed = is_first ? batch : real_range { moved(observed.min, batch.min), moved(observed.max, batch.max) };
        }

        void reset() { observed = nothing_observed; }
        real_range range() const { return observed; }

    private:
        /// Volatile, so that no compiler fuses product and sum, and the bits are the same everywhere.
        float moved(float average, float batch) const
        {
            const volatile float step = averaging_constant * (batch - average);
            return average + step;
        }
    };
    static_assert(batch_range_observer<moving_average_observer>);
}
