// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Exact sums of a block of doubles at the speed of ordinary ones, for terms that do not lie too far apart.
///
/// Adding a term to an anchor, a double so large that its last bit stays in place, rounds the term to a multiple of
/// that bit. What is cut off is exact, and goes to the next level, where it meets a smaller anchor, or none at the last
/// one. All levels together hold the sum without any rounding.
///
/// source  Rump, Ogita, Oishi 2008, "Accurate Floating-Point Summation Part I" (extraction of leading bits)
#pragma once

#include <quantkit/kernels/exact_sum.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: see lanes.hpp.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit::kernels::detail
{
    /// Pairs that are summed in doubles before they are added to the fixed-point numbers.
    inline constexpr std::size_t exact_block = 512;
    inline constexpr int exact_block_bits = 9;

    QUANTKIT_INLINE double power_of_two(int exponent)
    {
        return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
    }

    /// Without the anchor that each lane began with.
    template <class Doubles>
    QUANTKIT_INLINE double sum_of_lanes(const typename Doubles::real& lanes, double anchor)
    {
        double values[Doubles::width], sum = 0;
        Doubles::store(values, lanes);
        for (const double value : values)
            sum += value - anchor;
        return sum;
    }

    /// A sum in Levels doubles per lane; all but the last begin at an anchor.
    ///
    /// With |term| < 2^bound, at most exact_block terms and the anchor 1.5 * 2^(bound + 11), the first double stays
    /// between 2^(bound + 11) and twice that: its last bit is worth 2^(bound - 41), and what a term leaves to the next
    /// level is at most that. The anchors are made for the whole block, so that the lanes' sums fit into one double.
    template <class Doubles, std::size_t Levels>
    struct leveled_sum
    {
        using real = typename Doubles::real;
        double anchor;
        real sum = real(anchor);
        leveled_sum<Doubles, Levels - 1> rest;

        explicit QUANTKIT_INLINE leveled_sum(int bound)
            : anchor(1.5 * power_of_two(bound + exact_block_bits + 2))
            , rest(bound + exact_block_bits + 2 - 52)
        {
        }

        QUANTKIT_INLINE void add(const real& term)
        {
            const real next = sum + term;
            rest.add(term - (next - sum));
            sum = next;
        }

        QUANTKIT_INLINE bool has_nan() const { return rest.has_nan(); }

        QUANTKIT_INLINE void add_to(exact_sum& total) const
        {
            total.add(sum_of_lanes<Doubles>(sum, anchor));
            rest.add_to(total);
        }
    };

    template <class Doubles>
    struct leveled_sum<Doubles, 1>
    {
        using real = typename Doubles::real;
        real sum = real(0.0);

        explicit QUANTKIT_INLINE leveled_sum(int /*bound*/) {}

        QUANTKIT_INLINE void add(const real& term) { sum = sum + term; }

        QUANTKIT_INLINE bool has_nan() const
        {
            const double total = sum_of_lanes<Doubles>(sum, 0.0);
            return total != total;
        }

        QUANTKIT_INLINE void add_to(exact_sum& total) const { total.add(sum_of_lanes<Doubles>(sum, 0.0)); }
    };
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
