// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// PyTorch's HistogramObserver: compatible in its range and its search, so also in its weaknesses.
///
/// Its bins move as the range grows, and the counts are spread over new ones. So the result depends on the order of the
/// batches, and two observers cannot be merged into what one would have seen: there is no merge. Where that matters use
/// value_histogram or percentile_observer, which depend on the values alone.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/equal_bins.hpp>
#include <quantkit/observers/histogram_search.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>

#include <cmath>
#include <cstddef>

namespace quantkit
{
    /// What a histogram_observer needs to know.
    struct histogram_settings
    {
        std::size_t bins = 2048;
        std::size_t upsample_rate = 128; ///< fine steps that a bin is divided into when the range grows
    };

    /// Counts in equal bins over the range seen so far; range() is the part of it with the least squared error for 256
    /// codes (histogram_search.hpp).
    ///
    /// A range of a single value is forgotten with the next batch, as PyTorch does. NaN is skipped, a batch without
    /// values changes nothing; infinities throw std::invalid_argument with the batch's range.
    ///
    /// source  torch.ao.quantization.observer.HistogramObserver; the bins span the real range, as from version 2.0 on
    ///         (1.13 truncated it to integers). Counts and errors are doubles here, float32 there.
    class histogram_observer
    {
    public:
        /// Throws unless bins >= 2 and upsample_rate >= 1.
        histogram_observer(histogram_settings settings = {})
            : settings_(settings)
            , histogram_(settings.bins)
        {
            require(settings.bins >= 2 && settings.upsample_rate >= 1,
                    "a histogram needs 2 bins and an upsample_rate of 1 at least, but has ", settings.bins, " and ",
                    settings.upsample_rate);
        }

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            const real_range range = measured_range<Tensor, Arch>(batch);
            if (range == nothing_observed)
                return;
            require(std::isfinite(range.min) && std::isfinite(range.max),
                    "a histogram needs finite values, but the range of the batch is [", range.min, ", ", range.max,
                    "]");
            if (histogram_.range == nothing_observed || histogram_.is_single_value())
                histogram_.restart(range);
            else
                histogram_.grow(range, settings_.upsample_rate);
            histogram_.add<Tensor, Arch>(batch);
        }

        void reset() { *this = histogram_observer(settings_); }
        real_range range() const { return searched_range(histogram_); }

        /// What was counted so far, over all of the range (PyTorch's min_val, max_val, histogram).
        const equal_bins& histogram() const { return histogram_; }

    private:
        histogram_settings settings_;
        equal_bins histogram_;
    };
    static_assert(batch_observer<histogram_observer> && !mergeable_observer<histogram_observer>);
}
