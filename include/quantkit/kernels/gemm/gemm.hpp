// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// C = epilogue(A * B^T) in int8: start reading here.
///
///     for each chunk of rows of A that fits half of L2
///         take it as it is, or pack it (and quantize it)        operand_a.hpp, packing.hpp
///         for each block of panels of B (packed once, long ago) that fits the other half
///             for each strip of rows, for each group of panels
///                 tile = strip * panels                         micro_kernel_<isa>.hpp
///                 C = epilogue(tile)                            epilogue_<isa>.hpp
///
/// k is never split: a tile holds complete sums, so the epilogue runs while it is in L1. At m <= 4 the one strip stays
/// in registers' reach and B streams through the widest tile once, at the speed of the memory that it lies in.
/// Exact on every instruction set: sums are modulo 2^32, so the result is right whenever it fits an int32.
#pragma once

#include <quantkit/core/executor.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/activations_avx2.hpp>
#include <quantkit/kernels/gemm/activations_avx512.hpp>
#include <quantkit/kernels/gemm/activations_scalar.hpp>
#include <quantkit/kernels/gemm/add_matrix_avx2.hpp>
#include <quantkit/kernels/gemm/add_matrix_avx512.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/epilogue_avx2.hpp>
#include <quantkit/kernels/gemm/epilogue_avx512.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/operand_a.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/gemm/partition.hpp>
#include <quantkit/kernels/gemm/rescale_avx2.hpp>
#include <quantkit/kernels/gemm/rescale_avx512.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <class Sum, class Epilogue>
    finish_function<Sum, Epilogue> finish_function_of(lane_family lanes)
    {
#if defined(QUANTKIT_X86)
        if (lanes == lane_family::avx512)
            return &avx512_lanes::finish<Sum, Epilogue>;
        if (lanes == lane_family::avx2)
            return &avx2_lanes::finish<Sum, Epilogue>;
#endif
        static_cast<void>(lanes);
        return &scalar_lanes::finish<Sum, Epilogue>;
    }

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
            , finish_(finish_function_of<std::int32_t, Epilogue>(kernel.lanes))
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
            std::int32_t* sums = row_sums_ == nullptr ? nullptr : row_sums_ + first_row;
            return { first_row, rows, strips,
                     a_.strip(first_row, rows, extents_.k, b_.format, workspace, sums, scratch) };
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
                run_tile(operands, taken.first_row + begin, rows, panel, panels);
                panel += panels;
            }
        }

        void run_tile(const tile_operands& operands, std::size_t row, std::size_t rows, std::size_t panel,
                      std::size_t panels) const noexcept
        {
            const tile_function tile = kernel_.tile(rows, panels);
            const std::size_t column = panel * panel_columns, width = panels * panel_columns;
            if constexpr (stores_raw_sums<Epilogue>)
                if (tile_writes_c() && column + width <= extents_.n)
                    return tile(operands, epilogue_.store.c.at(row, column),
                                static_cast<std::size_t>(epilogue_.store.c.row_stride));
            if constexpr (is_scaled_output<Epilogue>)
                if (kernel_.scales_output && tile_writes_c())
                    return run_scaled_tile(tile, operands, row, column);
            alignas(64) std::int32_t sums[max_tile_rows * max_tile_panels * panel_columns];
            tile(operands, sums, width);
            finish_({ sums, width, rows, std::min(width, extents_.n - column), row, column }, epilogue_);
        }

        /// Tiles know C as adjacent columns and an unsigned distance from row to row.
        bool tile_writes_c() const noexcept
        {
            return epilogue_.store.c.column_stride == 1 && epilogue_.store.c.row_stride >= 0;
        }

        void run_scaled_tile(tile_function tile, tile_operands operands, std::size_t row,
                             std::size_t column) const noexcept
        {
            scaled_output out = scaled_output_of(epilogue_);
            out.offsets += column;
            out.scales += column;
            out.bias = out.bias == nullptr ? nullptr : out.bias + column;
            out.c = epilogue_.store.c.at(row, column);
            out.ldc = static_cast<std::size_t>(epilogue_.store.c.row_stride);
            out.columns = extents_.n - column;
            operands.scaled = &out;
            tile(operands, nullptr, 0);
        }

        const micro_kernel& kernel_;
        gemm_extents extents_;
        const Source& a_;
        const packed_b& b_;
        const Epilogue& epilogue_;
        std::int32_t* row_sums_;
        finish_function<std::int32_t, Epilogue> finish_;
        std::size_t chunk_rows_;
        std::size_t block_panels_;
    };

    /// The whole of C.
    ///
    /// b          packed for kernel.format, n and k as in extents
    /// row_sums   [m] receives the sums of the packed codes of each row of A before the epilogue reads them; or null
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
