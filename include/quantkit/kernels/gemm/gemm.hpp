// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// C = epilogue(A * B^T) in int8: start reading here.
///
///     for each chunk of rows of A that fits L1, or half of L2   gemm_loops.hpp
///         take it as it is, or pack it (and quantize it)        operand_a.hpp, packing.hpp
///         for each block of panels of B (packed once, long ago) that fits L2
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
#include <quantkit/kernels/gemm/gemm_loops.hpp>
#include <quantkit/kernels/gemm/grouped_epilogue.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/operand_a.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/gemm/partition.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Bytes of workspace that one part of a product needs: a multiple of 64.
    template <a_source Source>
    std::size_t gemm_part_bytes(const micro_kernel& kernel, const gemm_extents& extents, const Source& a)
    {
        constexpr std::size_t line = 64;
        const std::size_t bytes =
            chunk_rows(kernel, extents) * packed_row_stride(kernel.format, extents.k) + a.scratch_bytes(extents.k);
        return (bytes + line - 1) / line * line;
    }

    /// Bytes of workspace that gemm() needs, 64-byte aligned.
    template <a_source Source, executor Executor = sequential>
    std::size_t gemm_workspace_bytes(const micro_kernel& kernel, const gemm_extents& extents, const Source& a,
                                     const Executor& executor = {})
    {
        return gemm_part_bytes(kernel, extents, a) * executor.concurrency();
    }

    /// One call's constants, for parts of C in any order. Points into itself and to what it is made of.
    template <a_source Source, class Epilogue>
    class gemm_run
    {
    public:
        gemm_run(const micro_kernel& kernel, const gemm_extents& extents, const Source& a, const packed_b& b,
                 const Epilogue& epilogue, std::int32_t* row_sums)
            : run_tile_(kernel, extents, epilogue)
            , loops_(kernel, extents, any_rows(a), b, any_tile_runner(run_tile_), groups_of(epilogue), row_sums)
        {
        }

        gemm_run(const gemm_run&) = delete;
        gemm_run& operator=(const gemm_run&) = delete;

        void operator()(gemm_part part, std::byte* workspace) const noexcept { loops_(part, workspace); }

        /// The loops alone, of a type that knows neither the source of A nor the epilogue.
        const gemm_loops& loops() const { return loops_; }

    private:
        static const k_groups* groups_of(const Epilogue& epilogue)
        {
            if constexpr (is_grouped<Epilogue>)
                return &epilogue.groups;
            else
                return nullptr;
        }

        tile_runner<Epilogue> run_tile_;
        gemm_loops loops_;
    };

    /// All parts of C, each with `bytes` of the workspace.
    template <executor Executor>
    void run_parts(const gemm_loops& loops, const gemm_partition& partition, std::byte* workspace, std::size_t bytes,
                   const Executor& executor) noexcept
    {
        executor.run(partition.parts(), [&](std::size_t part) { loops(partition[part], workspace + part * bytes); });
    }

    /// The whole of C.
    ///
    /// b          packed for kernel.format, n and k as in extents
    /// row_sums   [m] receives the sums of the packed codes of each row of A before the epilogue reads them
    ///            ([m][groups] for a grouped_epilogue); or null
    /// workspace  [gemm_workspace_bytes(kernel, extents, a, executor)], 64-byte aligned
    template <a_source Source, class Epilogue, executor Executor = sequential>
    void gemm(const micro_kernel& kernel, const gemm_extents& extents, const Source& a, const packed_b& b,
              const Epilogue& epilogue, std::int32_t* row_sums, std::byte* workspace,
              const Executor& executor = {}) noexcept
    {
        QUANTKIT_ASSERT(b.format == kernel.format && b.n == extents.n && b.k == extents.k);
        const gemm_run<Source, Epilogue> run { kernel, extents, a, b, epilogue, row_sums };
        const gemm_partition partition { kernel, extents, executor.concurrency(), row_sums != nullptr };
        if (partition.parts() == 1)
            return run.loops()(partition[0], workspace);
        run_parts(run.loops(), partition, workspace, gemm_part_bytes(kernel, extents, a), executor);
    }
}
