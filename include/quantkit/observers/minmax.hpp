// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The smallest and the largest value seen so far (PyTorch's MinMaxObserver).
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>

namespace quantkit
{
    /// Batches may come in any order and any division; NaN is skipped, a batch without values changes nothing.
    struct minmax_observer
    {
        real_range observed = nothing_observed;

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            observe_range(measured_range<Tensor, Arch>(batch));
        }

        void observe_range(real_range batch) { observed = united(observed, batch); }
        void merge(const minmax_observer& other) { observe_range(other.observed); }
        void reset() { observed = nothing_observed; }
        real_range range() const { return observed; }
    };
    static_assert(batch_range_observer<minmax_observer> && mergeable_observer<minmax_observer>);
}
