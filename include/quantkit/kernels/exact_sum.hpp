// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Sums of doubles without any rounding, as fixed-point numbers that are wide enough for every term.
///
/// Addition of such numbers is associative and commutative: the bits depend on the terms alone, not on their order, on
/// how they are divided among threads and batches, or on the instruction set.
///
/// source  Kulisch 2002, "Advanced Arithmetic for the Digital Computer" (the long accumulator)
#pragma once

#include <quantkit/core/config.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quantkit
{
    /// A two's complement number of 64 * Words bits; bit 0 is worth 2^LowestBit.
    ///
    /// Terms are multiples of 2^LowestBit. The caller sees to it that no sum leaves the range. Infinities and NaN are
    /// remembered apart: as in floating point, their sum is NaN if there is a NaN or infinities of both signs.
    template <int LowestBit, std::size_t Words>
    class fixed_point_sum
    {
    public:
        /// term  any double that is a multiple of 2^LowestBit, or not finite
        QUANTKIT_INLINE void add(double term)
        {
            constexpr std::uint64_t leading_bit = std::uint64_t { 1 } << 52;
            const auto bits = std::bit_cast<std::uint64_t>(term);
            const int exponent = static_cast<int>(bits >> 52 & 0x7ff);
            const std::uint64_t fraction = bits & (leading_bit - 1);
            const bool negative = bits >> 63 != 0;
            if (exponent == 0x7ff)
                include_not_finite(fraction != 0 ? not_a_number : negative ? minus_infinity : plus_infinity);
            else if (exponent != 0)
                add_bits(fraction | leading_bit, exponent - 1075 - LowestBit, negative);
            else if (fraction != 0)
                add_bits(fraction, -1074 - LowestBit, negative);
        }

        QUANTKIT_INLINE fixed_point_sum& operator+=(const fixed_point_sum& other)
        {
            bool carry = false;
            for (std::size_t i = 0; i < Words; ++i)
                carry = increase(words_[i], other.words_[i], carry);
            include_not_finite(other.not_finite_);
            return *this;
        }

        /// As if the other's terms had been added with the opposite sign.
        QUANTKIT_INLINE fixed_point_sum& operator-=(const fixed_point_sum& other)
        {
            bool borrow = false;
            for (std::size_t i = 0; i < Words; ++i)
                borrow = decrease(words_[i], other.words_[i], borrow);
            include_not_finite(other.not_finite_ == plus_infinity    ? minus_infinity
                               : other.not_finite_ == minus_infinity ? plus_infinity
                                                                     : other.not_finite_);
            return *this;
        }

        /// Whether no infinity and no NaN was added.
        QUANTKIT_INLINE bool is_finite() const { return not_finite_ == 0; }

        /// The double nearest to the sum, ties to even: the only rounding there is.
        QUANTKIT_INLINE double value() const
        {
            if (!is_finite())
                return value_not_finite();
            fixed_point_sum magnitude = *this;
            const bool negative = words_[Words - 1] >> 63 != 0;
            if (negative)
            {
                magnitude = {};
                magnitude -= *this;
            }
            const double rounded = magnitude.value_not_negative();
            return negative ? -rounded : rounded;
        }

        /// The same sum, also where it is NaN.
        friend QUANTKIT_INLINE bool operator==(const fixed_point_sum& a, const fixed_point_sum& b)
        {
            return a.not_finite_ == b.not_finite_ && (!a.is_finite() || std::ranges::equal(a.words_, b.words_));
        }

    private:
        static constexpr unsigned plus_infinity = 1, minus_infinity = 2, not_a_number = 4;

        QUANTKIT_INLINE void include_not_finite(unsigned kind)
        {
            not_finite_ |= kind;
            if (not_finite_ >= (plus_infinity | minus_infinity))
                not_finite_ = not_a_number;
        }

        /// word + term + carry; the result is the next carry.
        static QUANTKIT_INLINE bool increase(std::uint64_t& word, std::uint64_t term, bool carry)
        {
            const std::uint64_t sum = word + term, carried = sum + static_cast<std::uint64_t>(carry);
            word = carried;
            return sum < term || carried < sum;
        }

        static QUANTKIT_INLINE bool decrease(std::uint64_t& word, std::uint64_t term, bool borrow)
        {
            const std::uint64_t difference = word - term;
            const bool below = word < term || difference < static_cast<std::uint64_t>(borrow);
            word = difference - static_cast<std::uint64_t>(borrow);
            return below;
        }

        /// bits * 2^position, in units of the lowest bit.
        QUANTKIT_INLINE void add_bits(std::uint64_t bits, int position, bool negative)
        {
            if (position < 0) // only zeros are shifted out: terms are multiples of the lowest bit
            {
                QUANTKIT_ASSERT(position > -64 && bits % (std::uint64_t { 1 } << -position) == 0);
                bits >>= -position;
                position = 0;
            }
            std::size_t word = static_cast<std::size_t>(position) / 64;
            QUANTKIT_ASSERT(word + 1 < Words);
            const int shift = position % 64;
            bool carry = step(word, bits << shift, false, negative);
            carry = step(++word, shift == 0 ? 0 : bits >> (64 - shift), carry, negative);
            while (carry && ++word < Words)
                carry = step(word, 0, carry, negative);
        }

        QUANTKIT_INLINE bool step(std::size_t word, std::uint64_t term, bool carry, bool negative)
        {
            return negative ? decrease(words_[word], term, carry) : increase(words_[word], term, carry);
        }

        QUANTKIT_INLINE double value_not_finite() const
        {
            constexpr double infinity = std::numeric_limits<double>::infinity();
            return not_finite_ == plus_infinity    ? infinity
                   : not_finite_ == minus_infinity ? -infinity
                                                   : std::numeric_limits<double>::quiet_NaN();
        }

        /// Of the 64 leading bits, the last stands for all below it: they decide no more than whether there is a tie.
        QUANTKIT_INLINE double value_not_negative() const
        {
            std::size_t top = Words - 1;
            while (top > 0 && words_[top] == 0)
                --top;
            if (top == 0)
                return std::ldexp(static_cast<double>(words_[0]), LowestBit);
            const int zeros = std::countl_zero(words_[top]);
            const std::uint64_t next = words_[top - 1];
            std::uint64_t leading = words_[top] << zeros | (zeros == 0 ? 0 : next >> (64 - zeros));
            bool below = zeros == 0 ? next != 0 : next << zeros != 0;
            for (std::size_t i = 0; i + 1 < top; ++i)
                below |= words_[i] != 0;
            leading |= static_cast<std::uint64_t>(below);
            return std::ldexp(static_cast<double>(leading), LowestBit + 64 * static_cast<int>(top) - zeros);
        }

        std::uint64_t words_[Words] {};
        unsigned not_finite_ = 0;
    };

    /// For up to 2^80 floats or products of two floats: from the product of the smallest subnormals to 2^342.
    using exact_sum = fixed_point_sum<-298, 10>;

    /// For up to 2^60 doubles of any size.
    using exact_double_sum = fixed_point_sum<-1074, 34>;
}
