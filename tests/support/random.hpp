// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Seeded values that are the same on every machine and standard library.
///
/// <random>'s distributions differ between libraries and libm's functions between machines, so neither is used.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quantkit::test
{
    /// SplitMix64. source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"
    class random_bits
    {
    public:
        explicit constexpr random_bits(std::uint64_t seed)
            : state_(seed)
        {
        }

        constexpr std::uint64_t next()
        {
            std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
            return z ^ (z >> 31);
        }

        /// Uniform in [0, 1), a multiple of 2^-53.
        constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

        /// Uniform in [low, high], both included; the bias of the modulo is below 2^-32.
        constexpr std::int64_t integer(std::int64_t low, std::int64_t high)
        {
            const auto count = static_cast<std::uint64_t>(high - low) + 1;
            return low + static_cast<std::int64_t>(next() % count);
        }

        /// Mean 0, deviation 1, within [-6, 6]: the sum of twelve uniform values less 6 (Irwin-Hall).
        constexpr double normal()
        {
            double sum = -6.0;
            for (int i = 0; i < 12; ++i)
                sum += uniform();
            return sum;
        }

    private:
        std::uint64_t state_;
    };

    namespace detail
    {
        template <class Value, class Draw>
        std::vector<Value> drawn(std::size_t count, std::uint64_t seed, Draw draw)
        {
            random_bits bits(seed);
            std::vector<Value> values(count);
            for (Value& value : values)
                value = static_cast<Value>(draw(bits));
            return values;
        }
    }

    /// Uniform in [low, high).
    inline std::vector<float> random_floats(std::size_t count, std::uint64_t seed, float low = -1.0f, float high = 1.0f)
    {
        const double width = static_cast<double>(high) - static_cast<double>(low);
        return detail::drawn<float>(
            count, seed, [&](random_bits& bits) { return static_cast<double>(low) + width * bits.uniform(); });
    }

    /// Mean 0 and the given deviation.
    inline std::vector<float> normal_floats(std::size_t count, std::uint64_t seed, float deviation = 1.0f)
    {
        return detail::drawn<float>(count, seed,
                                    [&](random_bits& bits) { return static_cast<double>(deviation) * bits.normal(); });
    }

    /// As activations of transformers: normal, and one value in a hundred a hundred times as large.
    inline std::vector<float> floats_with_outliers(std::size_t count, std::uint64_t seed)
    {
        return detail::drawn<float>(count, seed,
                                    [](random_bits& bits)
                                    {
                                        const double factor = bits.integer(0, 99) == 0 ? 100.0 : 1.0;
                                        return factor * bits.normal();
                                    });
    }

    /// NaN, infinities, zeros of both signs, subnormals, the ends of float and of int32, among ordinary values.
    inline std::vector<float> extreme_floats(std::size_t count, std::uint64_t seed)
    {
        using limits = std::numeric_limits<float>;
        constexpr std::array extremes { limits::quiet_NaN(),
                                        -limits::quiet_NaN(),
                                        limits::infinity(),
                                        -limits::infinity(),
                                        limits::max(),
                                        limits::lowest(),
                                        limits::min(),
                                        -limits::min(),
                                        limits::denorm_min(),
                                        0.0f,
                                        -limits::denorm_min(),
                                        -0.0f,
                                        0x1p31f,
                                        -0x1p31f,
                                        0x1.fffffep30f,
                                        0x1p23f,
                                        -0x1p23f,
                                        0x1p24f,
                                        0x1.fffffep22f,
                                        3e9f,
                                        -3e9f,
                                        1e-39f,
                                        -1e-39f,
                                        0.49999997f };
        return detail::drawn<float>(count, seed,
                                    [&](random_bits& bits)
                                    {
                                        const auto i = static_cast<std::size_t>(bits.integer(0, extremes.size() - 1));
                                        return bits.integer(0, 3) == 0 ? static_cast<float>(bits.normal())
                                                                       : extremes[i];
                                    });
    }

    /// (i + 1/2) * scale for random i in [-steps, steps]: ties, exact where scale is a power of two.
    inline std::vector<float> tie_floats(std::size_t count, std::uint64_t seed, float scale, std::int64_t steps = 300)
    {
        return detail::drawn<float>(
            count, seed,
            [&](random_bits& bits)
            { return (static_cast<double>(bits.integer(-steps, steps)) + 0.5) * static_cast<double>(scale); });
    }

    /// Uniform in [low, high], both included.
    template <std::integral Code>
    std::vector<Code> random_codes(std::size_t count, std::uint64_t seed, Code low = std::numeric_limits<Code>::min(),
                                   Code high = std::numeric_limits<Code>::max())
    {
        return detail::drawn<Code>(count, seed, [&](random_bits& bits) { return bits.integer(low, high); });
    }

    /// Mostly the two ends of the code type, where integer overflows hide.
    template <std::integral Code>
    std::vector<Code> extreme_codes(std::size_t count, std::uint64_t seed)
    {
        using limits = std::numeric_limits<Code>;
        return detail::drawn<Code>(count, seed,
                                   [](random_bits& bits) -> std::int64_t
                                   {
                                       const std::int64_t choice = bits.integer(0, 7);
                                       if (choice == 0)
                                           return bits.integer(limits::min(), limits::max());
                                       return choice % 2 == 0 ? limits::min() : limits::max();
                                   });
    }
}
