// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Comparisons of arrays that stop the test at the first difference and name its place and both values.
///
/// Each is shown failing in checks_test.cpp. Arguments are anything a std::span can be made of.
#pragma once

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>

namespace quantkit::test
{
    namespace detail
    {
        /// Value and, for floats, bits: two that print alike may differ.
        template <class T>
        std::string described(T value)
        {
            std::ostringstream text;
            if constexpr (std::same_as<T, float>)
            {
                text.precision(std::numeric_limits<float>::max_digits10);
                text << value << " (0x" << std::hex << std::bit_cast<std::uint32_t>(value) << ")";
            }
            else if constexpr (std::integral<T>)
                text << +value;
            else
            {
                text.precision(std::numeric_limits<double>::max_digits10);
                text << value;
            }
            return text.str();
        }

        template <class T>
        bool same_bits(T a, T b)
        {
            if constexpr (std::same_as<T, float>)
                return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
            else if constexpr (std::same_as<T, double>)
                return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
            else
                return a == b;
        }

        /// "[i] of n: a, expected b", or of sizes that differ, or empty when nothing differs.
        template <class A, class B, class Same>
        std::string first_difference(std::span<const A> actual, std::span<const B> expected, Same same)
        {
            if (actual.size() != expected.size())
                return std::to_string(actual.size()) + " values, expected " + std::to_string(expected.size());
            for (std::size_t i = 0; i < actual.size(); ++i)
                if (!same(i))
                    return "[" + std::to_string(i) + "] of " + std::to_string(actual.size()) + ": "
                           + described(actual[i]) + ", expected " + described(expected[i]);
            return {};
        }

        template <class Array>
        auto as_const_span(const Array& array)
        {
            std::span span(array);
            return std::span<const std::remove_cv_t<typename decltype(span)::element_type>>(span);
        }
    }

    /// The same sizes and the same bits: -0 is not +0, a NaN equals itself. The element types must agree.
    template <class Actual, class Expected>
    void require_equal(const Actual& actual, const Expected& expected)
    {
        const auto a = detail::as_const_span(actual);
        const auto b = detail::as_const_span(expected);
        static_assert(std::is_same_v<decltype(a), decltype(b)>, "compare values of one type");
        const std::string difference =
            detail::first_difference(a, b, [&](std::size_t i) { return detail::same_bits(a[i], b[i]); });
        REQUIRE_MESSAGE(difference.empty(), difference);
    }

    /// |actual[i] - expected[i]| <= bound(i), compared in double. A NaN on either side is a difference.
    template <class Actual, class Expected, std::invocable<std::size_t> Bound>
    void require_close(const Actual& actual, const Expected& expected, Bound bound)
    {
        const auto a = detail::as_const_span(actual);
        const auto b = detail::as_const_span(expected);
        const auto close = [&](std::size_t i)
        {
            const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
            return difference <= static_cast<double>(bound(i));
        };
        const std::string difference = detail::first_difference(a, b, close);
        REQUIRE_MESSAGE(difference.empty(), difference);
    }

    /// One bound for all values.
    template <class Actual, class Expected>
    void require_close(const Actual& actual, const Expected& expected, double bound)
    {
        require_close(actual, expected, [=](std::size_t) { return bound; });
    }
}
