// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include "support/checks.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using qk::test::elements;
    using qk::test::random_matrix;
    using qk::test::require_equal;

    // An executor that the library knows nothing of: one thread, backwards, as if it had many.
    struct backwards
    {
        std::size_t threads;

        std::size_t concurrency() const { return threads; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            REQUIRE(count <= threads);
            for (std::size_t i = count; i-- > 0;)
                work(i);
        }
    };
    static_assert(qk::executor<backwards>);
}

TEST_CASE("every piece runs once, and all have returned afterwards")
{
    Eigen::ThreadPool threads(3);
    const qk::thread_pool pool(threads);
    CHECK(pool.concurrency() == 4);
    for (std::size_t count = 0; count <= 20; ++count)
    {
        std::vector<std::atomic<int>> calls(count);
        pool.run(count, [&](std::size_t i) { ++calls[i]; });
        for (const std::atomic<int>& call : calls)
            REQUIRE(call == 1);
    }
}

TEST_CASE("a layer gives the same bits on any number of threads, by rows and by panels")
{
    Eigen::ThreadPool threads(2);
    const qk::matrix_f w = random_matrix(700, 300, 1);
    for (const Eigen::Index m : { 1, 7, 100 })
    {
        const qk::matrix_f x = random_matrix(m, 300, 2);
        const auto run = [&](const auto& weight, const qk::kernels::micro_kernel& kernel)
        {
            const auto check = [&](const auto& layer)
            {
                const auto y = layer(x);
                require_equal(elements(layer(x, qk::thread_pool(threads))), elements(y));
                for (const std::size_t count : { std::size_t { 2 }, std::size_t { 5 }, std::size_t { 64 } })
                    require_equal(elements(layer(x, backwards { count })), elements(y));
            };
            const qk::qparams frozen { 0.03f, 117 };
            check(qk::int8_linear(weight, qk::static_input { frozen }, qk::epilogue { qk::relu {} }, kernel));
            check(qk::int8_linear(weight, qk::dynamic_per_row {}, qk::epilogue { qk::quantize_to { frozen } }, kernel));
            check(qk::int8_linear(weight, qk::dynamic_per_tensor {}, qk::epilogue {}, kernel));
        };
        qk::test::for_each_micro_kernel(
            [&](const qk::kernels::micro_kernel& kernel)
            {
                run(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 }), kernel);
                run(qk::quantize<qk::uint8_full>(w, qk::per_axis { 0 }), kernel);
            });
    }
}

TEST_CASE("several threads share one pool")
{
    Eigen::ThreadPool threads(2);
    const qk::int8_linear layer(qk::quantize<qk::int8_narrow>(random_matrix(500, 200, 3), qk::per_axis { 0 }),
                                qk::dynamic_per_row {});
    const qk::matrix_f x = random_matrix(60, 200, 4), expected = layer(x);
    std::atomic<int> wrong = 0;
    const auto run = [&]
    {
        for (int i = 0; i < 50; ++i)
            wrong += layer(x, qk::thread_pool(threads)) != expected;
    };
    std::thread first(run), second(run);
    first.join();
    second.join();
    CHECK(wrong == 0);
}
