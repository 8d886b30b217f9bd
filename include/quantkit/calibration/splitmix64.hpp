// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A generator of random numbers that gives the same numbers on every machine and with every standard library; the
/// distributions of <random> do not.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <cstdint>

namespace quantkit
{
    /// SplitMix64: 64 random bits a call, every one of the 2^64 once in a period.
    ///
    /// source  Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", with the constants of Vigna's
    ///         splitmix64.c
    class splitmix64
    {
    public:
        explicit constexpr splitmix64(std::uint64_t seed)
            : state_(seed)
        {
        }

        /// The next 64 random bits.
        QUANTKIT_INLINE constexpr std::uint64_t next()
        {
            std::uint64_t bits = (state_ += 0x9e3779b97f4a7c15u);
            bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
            bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
            return bits ^ (bits >> 31);
        }

        /// Uniform in [0, count), without bias: draws again where the last, incomplete run of values was hit.
        QUANTKIT_INLINE std::uint64_t below(std::uint64_t count)
        {
            require(count > 0, "cannot draw one of 0 choices");
            const std::uint64_t incomplete = (0 - count) % count; // 2^64 modulo count
            std::uint64_t bits = next();
            while (bits < incomplete)
                bits = next();
            return bits % count;
        }

    private:
        std::uint64_t state_;
    };
}
