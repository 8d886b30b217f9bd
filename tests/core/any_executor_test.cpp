// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/any_executor.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

namespace
{
    using namespace quantkit;
    using numbers = std::vector<std::size_t>;

    // An executor that the library knows nothing of: backwards, counting its calls.
    struct backwards
    {
        std::size_t* calls;

        std::size_t concurrency() const { return 3; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            ++*calls;
            for (std::size_t i = count; i-- > 0;)
                work(i);
        }
    };

    numbers order_of(const any_executor& executor, std::size_t count)
    {
        numbers order;
        executor.run(count, [&](std::size_t i) { order.push_back(i); });
        return order;
    }
}

TEST_CASE("without an executor the calling thread works in order")
{
    CHECK(any_executor {}.concurrency() == 1);
    CHECK(order_of({}, 4) == numbers { 0, 1, 2, 3 });
    CHECK(order_of({}, 0).empty());
    CHECK(order_of(sequential {}, 3) == numbers { 0, 1, 2 });
}

TEST_CASE("an executor of the user's runs all pieces, and is asked only where there are several")
{
    std::size_t calls = 0;
    const backwards own { &calls };
    const any_executor executor(own);
    CHECK(executor.concurrency() == 3);
    CHECK(order_of(executor, 4) == numbers { 3, 2, 1, 0 });
    CHECK(calls == 1);
    CHECK(order_of(executor, 1) == numbers { 0 });
    CHECK(order_of(executor, 0).empty());
    CHECK(calls == 1);
}

TEST_CASE("copies refer to the same executor, also through one another")
{
    std::size_t calls = 0;
    const backwards own { &calls };
    any_executor first(own);
    const any_executor copy(first);
    any_executor assigned;
    assigned = copy;
    first = {};
    CHECK(first.concurrency() == 1);
    CHECK(order_of(assigned, 3) == numbers { 2, 1, 0 });
    CHECK(calls == 1);
}
