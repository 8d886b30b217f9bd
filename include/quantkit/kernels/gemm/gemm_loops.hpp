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
#include <quantkit/kernels/gemm/row_strips.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Panels of B that stay in L2 while all strips of a chunk pass over them: about 384 KiB.
    constexpr std::size_t block_panels(operand_format format, gemm_extents extents)
    {
        constexpr std::size_t budget = std::size_t { 384 } * 1024;
        if (packed_b_bytes(format, extents.n, extents.k) <= budget)
            return std::max(padded_columns(extents.n) / panel_columns, std::size_t { 1 });
        return std::max(budget / panel_bytes(format, extents.k) / max_tile_panels, std::size_t { 1 }) * max_tile_panels;
    }

    /// Rows of A that are taken at a time: where B is one block, which stays in L2 anyway, a strip that is still in L1
    /// when it is multiplied (or as many as make eight tiles); else about half of a 1 MiB L2.
    constexpr std::size_t chunk_rows(const micro_kernel& kernel, gemm_extents extents)
    {
        constexpr std::size_t budget = std::size_t { 576 } * 1024, least_panels = 8;
        const std::size_t tile_rows = kernel.max_rows(kernel.main_panels);
        if (extents.m <= tile_rows) // no division in small products
            return extents.m;
        const std::size_t panels = std::max(padded_columns(extents.n) / panel_columns, std::size_t { 1 });
        const std::size_t strips = panels <= block_panels(kernel.format, extents)
                                       ? least_panels / panels
                                       : budget / packed_row_stride(kernel.format, extents.k) / tile_rows;
        return std::min(std::max(strips, std::size_t { 1 }) * tile_rows, extents.m);
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
            , block_panels_(kernels::block_panels(b.format, extents))
        {
        }

        void operator()(const gemm_part& part, std::byte* workspace) const noexcept
        {
            const std::size_t rows = part.last_row - part.first_row;
            if (rows <= tile_rows())
                return run_one_strip(part, rows, workspace);
            const row_strips strips { part.first_row, rows, tile_rows() };
            const std::size_t chunk_strips = std::max<std::size_t>(chunk_rows_ / tile_rows(), 1);
            for (std::size_t strip = 0; strip < strips.count(); strip += chunk_strips)
                run_chunk(part, strips, strip, std::min(strip + chunk_strips, strips.count()), workspace);
        }

    private:
        std::size_t tile_rows() const noexcept { return kernel_.max_rows(kernel_.main_panels); }

        /// So few rows that one tile takes them all. Small products feel every instruction.
        void run_one_strip(const gemm_part& part, std::size_t rows, std::byte* workspace) const noexcept
        {
            if (rows > 0)
                run_strip(take_rows(part.first_row, rows, workspace), part.first_row, rows, part.first_panel,
                          part.last_panel);
        }

        /// Strips [first, last), block after block of B.
        void run_chunk(const gemm_part& part, const row_strips& strips, std::size_t first, std::size_t last,
                       std::byte* workspace) const noexcept
        {
            const std::size_t first_row = strips.begin(first);
            const strip_view a = take_rows(first_row, strips.begin(last) - first_row, workspace);
            for (std::size_t panel = part.first_panel; panel < part.last_panel; panel += block_panels_)
            {
                for (std::size_t strip = first; strip < last; ++strip)
                {
                    const std::size_t row = strips.begin(strip);
                    const strip_view rows { a.rows + (row - first_row) * a.stride, a.stride };
                    run_strip(rows, row, strips.begin(strip + 1) - row, panel,
                              std::min(panel + block_panels_, part.last_panel));
                }
            }
        }

        strip_view take_rows(std::size_t first_row, std::size_t rows, std::byte* workspace) const noexcept
        {
            std::byte* scratch = workspace + chunk_rows_ * packed_row_stride(b_.format, extents_.k);
            if (groups_ != nullptr)
                return take_grouped(first_row, rows, workspace, scratch);
            std::int32_t* sums = row_sums_ == nullptr ? nullptr : row_sums_ + first_row;
            return a_.strip(first_row, rows, extents_.k, b_.format, workspace, sums, scratch);
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

        /// The widest tile that exists for a strip of this height: wide ones for few rows, the main tile else.
        std::size_t tile_panels(std::size_t rows, std::size_t panels_left) const noexcept
        {
            for (std::size_t panels = max_tile_panels; panels > 1; panels /= 2)
                if (panels <= panels_left && rows <= kernel_.max_rows(panels))
                    return panels;
            return 1;
        }

        void run_strip(strip_view a, std::size_t first_row, std::size_t rows, std::size_t first_panel,
                       std::size_t last_panel) const noexcept
        {
            const std::size_t panel_stride = b_.panel_stride(), groups = b_.groups();
            for (std::size_t panel = first_panel; panel < last_panel;)
            {
                const std::size_t panels = tile_panels(rows, last_panel - panel);
                tile_operands operands { a.rows, a.stride, b_.panels + panel * panel_stride, panel_stride, groups };
                operands.tiles =
                    run_tile_.runs_many() ? (last_panel - panel) >> micro_kernel::slot(panels) : 1; // / panels
                run_tile_(kernel_.tile(rows, panels), operands,
                          { first_row, rows, panel * panel_columns, panels * panel_columns });
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
