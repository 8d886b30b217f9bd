// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// When an array agrees with the expected one: the tolerance kinds of the golden vectors (data/README.md).
///
/// Each kind is shown failing in tolerance_test.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace quantkit::golden
{
    /// Elements of any type; all types of the vectors' outputs (up to int32 and double) are exact as double.
    using values = std::vector<double>;

    template <class T>
    values to_values(std::span<const T> elements)
    {
        return values(elements.begin(), elements.end());
    }

    struct tolerance
    {
        std::string kind = "exact";
        double max = 0.0;          ///< ulp, lsb
        double atol = 0.0;         ///< close
        double rtol = 0.0;         ///< close, total
        double max_fraction = 0.0; ///< l1
        /// exact: codes whose magnitude (without bit 15) is larger are NaN patterns, all of them equal; 0 means none.
        int largest_number = 0;
        std::size_t row_length = 0; ///< total
        values mask;                ///< empty, or 1 where an element is compared
        values exact_mask;          ///< lsb: empty, or 1 where an element must be equal
    };

    namespace detail
    {
        /// -0 equals +0, NaN equals NaN.
        inline bool same_value(double got, double want) { return got == want || (std::isnan(got) && std::isnan(want)); }

        inline bool is_nan_pattern(double code, int largest_number)
        {
            return (static_cast<int>(code) & 0x7fff) > largest_number;
        }

        inline bool is_exact(double got, double want, const tolerance& t)
        {
            return same_value(got, want)
                   || (t.largest_number != 0 && is_nan_pattern(got, t.largest_number)
                       && is_nan_pattern(want, t.largest_number));
        }

        /// The place of a float among all floats in ascending order; both zeros are at 0.
        inline std::int64_t ordinal(float x)
        {
            const auto magnitude = static_cast<std::int64_t>(std::bit_cast<std::uint32_t>(x) & 0x7fffffffu);
            return std::signbit(x) ? -magnitude : magnitude;
        }

        inline bool is_within_ulp(double got, double want, const tolerance& t)
        {
            if (std::isnan(got) || std::isnan(want))
                return std::isnan(got) && std::isnan(want);
            const std::int64_t distance = ordinal(static_cast<float>(got)) - ordinal(static_cast<float>(want));
            return static_cast<double>(std::abs(distance)) <= t.max;
        }

        inline bool is_close(double got, double want, const tolerance& t)
        {
            if (!std::isfinite(got) || !std::isfinite(want))
                return same_value(got, want);
            return std::abs(got - want) <= t.atol + t.rtol * std::abs(want);
        }

        inline bool is_within_lsb(double got, double want, const tolerance& t, std::size_t i)
        {
            const bool is_strict = !t.exact_mask.empty() && t.exact_mask[i] != 0.0;
            return std::abs(got - want) <= (is_strict ? 0.0 : t.max);
        }

        template <class... Parts>
        std::string message(const Parts&... parts)
        {
            std::ostringstream text;
            text.precision(std::numeric_limits<double>::max_digits10);
            (text << ... << parts);
            return text.str();
        }

        inline bool is_compared(const tolerance& t, std::size_t i) { return t.mask.empty() || t.mask[i] != 0.0; }

        /// The first element that fails, how many do, and of how many; "" if none does.
        template <class Passes>
        std::string each_element(const values& got, const values& want, const tolerance& t, Passes passes)
        {
            std::string first;
            std::size_t failed = 0;
            for (std::size_t i = 0; i < want.size(); ++i)
                if (is_compared(t, i) && !passes(got[i], want[i], i) && ++failed == 1)
                    first = message("[", i, "] is ", got[i], ", expected ", want[i]);
            return failed == 0 ? "" : message(first, "; ", failed, " of ", want.size(), " elements fail ", t.kind);
        }

        inline std::string l1(const values& got, const values& want, const tolerance& t)
        {
            double error = 0.0, size = 0.0;
            for (std::size_t i = 0; i < want.size(); ++i)
                if (is_compared(t, i))
                    error += std::abs(got[i] - want[i]), size += std::abs(want[i]);
            return error <= t.max_fraction * size ? "" : message("differences sum to ", error, " of ", size);
        }

        inline double row_sum(const values& elements, const tolerance& t, std::size_t begin)
        {
            double sum = 0.0;
            for (std::size_t i = begin; i < begin + t.row_length; ++i)
                sum += is_compared(t, i) ? elements[i] : 0.0;
            return sum;
        }

        inline std::string total(const values& got, const values& want, const tolerance& t)
        {
            for (std::size_t begin = 0; begin < want.size(); begin += t.row_length)
            {
                const double got_sum = row_sum(got, t, begin), want_sum = row_sum(want, t, begin);
                if (!(std::abs(got_sum - want_sum) <= t.rtol * std::abs(want_sum)))
                    return message("the row at ", begin, " sums to ", got_sum, ", expected ", want_sum);
            }
            return "";
        }

        inline std::string wrong_size(const values& got, const values& want, const tolerance& t)
        {
            if (got.size() != want.size())
                return message("has ", got.size(), " elements, expected ", want.size());
            for (const values* const mask : { &t.mask, &t.exact_mask })
                if (!mask->empty() && mask->size() != want.size())
                    return message("has ", want.size(), " elements, but a mask of ", mask->size());
            if (t.kind == "total" && (t.row_length == 0 || want.size() % t.row_length != 0))
                return message(want.size(), " elements are not whole rows of ", t.row_length);
            return "";
        }
    }

    /// What differs, in words; "" if got agrees with want. Throws std::invalid_argument for an unknown kind.
    inline std::string difference(const values& got, const values& want, const tolerance& t)
    {
        if (const std::string error = detail::wrong_size(got, want, t); !error.empty())
            return error;
        const auto each = [&](auto passes) { return detail::each_element(got, want, t, passes); };
        if (t.kind == "exact")
            return each([&](double a, double b, std::size_t) { return detail::is_exact(a, b, t); });
        if (t.kind == "ulp")
            return each([&](double a, double b, std::size_t) { return detail::is_within_ulp(a, b, t); });
        if (t.kind == "close")
            return each([&](double a, double b, std::size_t) { return detail::is_close(a, b, t); });
        if (t.kind == "lsb")
            return each([&](double a, double b, std::size_t i) { return detail::is_within_lsb(a, b, t, i); });
        if (t.kind == "l1")
            return detail::l1(got, want, t);
        if (t.kind == "total")
            return detail::total(got, want, t);
        throw std::invalid_argument("unknown tolerance kind '" + t.kind + "'");
    }
}
