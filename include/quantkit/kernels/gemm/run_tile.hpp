// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One tile of a product, from panels to C: which of its values the micro-kernel writes itself, and what finishes the
/// others.
#pragma once

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
#include <quantkit/kernels/gemm/grouped_epilogue.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/rescale_avx2.hpp>
#include <quantkit/kernels/gemm/rescale_avx512.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The epilogue compiled for an instruction set.
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

    /// Where a tile lies in C.
    struct tile_place
    {
        std::size_t row, rows, column, width;
    };

    /// Whether tiles can write to C: they know adjacent columns and an unsigned distance from row to row.
    template <class T>
    bool tiles_can_write(const matrix_view<T>& c)
    {
        return c.column_stride == 1 && c.row_stride >= 0;
    }

    template <class Epilogue>
    class tile_runner;

    /// Any tile_runner, for code that is compiled once for all. Points to it.
    ///
    /// Operands, which runners may change, and places come by reference: a copy would read 16 bytes that were just
    /// written as 2 x 8, which waits until every store before them is in the cache, the whole last tile among them.
    class any_tile_runner
    {
    public:
        template <class Epilogue>
        explicit any_tile_runner(const tile_runner<Epilogue>& runner)
            : runner_(&runner)
            , run_([](const void* any, tile_function tile, tile_operands& operands, const tile_place& at) noexcept
                   { (*static_cast<const tile_runner<Epilogue>*>(any))(tile, operands, at); })
        {
            if constexpr (requires { runner.runs_many(); })
                runs_many_ = runner.runs_many();
        }

        /// Whether operands.tiles may be more than 1; the place is that of the first.
        bool runs_many() const noexcept { return runs_many_; }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            run_(runner_, tile, operands, at);
        }

    private:
        const void* runner_;
        bool runs_many_ = false;
        void (*run_)(const void*, tile_function, tile_operands&, const tile_place&) noexcept;
    };

    /// Sums of all of k, finished by the epilogue.
    template <class Epilogue>
    class tile_runner
    {
    public:
        tile_runner(const micro_kernel& kernel, gemm_extents extents, const Epilogue& epilogue)
            : n_(extents.n)
            , epilogue_(epilogue)
            , direct_(kernel.direct_output && can_be_direct(epilogue))
            , finish_(finish_function_of<std::int32_t, Epilogue>(kernel.lanes))
        {
        }

        /// Whether tiles write C themselves, as many as there are side by side.
        bool runs_many() const noexcept { return direct_; }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            if (direct_)
                return run_direct(tile, operands, at);
            alignas(64) std::int32_t sums[max_tile_rows * max_tile_panels * panel_columns];
            tile(operands, sums, at.width);
            finish_({ sums, at.width, at.rows, std::min(at.width, n_ - at.column), at.row, at.column }, epilogue_);
        }

    private:
        static bool can_be_direct(const Epilogue& epilogue) noexcept
        {
            if constexpr (stores_sums<Epilogue> || is_scaled_output<Epilogue>)
                return tiles_can_write(epilogue.store.c) && !needs_lanes(epilogue);
            else
                return false;
        }

        void run_direct(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            operands.columns = n_ - at.column;
            if (const std::int32_t* offsets = offsets_of(epilogue_))
                operands.offsets = offsets + at.column;
            if constexpr (stores_sums<Epilogue>)
                tile(operands, epilogue_.store.c.at(at.row, at.column),
                     static_cast<std::size_t>(epilogue_.store.c.row_stride));
            else if constexpr (is_scaled_output<Epilogue>)
            {
                scaled_output out = scaled_output_of(epilogue_);
                out.scales += at.column;
                out.bias = out.bias == nullptr ? nullptr : out.bias + at.column;
                out.c = epilogue_.store.c.at(at.row, at.column);
                out.ldc = static_cast<std::size_t>(epilogue_.store.c.row_stride);
                operands.scaled = &out;
                tile(operands, nullptr, 0);
            }
        }

        std::size_t n_;
        const Epilogue& epilogue_;
        bool direct_;
        finish_function<std::int32_t, Epilogue> finish_;
    };

    /// Sums of one group of k after the other, added as floats in L1 and finished by the rest of the epilogue.
    template <class Rest>
    class tile_runner<grouped_epilogue<Rest>>
    {
    public:
        tile_runner(const micro_kernel& kernel, gemm_extents extents, const grouped_epilogue<Rest>& epilogue)
            : format_(kernel.format)
            , n_(extents.n)
            , epilogue_(epilogue)
            , add_group_(finish_function_of<std::int32_t, group_epilogue>(kernel.lanes))
            , add_zero_point_group_(finish_function_of<std::int32_t, zero_point_group_epilogue>(kernel.lanes))
            , finish_(finish_function_of<float, Rest>(kernel.lanes))
        {
        }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            constexpr std::size_t largest = max_tile_rows * max_tile_panels * panel_columns;
            alignas(64) float total[largest];
            alignas(64) std::int32_t sums[largest];
            std::fill_n(total, at.rows * at.width, 0.0f);
            const matrix_view<float> total_view { total, static_cast<std::ptrdiff_t>(at.width), 1 };
            const finished_tile<std::int32_t> group_tile { sums, at.width, at.rows, at.width, 0, 0 };
            const k_groups& groups = epilogue_.groups;
            const std::size_t all_steps = operands.groups, steps = groups.size / group_values(format_);
            for (std::size_t group = 0; group < groups.count; ++group)
            {
                operands.groups = std::min(steps, all_steps - group * steps);
                tile(operands, sums, at.width);
                operands.a += steps * group_bytes;
                operands.b += steps * panel_columns * group_bytes_of_b(format_);
                const group_epilogue add = epilogue_of_group(groups, group, at.row, at.column, total_view);
                if (groups.zero_points == nullptr)
                    add_group_(group_tile, add);
                else
                    add_zero_point_group_(group_tile, with_zero_points(add, groups, group, at.row, at.column));
            }
            finish_({ total, at.width, at.rows, std::min(at.width, n_ - at.column), at.row, at.column },
                    epilogue_.rest);
        }

    private:
        operand_format format_;
        std::size_t n_;
        const grouped_epilogue<Rest>& epilogue_;
        finish_function<std::int32_t, group_epilogue> add_group_;
        finish_function<std::int32_t, zero_point_group_epilogue> add_zero_point_group_;
        finish_function<float, Rest> finish_;
    };
}
