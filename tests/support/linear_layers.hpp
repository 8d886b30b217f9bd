// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Linear layers by their definition, in double with a rounding to float where the library has one, and int64.
///
/// Sums and products of two floats are exact enough in double that rounding them to float gives what one float
/// operation gives (double has more than 2 * 24 + 2 bits), so results compare bit for bit.
#pragma once

#include <quantkit/tensor/types.hpp>

#include "support/random.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quantkit::test
{
    inline float float_sum(float a, float b)
    {
        return static_cast<float>(static_cast<double>(a) + static_cast<double>(b));
    }

    /// Rounded before it can be added to anything: GCC sees through the doubles, and would fuse it with an addition.
    inline float float_product(float a, float b)
    {
        const volatile float rounded = static_cast<float>(static_cast<double>(a) * static_cast<double>(b));
        return rounded;
    }

    inline matrix_f random_matrix(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed, float deviation = 1.0f)
    {
        const std::vector<float> values = normal_floats(static_cast<std::size_t>(rows * columns), seed, deviation);
        return Eigen::Map<const matrix_f>(values.data(), rows, columns);
    }

    inline vector_f random_vector(Eigen::Index size, std::uint64_t seed, float deviation = 1.0f)
    {
        return random_matrix(size, 1, seed, deviation);
    }

    /// The elements of a dense matrix, row-major.
    template <class Scalar>
    std::span<const Scalar> elements(const matrix<Scalar>& values)
    {
        return { values.data(), static_cast<std::size_t>(values.size()) };
    }
}
