// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The windows of a convolution over time as rows of a matrix, so that the convolution is a product ("im2col").
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/program.hpp>

#include <algorithm>
#include <cstddef>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One sample: row t holds the steps t * stride - padding + i * dilation of x, for i in [0, kernel).
    ///
    /// x     [time, channels]
    /// rows  [time_out, kernel, channels]
    inline void gather_windows(const float* x, sample_shape shape, const row_windows& windows, std::size_t time_out,
                               float* rows)
    {
        const auto time = static_cast<std::ptrdiff_t>(shape.time);
        for (std::size_t t = 0; t < time_out; ++t)
            for (std::size_t i = 0; i < windows.kernel; ++i, rows += shape.features)
            {
                auto from = static_cast<std::ptrdiff_t>(t * windows.stride + i * windows.dilation)
                            - static_cast<std::ptrdiff_t>(windows.padding);
                if (windows.mode == padding_mode::circular)
                    from = (from + time) % time;
                if (from < 0 || from >= time)
                    std::fill_n(rows, shape.features, 0.0f);
                else
                    std::copy_n(x + static_cast<std::size_t>(from) * shape.features, shape.features, rows);
            }
    }
}
