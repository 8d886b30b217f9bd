// SPDX-License-Identifier: BSD-3-Clause
// What users' functions throw while several threads work: all threads come to their end, and one exception arrives.
#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include "support/toy_evaluated_model.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using quantkit::test::toy_evaluated_model;

namespace
{
    // A pool that cannot take more than a few pieces, as if memory were gone.
    class exhausted_pool : public Eigen::ThreadPoolInterface
    {
    public:
        explicit exhausted_pool(std::size_t pieces)
            : left_(pieces)
        {
        }

        void Schedule(std::function<void()> piece) override
        {
            if (left_ == 0)
                throw std::bad_alloc();
            --left_;
            threads_.Schedule(std::move(piece));
        }
        int NumThreads() const override { return threads_.NumThreads(); }
        int CurrentThreadId() const override { return threads_.CurrentThreadId(); }

    private:
        std::size_t left_;
        Eigen::ThreadPool threads_ { 2 };
    };
}

TEST_CASE("thread_pool: every piece is done, and the exception of the first one that threw arrives")
{
    Eigen::ThreadPool threads(3);
    const thread_pool pool(threads);
    for (int repetition = 0; repetition < 200; ++repetition)
    {
        std::vector<std::atomic<int>> calls(12);
        const auto work = [&](std::size_t i)
        {
            ++calls[i];
            if (i % 5 == 3)
                throw std::runtime_error(std::to_string(i));
        };
        REQUIRE_THROWS_WITH_AS(pool.run(calls.size(), work), "3", std::runtime_error);
        for (const std::atomic<int>& each : calls)
            REQUIRE(each == 1);
    }
    std::atomic<int> calls = 0;
    pool.run(7, [&](std::size_t) { ++calls; });
    CHECK(calls == 7);
}

TEST_CASE("thread_pool: the caller does what the pool cannot take")
{
    for (std::size_t pieces = 0; pieces < 6; ++pieces)
    {
        exhausted_pool threads(pieces);
        std::vector<std::atomic<int>> calls(5);
        thread_pool(threads).run(calls.size(), [&](std::size_t i) { ++calls[i]; });
        for (const std::atomic<int>& each : calls)
            REQUIRE(each == 1);
    }
}

TEST_CASE("measure_sensitivity: what progress throws comes out on any number of threads")
{
    Eigen::ThreadPool threads(3);
    toy_evaluated_model subject;
    subject.sample_count = 200;
    measurement_options options;
    options.block = 4;
    std::size_t calls = 0;
    options.progress = [&](std::size_t finished, std::size_t) -> bool
    {
        ++calls; // one thread at a time
        if (finished == 5)
            throw std::domain_error("a progress bar that broke");
        return true;
    };
    const auto measure = [&](const auto& executor)
    { measure_sensitivity(subject, one_at_a_time {}, output_mse {}, executor, options); };
    CHECK_THROWS_WITH_AS(measure(sequential {}), "a progress bar that broke", std::domain_error);
    CHECK(calls == 5);
    CHECK_THROWS_WITH_AS(measure(thread_pool(threads)), "a progress bar that broke", std::domain_error);

    options.progress = [](std::size_t finished, std::size_t) { return finished < 3; };
    CHECK_THROWS_AS(measure(thread_pool(threads)), measurement_cancelled);
    options.progress = {};
    CHECK(measure_sensitivity(subject, one_at_a_time {}, output_mse {}, thread_pool(threads), options)
          == measure_sensitivity(subject, one_at_a_time {}, output_mse {}, sequential {}, options));
}
