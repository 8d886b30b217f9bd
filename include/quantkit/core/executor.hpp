// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Who runs independent pieces of work: the calling thread, or several.
#pragma once

#include <concepts>
#include <cstddef>

namespace quantkit
{
    /// concurrency()     pieces that can run at the same time, at least 1
    /// run(count, work)  calls work(i) once for every i in [0, count), in any order, on any thread; returns when all
    ///                   have returned. work does not throw.
    ///
    /// Results never depend on the executor: pieces write to different places.
    template <class Executor>
    concept executor = requires(const Executor& executor, std::size_t count, void (*work)(std::size_t))
    {
        {
            executor.concurrency()
            } -> std::same_as<std::size_t>;
        executor.run(count, work);
    };

    /// The calling thread, in order.
    struct sequential
    {
        std::size_t concurrency() const { return 1; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            for (std::size_t i = 0; i < count; ++i)
                work(i);
        }
    };
    static_assert(executor<sequential>);
}
