// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/any_observer.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/moving_average.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    // An observer that the library knows nothing of.
    struct batch_counter
    {
        float batches = 0.0f;

        template <tensor_of<float> Tensor>
        void observe(const Tensor&)
        {
            ++batches;
        }
        void reset() { batches = 0.0f; }
        real_range range() const { return { 0.0f, batches }; }
    };
    static_assert(batch_observer<batch_counter>);

    void observe(any_observer& observer, const std::vector<float>& values) { observer.observe(view_of(values)); }
}

TEST_CASE("it sees and says what the observer that it holds would")
{
    any_observer any = moving_average_observer {};
    moving_average_observer plain;
    CHECK(any.range() == plain.range());
    for (std::uint64_t seed = 0; seed < 5; ++seed)
    {
        const std::vector<float> batch = random_floats(100, seed);
        observe(any, batch);
        plain.observe(batch);
        CHECK(any.range() == plain.range());
    }
    any.reset();
    CHECK(any.range() == moving_average_observer {}.range());
}

TEST_CASE("strides of what it observes are kept")
{
    const std::vector<float> values { 1.0f, 50.0f, -2.0f, 70.0f };
    any_observer any = minmax_observer {};
    any.observe(tensor_view<const float>(values.data(), { 2 }, { 2 }));
    CHECK(any.range() == real_range { -2.0f, 1.0f });
}

TEST_CASE("copies are deep, also of what has seen something")
{
    any_observer first = minmax_observer {};
    observe(first, { 1.0f, 2.0f });
    any_observer copy = first;
    observe(copy, { 5.0f });
    CHECK(first.range() == real_range { 1.0f, 2.0f });
    CHECK(copy.range() == real_range { 1.0f, 5.0f });
    first = copy;
    copy.reset();
    CHECK(first.range() == real_range { 1.0f, 5.0f });
    const any_observer moved = std::move(first);
    CHECK(moved.range() == real_range { 1.0f, 5.0f });
}

TEST_CASE("any type of observer, one after the other, the user's own as well")
{
    any_observer any = minmax_observer {};
    any = batch_counter {};
    observe(any, { 1.0f });
    observe(any, { -100.0f });
    CHECK(any.range() == real_range { 0.0f, 2.0f });
    any = any_observer(minmax_observer { { -1.0f, 1.0f } });
    CHECK(any.range() == real_range { -1.0f, 1.0f });
}
