// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// C = epilogue(A * B^T) in int8: start reading here.
///
///     for each chunk of rows of A that fits half of L2
///         take it as it is, or pack it (and quantize it)        operand_a.hpp, packing.hpp
///         for each block of panels of B (packed once, long ago) that fits the other half
///             for each strip of rows, for each group of panels
///                 tile = strip * panels                         micro_kernel_<isa>.hpp
///                 C = epilogue(tile)                            run_tile.hpp, epilogue_<isa>.hpp
///
/// k is never split: a tile holds complete sums (or, for weights with scales along k, runs group after group), so the
/// epilogue runs while it is in L1. At m <= 4 the one strip stays in registers' reach and B streams through the widest
/// tile once, at the speed of the memory that it lies in.
/// Exact on every instruction set: sums are modulo 2^32, so the result is right whenever it fits an int32.
#pragma once

#include <quantkit/core/executor.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
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

    /// Bytes of workspace that one part of a product needs: a multiple of 64.
    template <a_source Source>
    std::size_t gemm_part_bytes(const micro_kernel& kernel, gemm_extents extents, const Source& a)
    {
        constexpr std::size_t line = 64;
        const std::size_t bytes =
            chunk_rows(kernel, extents) * packed_row_stride(kernel.format, extents.k) + a.scratch_bytes(extents.k);
        return (bytes + line - 1) / line * line;
    }

    /// Bytes of workspace that gemm() needs, 64-byte aligned.
    template <a_source Source, executor Executor = sequential>
    std::size_t gemm_workspace_bytes(const micro_kernel& kernel, gemm_extents extents, const Source& a,
                                     const Executor& executor = {})
    {
        return gemm_part_bytes(kernel, extents, a) * executor.concurrency();
    }

    /// One call's constants.
    template <a_source Source, class Epilogue>
    class gemm_run
    {
    public:
        gemm_run(const micro_kernel& kernel, gemm_extents extents, const Source& a, const packed_b& b,
                 const Epilogue& epilogue, std::int32_t* row_sums)
            : kernel_(kernel)
            , extents_(extents)
            , a_(a)
            , b_(b)
            , epilogue_(epilogue)
            , row_sums_(row_sums)
            , run_tile_(kernel, extents, epilogue)
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
            if constexpr (is_grouped<Epilogue>)
                return { first_row, rows, strips, take_grouped(first_row, rows, workspace, scratch) };
            std::int32_t* sums = row_sums_ == nullptr ? nullptr : row_sums_ + first_row;
            return { first_row, rows, strips,
                     a_.strip(first_row, rows, extents_.k, b_.format, workspace, sums, scratch) };
        }

        strip_view take_grouped(std::size_t first_row, std::size_t rows, std::byte* workspace,
                                std::byte* scratch) const noexcept
        {
            const strip_view strip = a_.strip(first_row, rows, extents_.k, b_.format, workspace, nullptr, scratch);
            const k_groups& groups = epilogue_.groups;
            if (row_sums_ != nullptr)
                sum_row_groups(strip, rows, extents_.k, groups.size, b_.format, row_sums_ + first_row * groups.count);
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
            tile_operands operands { taken.a.rows + begin * taken.a.stride, taken.a.stride, nullptr, b_.panel_stride(),
                                     b_.groups() };
            for (std::size_t panel = first_panel; panel < last_panel;)
            {
                const std::size_t panels = tile_panels(rows, last_panel - panel);
                operands.b = b_.panels + panel * b_.panel_stride();
                run_tile_(kernel_.tile(rows, panels), operands,
                          { taken.first_row + begin, rows, panel * panel_columns, panels * panel_columns });
                panel += panels;
            }
        }

        const micro_kernel& kernel_;
        gemm_extents extents_;
        const Source& a_;
        const packed_b& b_;
        const Epilogue& epilogue_;
        std::int32_t* row_sums_;
        tile_runner<Epilogue> run_tile_;
        std::size_t chunk_rows_;
        std::size_t block_panels_;
    };

    /// The whole of C.
    ///
    /// b          packed for kernel.format, n and k as in extents
    /// row_sums   [m] receives the sums of the packed codes of each row of A before the epilogue reads them
    /// ([m][groups]
    ///            for a grouped_epilogue); or null
    /// workspace  [gemm_workspace_bytes(kernel, extents, a, executor)], 64-byte aligned
    template <a_source Source, class Epilogue, executor Executor = sequential>
    void gemm(const micro_kernel& kernel, gemm_extents extents, const Source& a, const packed_b& b,
              const Epilogue& epilogue, std::int32_t* row_sums, std::byte* workspace,
              const Executor& executor = {}) noexcept
    {
        QUANTKIT_ASSERT(b.format == kernel.format && b.n == extents.n && b.k == extents.k);
        const gemm_run<Source, Epilogue> run { kernel, extents, a, b, epilogue, row_sums };
        const gemm_partition partition { kernel, extents, executor.concurrency(), row_sums != nullptr };
        const std::size_t bytes = gemm_part_bytes(kernel, extents, a);
        executor.run(partition.parts(), [&](std::size_t part) { run(partition[part], workspace + part * bytes); });
    }
}
