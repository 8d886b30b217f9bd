// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The promise of observers that can be merged: what they have seen counts, not in which order, batches or threads.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/granular_observer.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace quantkit::test
{
    template <class Value>
    void shuffle(std::vector<Value>& values, random_bits& random)
    {
        for (std::size_t i = values.size(); i > 1; --i)
            std::swap(values[i - 1],
                      values[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i) - 1))]);
    }

    namespace detail
    {
        /// Batches of random sizes, each given to one of four observers, which are merged in a random order.
        template <class Observer>
        Observer observed_in_parts(const Observer& prototype, std::vector<float> values, random_bits& random)
        {
            shuffle(values, random);
            std::vector<Observer> parts(4, prototype);
            for (std::span<const float> rest(values); !rest.empty();)
            {
                const auto longest = static_cast<std::int64_t>(rest.size());
                const auto batch = static_cast<std::size_t>(random.integer(0, random.integer(1, longest)));
                parts[static_cast<std::size_t>(random.integer(0, 3))].observe(rest.first(batch));
                rest = rest.subspan(batch);
            }
            while (parts.size() > 1)
            {
                shuffle(parts, random);
                const Observer last = parts.back();
                parts.pop_back();
                parts.back().merge(last);
            }
            return parts.front();
        }

        template <class Observer>
        Observer observed_by_threads(const Observer& prototype, const std::vector<float>& values)
        {
            std::vector<Observer> parts(3, prototype);
            std::vector<std::thread> threads;
            const std::size_t share = values.size() / parts.size();
            for (std::size_t i = 0; i < parts.size(); ++i)
                threads.emplace_back(
                    [&, i]
                    {
                        const std::size_t count = i + 1 == parts.size() ? std::dynamic_extent : share;
                        parts[i].observe(std::span(values).subspan(i * share, count));
                    });
            for (std::thread& thread : threads)
                thread.join();
            parts[0].merge(parts[2]);
            parts[0].merge(parts[1]);
            return parts[0];
        }
    }

    /// The range of one batch is that of every other division.
    template <class Observer>
    void check_any_division(const Observer& prototype, const std::vector<float>& values, int trials = 3)
    {
        Observer whole = prototype;
        whole.observe(values);
        const real_range expected = whole.range();
        random_bits random(values.size());
        for (int trial = 0; trial < trials; ++trial)
            REQUIRE(detail::observed_in_parts(prototype, values, random).range() == expected);
        REQUIRE(detail::observed_by_threads(prototype, values).range() == expected);
        whole.reset();
        whole.observe(values);
        REQUIRE(whole.range() == expected);
    }

    /// Each column and each group has the range that an observer of it alone has.
    template <class Observer>
    void check_granular(const Observer& prototype, const std::vector<float>& values)
    {
        const auto count = static_cast<std::ptrdiff_t>(values.size()) / 4 * 4;
        const tensor_view<const float> x(values.data(), { count / 4, 4 });
        granular_observer<Observer, per_axis> columns { per_axis { 1 }, prototype };
        granular_observer<Observer, per_group> halves { per_group { 1, 2 }, prototype };
        columns.observe(x.narrowed(0, 0, count / 8));
        columns.observe(x.narrowed(0, count / 8, count / 4 - count / 8));
        halves.observe(x.narrowed(0, 0, 2));
        for (std::ptrdiff_t column = 0; column < 4; ++column)
        {
            Observer alone = prototype;
            alone.observe(x.narrowed(1, column, 1));
            REQUIRE(columns.ranges()[static_cast<std::size_t>(column)] == alone.range());
        }
        for (std::ptrdiff_t half = 0; half < 4; ++half)
        {
            Observer alone = prototype;
            alone.observe(x.narrowed(0, half / 2, 1).narrowed(1, half % 2 * 2, 2));
            REQUIRE(halves.ranges()[static_cast<std::size_t>(half)] == alone.range());
        }
    }
}
