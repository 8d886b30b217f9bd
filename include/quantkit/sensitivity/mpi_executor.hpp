// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Processes of MPI as an executor. Not part of any umbrella: whoever includes it links MPI. Empty without mpi.h.
///
///     mpirun -n 2 program
#pragma once

#if __has_include(<mpi.h>)

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/measure_sensitivity.hpp>

#include <mpi.h>

#include <cstddef>
#include <limits>
#include <span>
#include <stdexcept>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Piece i is done by rank i modulo the number of ranks. The caller initializes MPI, and every rank measures the
    /// same model on the same samples.
    class mpi_executor
    {
    public:
        /// within  who does a rank's own pieces: the calling thread, or threads
        /// Throws std::runtime_error where MPI fails, here and in share().
        explicit mpi_executor(MPI_Comm communicator = MPI_COMM_WORLD, const any_executor& within = {})
            : communicator_(communicator)
            , within_(within)
            , rank_(asked(MPI_Comm_rank))
            , ranks_(asked(MPI_Comm_size))
        {
        }

        std::size_t concurrency() const { return ranks_ * within_.concurrency(); }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            const std::size_t own = count <= rank_ ? 0 : (count - rank_ - 1) / ranks_ + 1;
            within_.run(own, [&](std::size_t i) { work(rank_ + i * ranks_); });
        }

        void share(std::span<double> rows, std::size_t row_size) const
        {
            require(row_size > 0 && row_size <= static_cast<std::size_t>(std::numeric_limits<int>::max())
                        && rows.size() % row_size == 0,
                    "rows of ", row_size, " numbers do not fill ", rows.size());
            for (std::size_t i = 0; i < rows.size() / row_size; ++i)
                checked(MPI_Bcast(rows.data() + i * row_size, static_cast<int>(row_size), MPI_DOUBLE,
                                  static_cast<int>(i % ranks_), communicator_));
        }

    private:
        static void checked(int result)
        {
            if (result != MPI_SUCCESS)
                throw std::runtime_error(concat("quantkit: MPI failed with ", result));
        }

        std::size_t asked(int (*question)(MPI_Comm, int*)) const
        {
            int answer = 0;
            checked(question(communicator_, &answer));
            return static_cast<std::size_t>(answer);
        }

        MPI_Comm communicator_;
        any_executor within_;
        std::size_t rank_, ranks_;
    };
    static_assert(sharing_executor<mpi_executor>);
}

#endif
