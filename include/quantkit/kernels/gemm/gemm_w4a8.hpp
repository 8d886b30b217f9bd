// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// C = epilogue(A * B^T) with 4-bit weights and floats that are quantized to 8 bits on their way:
///
///     for each chunk of rows of A that fits half of L2
///         quantize it to s8, and sum up its groups              operand_a.hpp
///         for each panel of B, for each strip of rows
///             tile = strip * panel, group after group           micro_kernel_w4a8_<isa>.hpp
///             C = epilogue(tile)                                epilogue_<isa>.hpp
///
/// A panel stays in L1 or L2 while all strips of a chunk pass over it. At m = 1 each byte of B is read once.
#pragma once

#include <quantkit/core/executor.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/int4_panels.hpp>
#include <quantkit/kernels/gemm/micro_kernel_w4a8.hpp>
#include <quantkit/kernels/gemm/operand_a.hpp>
#include <quantkit/kernels/gemm/partition.hpp>
#include <quantkit/kernels/gemm/row_strips.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels
{
    /// How floats become the s8 codes of a w4a8 product: as uint8 codes whose zero point, 128, packing takes off.
    /// Symmetric: the codes are -127..127.
    inline constexpr quant_bounds w4a8_activation_bounds { 1, 255 };
    inline constexpr std::int32_t w4a8_activation_zero_point = 128;
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One call's constants.
    template <class Epilogue>
    class gemm_w4a8_run
    {
    public:
        gemm_w4a8_run(const w4a8_micro_kernel& kernel, gemm_extents extents, const float_rows& a, const int4_panels& b,
                      const Epilogue& epilogue)
            : kernel_(kernel)
            , extents_(extents)
            , a_(a)
            , b_(b)
            , epilogue_(epilogue)
            , finish_(finish_function_of<float, Epilogue>(kernel.lanes))
        {
        }

        /// Bytes of workspace of one part: a multiple of 64.
        std::size_t part_bytes() const noexcept
        {
            return rounded(chunk_rows() * row_stride()) + rounded(chunk_rows() * b_.groups() * sizeof(std::int32_t))
                   + rounded(chunk_rows() * sizeof(float)) + rounded(a_.scratch_bytes(extents_.k));
        }

        void operator()(gemm_part part, std::byte* workspace) const noexcept
        {
            for (std::size_t row = part.first_row; row < part.last_row; row += chunk_rows())
            {
                const chunk taken = take_chunk(row, std::min(chunk_rows(), part.last_row - row), workspace);
                const row_strips strips { 0, taken.rows, kernel_.max_rows };
                for (std::size_t panel = part.first_panel; panel < part.last_panel; ++panel)
                    for (std::size_t strip = 0; strip < strips.count(); ++strip)
                        run_tile(taken, strips.begin(strip), strips.begin(strip + 1), panel);
            }
        }

    private:
        static constexpr operand_format a_format = operand_format::s8_s8;

        struct chunk
        {
            std::size_t first_row, rows;
            const std::byte* a;
            const std::int32_t* row_offsets; ///< [rows][groups]
            const float* row_scales;         ///< [rows]
        };

        static constexpr std::size_t rounded(std::size_t bytes)
        {
            constexpr std::size_t line = 64;
            return (bytes + line - 1) / line * line;
        }

        std::size_t row_stride() const noexcept { return packed_row_stride(a_format, extents_.k); }

        /// Rows of A that are taken at a time: whole strips of about 256 KiB.
        std::size_t chunk_rows() const noexcept
        {
            constexpr std::size_t budget = std::size_t { 256 } * 1024;
            const std::size_t strips = std::max<std::size_t>(budget / row_stride() / kernel_.max_rows, 1);
            return std::min(strips * kernel_.max_rows, extents_.m);
        }

        chunk take_chunk(std::size_t first_row, std::size_t rows, std::byte* workspace) const noexcept
        {
            auto* row_offsets = reinterpret_cast<std::int32_t*>(workspace + rounded(chunk_rows() * row_stride()));
            auto* row_scales = reinterpret_cast<float*>(reinterpret_cast<std::byte*>(row_offsets)
                                                        + rounded(chunk_rows() * b_.groups() * sizeof(std::int32_t)));
            std::byte* scratch = reinterpret_cast<std::byte*>(row_scales) + rounded(chunk_rows() * sizeof(float));
            a_.strip(first_row, rows, extents_.k, a_format, workspace, nullptr, scratch);
            for (std::size_t row = 0; row < rows; ++row)
            {
                std::byte* values = workspace + row * row_stride();
                const std::size_t packed = group_count(a_format, extents_.k) * group_bytes;
                std::memset(values + packed, 0, b_.steps() * int4_step_values - packed);
                sum_groups(values, row_offsets + row * b_.groups());
                row_scales[row] = a_.params[(first_row + row) * a_.params_step].scale;
            }
            return { first_row, rows, workspace, row_offsets, row_scales };
        }

        void sum_groups(const std::byte* values, std::int32_t* offsets) const noexcept
        {
            const std::int32_t factor = row_offset_factor(b_.zero_points);
            for (std::size_t first = 0; first < extents_.k; first += b_.group_size)
                *offsets++ = kernel_.sum(values + first, std::min(b_.group_size, extents_.k - first)) * factor;
        }

        void run_tile(const chunk& taken, std::size_t first_row, std::size_t last_row, std::size_t panel) const noexcept
        {
            const std::size_t entry = panel * b_.group_entries(), rows = last_row - first_row;
            const w4a8_operands operands { taken.a + first_row * row_stride(),
                                           row_stride(),
                                           taken.row_scales + first_row,
                                           taken.row_offsets + first_row * b_.groups(),
                                           b_.codes + panel * b_.steps() * int4_step_bytes,
                                           b_.scales + entry,
                                           b_.zero_points == nullptr ? nullptr : b_.zero_points + entry,
                                           b_.steps(),
                                           b_.group_size / int4_step_values,
                                           b_.groups() };
            alignas(64) float sums[max_w4a8_rows * panel_columns];
            kernel_.tiles[rows](operands, sums);
            const std::size_t column = panel * panel_columns;
            finish_({ sums, panel_columns, rows, std::min(panel_columns, extents_.n - column),
                      taken.first_row + first_row, column },
                    epilogue_);
        }

        const w4a8_micro_kernel& kernel_;
        gemm_extents extents_;
        const float_rows& a_;
        const int4_panels& b_;
        const Epilogue& epilogue_;
        finish_function<float, Epilogue> finish_;
    };

    /// Bytes of workspace that gemm_w4a8() needs, 64-byte aligned.
    template <class Epilogue, executor Executor = sequential>
    std::size_t gemm_w4a8_workspace_bytes(const w4a8_micro_kernel& kernel, gemm_extents extents, const float_rows& a,
                                          const int4_panels& b, const Epilogue& epilogue, const Executor& executor = {})
    {
        return gemm_w4a8_run<Epilogue> { kernel, extents, a, b, epilogue }.part_bytes() * executor.concurrency();
    }

    /// The whole of C.
    ///
    /// a          bounds w4a8_activation_bounds, every zero point w4a8_activation_zero_point
    /// b          n and k as in extents
    /// epilogue   an epilogue_of whose stages take floats
    /// workspace  [gemm_w4a8_workspace_bytes()], 64-byte aligned
    template <class Epilogue, executor Executor = sequential>
    void gemm_w4a8(const w4a8_micro_kernel& kernel, gemm_extents extents, const float_rows& a, const int4_panels& b,
                   const Epilogue& epilogue, std::byte* workspace, const Executor& executor = {}) noexcept
    {
        QUANTKIT_ASSERT(b.n == extents.n && b.k == extents.k && b.group_size % int4_step_values == 0);
        const gemm_w4a8_run<Epilogue> run { kernel, extents, a, b, epilogue };
        const gemm_partition partition { kernel.max_rows, extents, executor.concurrency(), false };
        executor.run(partition.parts(),
                     [&](std::size_t part) { run(partition[part], workspace + part * run.part_bytes()); });
    }
}
