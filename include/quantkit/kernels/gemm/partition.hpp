// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How a product is divided among threads. Parts are disjoint pieces of C, so their number never changes a bit.
#pragma once

#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <algorithm>
#include <cstddef>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Rows [first_row, last_row) and panels [first_panel, last_panel) of C: what one thread does.
    struct gemm_part
    {
        std::size_t first_row = 0, last_row = 0;
        std::size_t first_panel = 0, last_panel = 0;
    };

    /// Equal parts of C along its rows, in whole tiles, or along its panels where the rows are too few.
    class gemm_partition
    {
    public:
        /// rows_only  the panels stay together, as they must where row sums of A are written once
        gemm_partition(const micro_kernel& kernel, gemm_extents extents, std::size_t concurrency, bool rows_only)
            : gemm_partition(kernel.max_rows(kernel.main_panels), extents, concurrency, rows_only)
        {
        }

        gemm_partition(std::size_t tile_rows, gemm_extents extents, std::size_t concurrency, bool rows_only)
            : extents_(extents)
            , panels_((extents.n + panel_columns - 1) / panel_columns)
            , tile_rows_(tile_rows)
        {
            if (concurrency <= 1)
                return;
            // Handing a part to another thread costs some microseconds: it should have that much to do.
            constexpr std::size_t least_products = std::size_t { 1 } << 20;
            const std::size_t products = extents.m * extents.n * std::max<std::size_t>(extents.k, 1);
            const std::size_t wanted = std::clamp<std::size_t>(products / least_products, 1, concurrency);
            const std::size_t strips = (extents.m + tile_rows_ - 1) / tile_rows_;
            by_rows_ = rows_only || strips >= 4 * wanted || strips >= panels_;
            parts_ = std::min(wanted, std::max<std::size_t>(by_rows_ ? strips : panels_, 1));
        }

        std::size_t parts() const { return parts_; }

        gemm_part operator[](std::size_t part) const
        {
            if (parts_ == 1)
                return { 0, extents_.m, 0, panels_ };
            const auto cut = [&](std::size_t whole, std::size_t i) { return whole * i / parts_; };
            if (!by_rows_)
                return { 0, extents_.m, cut(panels_, part), cut(panels_, part + 1) };
            const std::size_t strips = (extents_.m + tile_rows_ - 1) / tile_rows_;
            const auto row = [&](std::size_t i) { return std::min(cut(strips, i) * tile_rows_, extents_.m); };
            return { row(part), row(part + 1), 0, panels_ };
        }

    private:
        gemm_extents extents_;
        std::size_t panels_;
        std::size_t tile_rows_;
        bool by_rows_ = true;
        std::size_t parts_ = 1;
    };
}
