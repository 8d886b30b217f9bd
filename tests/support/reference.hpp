// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the library must compute, written from the formulas in double and int64.
///
/// Nothing of the library is included, so that a mistake there cannot be repeated here. Being exact in double, the
/// float kernels may differ from `quantize` by one code where x / scale lies next to a tie: see `tie_distance`.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantkit::test::reference
{
    /// Nearest integer, ties to the even one.
    inline double round_half_even(double x)
    {
        const double below = std::floor(x);
        const double rest = x - below;
        const bool below_is_even = std::fmod(below, 2.0) == 0.0;
        return rest < 0.5 || (rest == 0.5 && below_is_even) ? below : below + 1.0;
    }

    /// q = clamp(round(x / scale) + zero_point, quant_min, quant_max); NaN gives quant_min.
    inline std::int64_t quantize(double x, double scale, std::int64_t zero_point, std::int64_t quant_min,
                                 std::int64_t quant_max)
    {
        const double q = round_half_even(x / scale) + static_cast<double>(zero_point);
        if (!(q > static_cast<double>(quant_min)))
            return quant_min;
        return q < static_cast<double>(quant_max) ? static_cast<std::int64_t>(q) : quant_max;
    }

    /// How far x / scale is from the next tie, in steps. Float arithmetic may take the other code where this is at most
    /// |x / scale| * 2^-22: two roundings of 2^-24 (reciprocal, product), and as much again to spare.
    inline double tie_distance(double x, double scale)
    {
        const double steps = x / scale;
        return std::abs(steps - std::floor(steps) - 0.5);
    }

    /// real = scale * (q - zero_point)
    inline double dequantize(std::int64_t q, double scale, std::int64_t zero_point)
    {
        return scale * static_cast<double>(q - zero_point);
    }

    /// The real value of the code of x.
    inline double fake_quantize(double x, double scale, std::int64_t zero_point, std::int64_t quant_min,
                                std::int64_t quant_max)
    {
        return dequantize(quantize(x, scale, zero_point, quant_min, quant_max), scale, zero_point);
    }

    /// c[i, j] = sum over p of (a[i, p] - a_zero_point) * (b[j, p] - b_zero_point)
    ///
    /// a  [m, k], b  [n, k] (one row per output), both row-major and dense; result  [m, n]
    template <class A, class B>
    std::vector<std::int64_t> matmul(const A* a, const B* b, std::size_t m, std::size_t n, std::size_t k,
                                     std::int64_t a_zero_point, std::int64_t b_zero_point)
    {
        std::vector<std::int64_t> c(m * n, 0);
        for (std::size_t i = 0; i < m; ++i)
            for (std::size_t j = 0; j < n; ++j)
                for (std::size_t p = 0; p < k; ++p)
                    c[i * n + j] += (static_cast<std::int64_t>(a[i * k + p]) - a_zero_point)
                                    * (static_cast<std::int64_t>(b[j * k + p]) - b_zero_point);
        return c;
    }
}
