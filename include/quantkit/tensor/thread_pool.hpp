// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Threads for layers and products, from Eigen's own ThreadPool. Not part of the umbrella: it includes <thread>, and
/// programs that use it link their thread library.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <cstddef>
#include <exception>
#include <mutex>
#include <new>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// What pieces of work threw: the exception of the first piece, whichever came first in time.
    class piece_failures
    {
    public:
        /// Does the piece; keeps what it throws.
        template <class Work>
        void guard(const Work& work, std::size_t piece) noexcept
        {
            try
            {
                work(piece);
            }
            catch (...)
            {
                keep(piece);
            }
        }

        void rethrow() const
        {
            if (failure_)
                std::rethrow_exception(failure_);
        }

    private:
        void keep(std::size_t piece)
        {
            const std::lock_guard lock(mutex_);
            if (failure_ && piece_ < piece)
                return;
            failure_ = std::current_exception();
            piece_ = piece;
        }

        std::mutex mutex_;
        std::exception_ptr failure_;
        std::size_t piece_ = 0;
    };
}

namespace quantkit
{
    /// An executor over a pool that the caller owns: pool.NumThreads() threads and the calling one.
    ///
    /// Several calls may share a pool. Do not call from inside one of the pool's own tasks: it may wait for itself.
    /// Pieces that the pool has no memory for are done by the calling thread. Where work throws after all, the other
    /// pieces are done, then what the first piece threw is thrown here.
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
            detail::piece_failures failures;
            const auto piece = [&](std::size_t i) noexcept
            {
                failures.guard(work, i);
                others.Notify();
            };
            for (std::size_t i = schedule(count, piece); i < count; ++i)
                piece(i);
            failures.guard(work, 0);
            others.Wait();
            failures.rethrow();
        }

    private:
        /// Pieces from 1 on to the pool; the first that it could not take.
        template <class Piece>
        std::size_t schedule(std::size_t count, const Piece& piece) const
        {
            std::size_t i = 1;
            try
            {
                for (; i < count; ++i)
                    pool_->Schedule([&piece, i] { piece(i); });
            }
            catch (const std::bad_alloc&)
            {
            }
            return i;
        }

        Eigen::ThreadPoolInterface* pool_;
    };
    static_assert(executor<thread_pool>);
}
