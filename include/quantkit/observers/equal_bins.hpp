// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A histogram of equal bins whose range grows with the batches, as PyTorch's HistogramObserver grows it.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/count_in_bins.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/rounded_product.hpp>
#include <quantkit/observers/value_runs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Equal bins from range.min to range.max, the last one closed; a single value v has them from v - 1 to v + 1, or
    /// to the floats next to it if those are further away.
    struct equal_bins
    {
        real_range range = nothing_observed;
        std::vector<double> counts;

        explicit equal_bins(std::size_t bins)
            : counts(bins)
        {
        }

        /// Where the first bin begins.
        double low() const { return static_cast<double>(range.min) - margin(); }
        /// Where the last bin ends.
        double high() const { return static_cast<double>(range.max) + margin(); }
        /// Whether all values are the same number.
        bool is_single_value() const { return range.min == range.max; }

        /// Forgets what it holds: no counts in bins over another range.
        void restart(real_range over)
        {
            range = over;
            std::fill(counts.begin(), counts.end(), 0.0);
        }

        /// Counts values; NaN and what lies outside the range is left out.
        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void add(const Tensor& batch)
        {
            const double bins_per_unit = static_cast<double>(counts.size()) / (high() - low());
            const kernels::bin_grid grid { low(), high(), bins_per_unit, static_cast<std::int32_t>(counts.size()) };
            constexpr std::size_t turns = kernels::counters_per_bin;
            std::vector<std::uint32_t> seen((counts.size() + 1) * turns); // of 32 bits, which take half of L1
            std::size_t room = most_in_seen;
            const auto move_to_counts = [&]
            {
                for (std::size_t i = 0; i < counts.size() * turns; ++i)
                    counts[i / turns] += static_cast<double>(seen[i]);
                std::fill(seen.begin(), seen.end(), 0);
                room = most_in_seen;
            };
            for_each_value_run(batch,
                               [&](const float* x, std::size_t count)
                               {
                                   for (std::size_t part = 0; count > 0; x += part, count -= part, room -= part)
                                   {
                                       if (room == 0)
                                           move_to_counts();
                                       part = std::min(count, room);
                                       kernels::count_in_bins(x, part, grid, seen.data(),
                                                              kernels::compiled_arch<Arch> {});
                                   }
                               });
            move_to_counts();
        }

        /// Widens the range to hold `batch`: its upper end is rounded up, so that a bin becomes a whole number of fine
        /// steps, upsample_rate of which were one before; the old counts are spread evenly over their fine steps.
        void grow(real_range batch, std::size_t upsample_rate)
        {
            const real_range wide = united(range, batch);
            if (wide == range)
                return;
            const auto rate = static_cast<double>(upsample_rate), bins = static_cast<double>(counts.size());
            const double old_width = high() - low(), fine = old_width / (bins * rate);
            const double wide_low = static_cast<double>(wide.min);
            const double steps_per_bin =
                std::ceil((static_cast<double>(wide.max) - wide_low) / old_width * rate); // in the new histogram
            const double first_step = std::round((low() - wide_low) / fine);
            std::vector<double> grown(counts.size());
            for (std::size_t bin = 0; bin < counts.size(); ++bin)
                spread(counts[bin] / rate, first_step + static_cast<double>(bin) * rate, rate, steps_per_bin, grown);
            counts = std::move(grown);
            const double high = wide_low + detail::rounded_product(steps_per_bin, old_width / rate);
            const double largest = std::numeric_limits<float>::max();
            range = { wide.min, std::max(wide.max, static_cast<float>(std::min(high, largest))) };
        }

    private:
        /// Values that 32-bit counters certainly have room for.
        static constexpr std::size_t most_in_seen = std::numeric_limits<std::uint32_t>::max();

        double margin() const
        {
            return is_single_value() ? std::max(1.0, std::abs(static_cast<double>(range.min)) * 0x1p-23) : 0.0;
        }

        /// Adds a count for each of the fine steps [begin, begin + steps) to the bins that they belong to.
        static void spread(double count_per_step, double begin, double steps, double steps_per_bin,
                           std::vector<double>& counts)
        {
            if (count_per_step == 0.0)
                return;
            const double last = static_cast<double>(counts.size() - 1);
            while (steps > 0.0)
            {
                const double bin = std::min(std::floor(begin / steps_per_bin), last);
                // One at least: beyond 2^53 steps their numbers are rounded.
                const double part = bin == last ? steps : std::clamp((bin + 1.0) * steps_per_bin - begin, 1.0, steps);
                counts[static_cast<std::size_t>(bin)] += detail::rounded_product(count_per_step, part);
                begin += part;
                steps -= part;
            }
        }
    };
}
