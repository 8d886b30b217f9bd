// SPDX-License-Identifier: BSD-3-Clause
// Every rank compares the table that all ranks measured together with one that it measures alone; fails by its exit
// code, so that mpirun fails.
#include <quantkit/sensitivity/mpi_executor.hpp>

#include "support/toy_evaluated_model.hpp"

#include <cstdio>
#include <cstdlib>

using namespace quantkit;

namespace
{
    /// MPI for the time of a scope.
    struct mpi_scope
    {
        mpi_scope() { MPI_Init(nullptr, nullptr); }
        ~mpi_scope() { MPI_Finalize(); }
    };

    bool same_tables(const mpi_executor& processes, std::size_t block)
    {
        const test::toy_evaluated_model alone, together;
        measurement_options options;
        options.block = block;
        const auto want = measure_sensitivity(alone, one_at_a_time {}, output_mse {}, sequential {}, options);
        const auto table = measure_sensitivity(together, one_at_a_time {}, output_mse {}, processes, options);
        const bool divided = processes.concurrency() == 1 || *together.runs < *alone.runs;
        return table == want && (divided || want.block_samples().size() == 1);
    }

    /// One rank stops: all of them find out, and none waits for ever.
    bool all_cancelled(const mpi_executor& processes, int rank)
    {
        measurement_options options;
        options.block = 2;
        options.progress = [rank](std::size_t, std::size_t) { return rank != 0; };
        try
        {
            measure_sensitivity(test::toy_evaluated_model {}, one_at_a_time {}, output_mse {}, processes, options);
        }
        catch (const measurement_cancelled&)
        {
            return true;
        }
        return false;
    }
}

int main()
{
    const mpi_scope mpi;
    const mpi_executor processes;
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    const bool passed = same_tables(processes, 1) && same_tables(processes, 2) && same_tables(processes, 30)
                        && all_cancelled(processes, rank);
    std::printf("rank %d %s\n", rank, passed ? "passed" : "FAILED");
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
