// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An executor whose type is forgotten, for interfaces that cannot be templates.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>

#include <cstddef>

namespace quantkit
{
    /// Refers to an executor, which must outlive it; without one, the calling thread works in order.
    class any_executor
    {
    public:
        any_executor() = default;

        template <executor Executor>
        QUANTKIT_INLINE any_executor(const Executor& executor)
            : executor_(&executor)
            , concurrency_(executor.concurrency())
            , run_([](const void* self, std::size_t count, piece work)
                   { static_cast<const Executor*>(self)->run(count, work); })
        {
        }

        std::size_t concurrency() const { return concurrency_; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            if (run_ == nullptr || count < 2)
                return sequential {}.run(count, work);
            run_(executor_, count,
                 { &work, [](const void* self, std::size_t i) { (*static_cast<const Work*>(self))(i); } });
        }

    private:
        struct piece
        {
            const void* work;
            void (*call)(const void*, std::size_t);

            void operator()(std::size_t i) const { call(work, i); }
        };

        const void* executor_ = nullptr;
        std::size_t concurrency_ = 1;
        void (*run_)(const void*, std::size_t, piece) = nullptr;
    };
    static_assert(executor<any_executor>);
}
