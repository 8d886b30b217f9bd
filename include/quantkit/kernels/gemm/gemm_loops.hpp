// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The loops of a product over chunks, blocks, strips and panels (gemm.hpp has the picture). They reach rows of A and
/// the epilogue through pointers, one call for each chunk and each tile, and so are compiled once for all of these.
#pragma once

#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/grouped_epilogue.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/operand_a.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/gemm/partition.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Rows of A that are taken at a time: about half of a 1 MiB L2, and all chunks about as large.
    constexpr std::size_t chunk_rows(const micro_kernel& kernel, gemm_extents extents)
    {
        constexpr std::size_t budget = std::size_t { 576 } * 1024;
        const std::size_t tile_rows = kernel.max_rows(kernel.main_panels);
        if (extents.m <= tile_rows)
            return extents.m;
        const std::size_t fitting = std::max(budget / packed_row_stride(kernel.format, extents.k), tile_rows);
        const std::size_t chunks = (extents.m + fitting - 1) / fitting;
        const std::size_t even = (extents.m + chunks - 1) / chunks;
        return std::min((even + tile_rows - 1) / tile_rows * tile_rows, extents.m);
    }

    /// One call's constants.
    class gemm_loops
    {
    public:
        /// groups  along k, where scales differ along k; or null
        gemm_loops(const micro_kernel& kernel, gemm_extents extents, any_rows a, const packed_b& b,
                   any_tile_runner run_tile, const k_groups* groups, std::int32_t* row_sums)
            : kernel_(kernel)
            , extents_(extents)
            , a_(a)
            , b_(b)
            , run_tile_(run_tile)
            , groups_(groups)
            , row_sums_(row_sums)
            , chunk_rows_(kernels::chunk_rows(kernel, extents))
            , block_panels_(panels_in_l2(b))
        {
        }

        void operator()(gemm_part part, std::byte* workspace) const noexcept
        {
            for (std::size_t row = part.first_row; row < part.last_row; row += chunk_rows_)
            {
                const chunk taken = take_chunk(row, std::min(chunk_rows_, part.last_row - row), workspace);
                for (std::size_t panel = part.first_panel; panel < part.last_panel; panel += block_panels_)
                    for (std::size_t strip = 0; strip < taken.strips; ++strip)
                        run_strip(taken, strip, panel, std::min(panel + block_panels_, part.last_panel));
            }
        }

    private:
        /// Rows of A in strips as even in height as possible, so that no tile computes rows for nothing.
        struct chunk
        {
            std::size_t first_row, rows, strips;
            strip_view a;

            std::size_t strip_begin(std::size_t strip) const
            {
                return strip == 0 ? 0 : strip == strips ? rows : rows * strip / strips;
            }
        };

        chunk take_chunk(std::size_t first_row, std::size_t rows, std::byte* workspace) const noexcept
        {
            const std::size_t tile_rows = kernel_.max_rows(kernel_.main_panels);
            const std::size_t strips = rows <= tile_rows ? 1 : (rows + tile_rows - 1) / tile_rows;
            std::byte* scratch = workspace + chunk_rows_ * packed_row_stride(b_.format, extents_.k);
            if (groups_ != nullptr)
                return { first_row, rows, strips, take_grouped(first_row, rows, workspace, scratch) };
            std::int32_t* sums = row_sums_ == nullptr ? nullptr : row_sums_ + first_row;
            return { first_row, rows, strips,
                     a_.strip(first_row, rows, extents_.k, b_.format, workspace, sums, scratch) };
        }

        strip_view take_grouped(std::size_t first_row, std::size_t rows, std::byte* workspace,
                                std::byte* scratch) const noexcept
        {
            const strip_view strip = a_.strip(first_row, rows, extents_.k, b_.format, workspace, nullptr, scratch);
            if (row_sums_ != nullptr)
                sum_row_groups(strip, rows, extents_.k, groups_->size, b_.format,
                               row_sums_ + first_row * groups_->count);
            return strip;
        }

        /// Panels of B that stay in L2 while all strips of a chunk pass over them.
        static std::size_t panels_in_l2(const packed_b& b)
        {
            constexpr std::size_t budget = std::size_t { 384 } * 1024;
            if (b.panel_count() * b.panel_stride() <= budget)
                return std::max(b.panel_count(), std::size_t { 1 });
            return std::max(budget / b.panel_stride() / max_tile_panels, std::size_t { 1 }) * max_tile_panels;
        }

        /// The widest tile that exists for a strip of this height: wide ones for few rows, the main tile else.
        std::size_t tile_panels(std::size_t rows, std::size_t panels_left) const noexcept
        {
            for (std::size_t panels = max_tile_panels; panels > 1; panels /= 2)
                if (panels <= panels_left && rows <= kernel_.max_rows(panels))
                    return panels;
            return 1;
        }

        void run_strip(const chunk& taken, std::size_t strip, std::size_t first_panel,
                       std::size_t last_panel) const noexcept
        {
            const std::size_t begin = taken.strip_begin(strip), rows = taken.strip_begin(strip + 1) - begin;
            const std::byte* a = taken.a.rows + begin * taken.a.stride;
            const std::size_t panel_stride = b_.panel_stride(), groups = b_.groups();
            for (std::size_t panel = first_panel; panel < last_panel;)
            {
                const std::size_t panels = tile_panels(rows, last_panel - panel);
                tile_operands operands { a, taken.a.stride, b_.panels + panel * panel_stride, panel_stride, groups };
                operands.tiles = run_tile_.runs_many() ? (last_panel - panel) / panels : 1;
                run_tile_(kernel_.tile(rows, panels), operands,
                          { taken.first_row + begin, rows, panel * panel_columns, panels * panel_columns });
                panel += operands.tiles * panels;
            }
        }

        const micro_kernel& kernel_;
        gemm_extents extents_;
        any_rows a_;
        const packed_b& b_;
        any_tile_runner run_tile_;
        const k_groups* groups_;
        std::int32_t* row_sums_;
        std::size_t chunk_rows_;
        std::size_t block_panels_;
    };
}
