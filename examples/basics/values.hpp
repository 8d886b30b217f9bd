// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Random values that are the same on every machine.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/tensor/types.hpp>

#include <cstdint>

namespace basics
{
    /// Sums of four uniform values: bell-shaped, in (-2, 2), of variance 1/3.
    inline quantkit::matrix_f bell_shaped(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed)
    {
        quantkit::splitmix64 random(seed);
        quantkit::matrix_f values(rows, columns);
        for (float& value : values.reshaped())
            for (int i = 0; i < 4; ++i)
                value = (i == 0 ? 0.0f : value) + static_cast<float>(random.next() >> 40) * 0x1p-24f - 0.5f;
        return values;
    }
}
