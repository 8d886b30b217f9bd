// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range that loses the least information: TensorRT's entropy calibration.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/finite_range.hpp>
#include <quantkit/observers/histogram_divergence.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// What the histogram counts.
    enum class entropy_histogram
    {
        magnitudes, ///< of |x|, as TensorRT
        two_sided   ///< of x, in windows around 0, as MXNet and ONNX Runtime
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// How many bins from 0 on the best window has. Of equal ones the widest.
        template <class Divergence>
        std::size_t least_divergent_window(std::size_t bins, std::size_t levels, const Divergence& divergence)
        {
            std::size_t best = bins;
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t window = levels; window <= bins; ++window)
                if (const double now = divergence(window); now <= least)
                {
                    best = window;
                    least = now;
                }
            return best;
        }

        inline std::size_t best_window_of_magnitudes(const value_histogram& seen, double greatest, std::size_t bins,
                                                     std::size_t levels)
        {
            std::vector<double> counts = seen.magnitudes().rebinned(bins, 0.0, greatest);
            counts[0] = counts[1];
            const histogram_divergence divergence(std::move(counts));
            return least_divergent_window(bins, levels,
                                          [&](std::size_t window) { return divergence(0, window, levels); });
        }

        inline std::size_t best_two_sided_window(const value_histogram& seen, double greatest, std::size_t bins,
                                                 std::size_t levels)
        {
            std::vector<double> counts = seen.rebinned(2 * bins, -greatest, greatest);
            counts[bins] = counts[bins + 1];
            const histogram_divergence divergence(std::move(counts));
            return least_divergent_window(
                bins, levels, [&](std::size_t window) { return divergence(bins - window, bins + window, 2 * levels); });
        }

        inline real_range entropy_range(const value_histogram& seen, entropy_histogram kind, std::size_t bins,
                                        std::size_t levels)
        {
            require(levels > 1 && levels <= bins, "levels must lie in [2, ", bins, "], the number of bins, but is ",
                    levels);
            const real_range observed = finite_range(seen);
            const float greatest = std::max(-observed.min, observed.max);
            if (!(greatest > 0.0f))
                return observed;
            const auto search =
                kind == entropy_histogram::magnitudes ? best_window_of_magnitudes : best_two_sided_window;
            const std::size_t window = search(seen, static_cast<double>(greatest), bins, levels);
            const auto threshold = static_cast<float>(static_cast<double>(greatest) * static_cast<double>(window)
                                                      / static_cast<double>(bins));
            return { std::max(-threshold, observed.min), std::min(threshold, observed.max) };
        }
    }

    /// [-t, t], as far as values were observed there, where t is the edge of a bin of a histogram from 0 to max|x|, and
    /// the values that are clipped at it and rounded to the levels below it differ least from the values as they are
    /// (histogram_divergence.hpp has the formula).
    ///
    /// bins    of the histogram, for each sign
    /// levels  codes for each sign: 128 for 8 bits, 256 for 8 bits without sign. Every t from the edge of bin `levels`
    ///         to max|x| is tried. range() throws unless 1 < levels <= bins.
    ///
    /// The bin of 0 takes the count of the next one, as in NVIDIA's pytorch-quantization: the zeros behind a ReLU,
    /// which every scheme represents exactly, would decide alone. A window that leaves out half of the values is none.
    ///
    /// The linear histogram is made from exact counts in fixed bins, so any division of the data into batches, threads
    /// and merges gives the same range. NaN and infinities are left out. Without any other value it is
    /// nothing_observed; of constant values it is their range.
    ///
    /// source  Migacz 2017, GTC s7310, "8-bit inference with TensorRT"
    struct entropy_observer
    {
        std::size_t bins = 2048;
        std::size_t levels = 128;
        entropy_histogram kind = entropy_histogram::magnitudes;
        value_histogram observed {};

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            observed.observe<Tensor, Arch>(batch);
        }

        QUANTKIT_INLINE void merge(const entropy_observer& other) { observed.merge(other.observed); }
        QUANTKIT_INLINE void reset() { observed.reset(); }

        QUANTKIT_INLINE real_range range() const { return detail::entropy_range(observed, kind, bins, levels); }
    };
    static_assert(mergeable_observer<entropy_observer>);
}
