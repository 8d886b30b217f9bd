// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Counts floats in equal bins.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/index_pair.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quantkit::kernels
{
    /// Values from first to last, both included, are in bin trunc((x - first) * bins_per_unit), or in the last one if
    /// that is less.
    struct bin_grid
    {
        double first = 0.0;
        double last = 0.0;
        double bins_per_unit = 0.0;
        std::int32_t bins = 1;
    };

    /// Neighbouring values take turns at the counters of a bin: an increment waits for the one before of the same
    /// counter, and after a ReLU half of all values are in one bin.
    inline constexpr std::size_t counters_per_bin = 2;

    namespace detail
    {
        inline constexpr std::size_t binned_block = 64;

        template <class Arch>
        QUANTKIT_INLINE void count_block_in_bins(const float* x, const bin_grid& grid, std::uint32_t* counters)
        {
            const double first = grid.first, last = grid.last, bins_per_unit = grid.bins_per_unit;
            const double left_out = grid.bins, last_bin = left_out - 1.0;
            std::array<std::int32_t, binned_block> bins;   // NOLINT: filled before it is read
            for (std::size_t i = 0; i < binned_block; ++i) // compilers make batches of it
            {
                const auto value = static_cast<double>(x[i]);
                const double position = std::min((value - first) * bins_per_unit, last_bin);
                const bool is_inside = static_cast<int>(value >= first) & static_cast<int>(value <= last);
                bins[i] = static_cast<std::int32_t>(is_inside ? position : left_out);
            }
            static_assert(counters_per_bin == 2);
            for (std::size_t i = 0; i < binned_block; i += 2)
            {
                const index_pair bin = load_pair(bins.data() + i);
                ++counters[bin.first * counters_per_bin];
                ++counters[bin.second * counters_per_bin + 1];
            }
        }
    }

    /// Adds 1 to one of the counters of each value's bin; NaN and what lies outside is left out.
    ///
    /// x          [count] floats; no alignment needed
    /// counters   [bins + 1, counters_per_bin]; those behind the last bin take what is left out, and what fills the
    ///            last block; a counter that overflows begins anew
    template <class Arch = default_arch>
    void count_in_bins(const float* x, std::size_t count, const bin_grid& grid, std::uint32_t* counters,
                       Arch = {}) noexcept
    {
        constexpr std::size_t block = detail::binned_block;
        for (; count >= block; x += block, count -= block)
            detail::count_block_in_bins<Arch>(x, grid, counters);
        if (count == 0)
            return;
        std::array<float, block> rest;
        rest.fill(std::numeric_limits<float>::quiet_NaN());
        std::copy_n(x, count, rest.begin());
        detail::count_block_in_bins<Arch>(rest.data(), grid, counters);
    }
}
