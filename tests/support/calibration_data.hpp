// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What observers are calibrated on, by the shape of its distribution, and what a range costs there.
#pragma once

#include "support/random.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::test
{
    struct named_data
    {
        std::string name;
        std::vector<float> values;
    };

    namespace detail
    {
        template <class Draw>
        named_data drawn_data(std::string name, std::size_t count, std::uint64_t seed, Draw draw)
        {
            return { std::move(name), drawn<float>(count, seed, draw) };
        }
    }

    /// Density exp(-|x|) / 2; the logarithm's last bits may differ between machines.
    inline std::vector<float> laplace_floats(std::size_t count, std::uint64_t seed)
    {
        return detail::drawn<float>(count, seed,
                                    [](random_bits& bits)
                                    {
                                        const double sign = bits.integer(0, 1) == 0 ? -1.0 : 1.0;
                                        return -sign * std::log(1.0 - bits.uniform());
                                    });
    }

    inline std::vector<named_data> calibration_data(std::size_t count, std::uint64_t seed)
    {
        return {
            { "gauss", normal_floats(count, seed) },
            { "laplace", laplace_floats(count, seed + 1) },
            { "outliers", floats_with_outliers(count, seed + 2) },
            detail::drawn_data("heavy tails", count, seed + 3,
                               [](random_bits& bits) { return bits.normal() / (1e-4 + bits.uniform()); }),
            detail::drawn_data("one-sided", count, seed + 4, [](random_bits& bits) { return std::abs(bits.normal()); }),
            detail::drawn_data("after ReLU", count, seed + 5,
                               [](random_bits& bits) { return std::max(bits.normal(), 0.0); }),
            detail::drawn_data("negative", count, seed + 6,
                               [](random_bits& bits) { return -std::abs(bits.normal()) - 3.0; }),
            detail::drawn_data("skewed", count, seed + 7,
                               [](random_bits& bits) { return std::pow(bits.normal() + 1.0, 3); }),
            { "uniform", random_floats(count, seed + 8) },
            detail::drawn_data("small", count, seed + 9, [](random_bits& bits) { return 1e-3 * bits.normal(); }),
            detail::drawn_data("large", count, seed + 10, [](random_bits& bits) { return 1e20 * bits.normal(); }),
            { "constant", std::vector<float>(count, 2.7f) },
            { "zeros", std::vector<float>(count, 0.0f) },
        };
    }

    /// The mean of (x - dequantize(quantize(x)))^2 by the definitions in double.
    template <class Params, class Bounds>
    double mean_squared_error(const std::vector<float>& values, const Params& params, const Bounds& bounds)
    {
        double sum = 0.0;
        for (const float value : values)
        {
            const auto x = static_cast<double>(value);
            const double y = reference::fake_quantize(x, static_cast<double>(params.scale), params.zero_point,
                                                      bounds.quant_min, bounds.quant_max);
            sum += (x - y) * (x - y);
        }
        return sum / static_cast<double>(values.size());
    }
}
