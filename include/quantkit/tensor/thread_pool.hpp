// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Threads for layers and products, from Eigen's own ThreadPool. Not part of the umbrella: it includes <thread>, and
/// programs that use it link their thread library.
#pragma once

#include <quantkit/core/executor.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <cstddef>

namespace quantkit
{
    /// An executor over a pool that the caller owns: pool.NumThreads() threads and the calling one.
    ///
    /// Several calls may share a pool. Do not call from inside one of the pool's own tasks: it may wait for itself.
    class thread_pool
    {
    public:
        explicit thread_pool(Eigen::ThreadPoolInterface& pool)
            : pool_(&pool)
        {
        }

        std::size_t concurrency() const { return static_cast<std::size_t>(pool_->NumThreads()) + 1; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            if (count == 0)
                return;
            Eigen::Barrier others(static_cast<unsigned>(count - 1));
            for (std::size_t i = 1; i < count; ++i)
                pool_->Schedule(
                    [&work, &others, i]
                    {
                        work(i);
                        others.Notify();
                    });
            work(0);
            others.Wait();
        }

    private:
        Eigen::ThreadPoolInterface* pool_;
    };
    static_assert(executor<thread_pool>);
}
