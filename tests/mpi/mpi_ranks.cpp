// SPDX-License-Identifier: BSD-3-Clause
// Every rank compares what all ranks measured together with what it measures alone; fails by its exit code, so that
// mpirun fails.
#include <quantkit/sensitivity/evaluation_result.hpp>
#include <quantkit/sensitivity/mpi_executor.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include "support/sample_models.hpp"
#include "support/toy_evaluated_model.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace quantkit;

namespace
{
    /// MPI for the time of a scope.
    struct mpi_scope
    {
        mpi_scope() { MPI_Init(nullptr, nullptr); }
        ~mpi_scope() { MPI_Finalize(); }
    };

    bool same_tables(const mpi_executor& processes, std::size_t block, std::size_t round = 0)
    {
        const test::toy_evaluated_model alone, together;
        measurement_options options;
        options.block = block, options.round = round;
        const auto want = measure_sensitivity(alone, one_at_a_time {}, output_mse {}, sequential {}, options);
        const auto table = measure_sensitivity(together, one_at_a_time {}, output_mse {}, processes, options);
        const bool divided = processes.concurrency() == 1 || *together.runs < *alone.runs;
        return table == want && (divided || want.block_samples().size() == 1);
    }

    struct evaluation
    {
        choices plan;
        std::uint64_t digest;

        friend bool operator==(const evaluation&, const evaluation&) = default;
    };

    template <executor Executor>
    evaluation evaluated(const simulated_model& subject, const evaluation_options& options, const Executor& executor)
    {
        const auto found = sensitivity_evaluator { options }.with_executor(executor)(subject);
        const std::size_t int8 = index_of(subject.candidates(), "INT8 static");
        return { found.verified.plan, digest_of(result_of("encoder", found, int8, options)).value() };
    }

    /// From a model to a verified plan: one thread, two threads, all ranks, all ranks with two threads each.
    bool same_evaluations(const mpi_executor& processes, std::size_t round)
    {
        const model network = test::sample_encoder();
        const simulated_model subject(network, test::random_input(network, 16, 3), test::random_input(network, 60));
        evaluation_options options;
        options.measuring.block = 2, options.measuring.round = round, options.measuring.stopping.relative = 0.4;
        Eigen::ThreadPool pool(2);
        const thread_pool threads(pool);
        const evaluation want = evaluated(subject, options, sequential {});
        return !want.plan.empty() && evaluated(subject, options, threads) == want
               && evaluated(subject, options, processes) == want
               && evaluated(subject, options, mpi_executor(MPI_COMM_WORLD, threads)) == want;
    }

    /// Ranks measure other times, but all of them plan by those of the first.
    bool same_times(const mpi_executor& processes)
    {
        const model network = test::sample_encoder();
        const simulated_model subject(network, test::random_input(network, 16, 3), test::random_input(network, 20));
        evaluation_options options;
        options.timing.emplace();
        options.timing->turns = 3;
        options.objective = plan_objective::microseconds;
        options.budgets.error = 1e9;
        const auto found = sensitivity_evaluator { options }.with_executor(processes)(subject);
        const std::vector<double> own { found.solution.total.microseconds };
        std::vector<double> first = own;
        processes.share(first, 1);
        return found.solution.found() && own == first && own[0] > 0.0;
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
                        && same_tables(processes, 1, 9) && same_evaluations(processes, 0)
                        && same_evaluations(processes, 8) && same_times(processes) && all_cancelled(processes, rank);
    std::printf("rank %d %s\n", rank, passed ? "passed" : "FAILED");
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
