// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Matrices and labels from npy files, windows of a series, and models run over many samples.
#pragma once

#include <quantkit/io/npy.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace demo
{
    /// Floats [..., columns], all axes but the last made one.
    inline quantkit::matrix_f read_matrix(const std::filesystem::path& path)
    {
        const quantkit::npy_array array = quantkit::read_npy(path);
        const std::ptrdiff_t columns = array.shape[array.shape.rank() - 1];
        const auto values = array.as<float>();
        return Eigen::Map<const quantkit::matrix_f>(values.data(), static_cast<Eigen::Index>(values.size()) / columns,
                                                    columns);
    }

    template <class Value>
    std::vector<Value> read_values(const std::filesystem::path& path)
    {
        const quantkit::npy_array array = quantkit::read_npy(path);
        const auto values = array.as<Value>();
        return { values.begin(), values.end() };
    }

    /// The windows of this many rows that end in the given rows, one below the other.
    inline quantkit::matrix_f windows_of(const quantkit::matrix_f& series, const std::vector<std::int32_t>& ends,
                                         Eigen::Index length)
    {
        quantkit::matrix_f windows(static_cast<Eigen::Index>(ends.size()) * length, series.cols());
        for (std::size_t i = 0; i < ends.size(); ++i)
            windows.middleRows(static_cast<Eigen::Index>(i) * length, length) =
                series.middleRows(ends[i] + 1 - length, length);
        return windows;
    }

    /// Logits of all samples, some at a time: dynamic ranges are of that many.
    ///
    /// x  [samples * time, features]
    inline quantkit::matrix_f logits_of(const quantkit::session& network, const quantkit::matrix_f& x,
                                        std::size_t samples_at_a_time)
    {
        const auto time = static_cast<Eigen::Index>(network.input_shape().time);
        const Eigen::Index step = static_cast<Eigen::Index>(samples_at_a_time) * time;
        quantkit::matrix_f logits(x.rows() / time, static_cast<Eigen::Index>(network.output_shape().features));
        for (Eigen::Index row = 0; row < x.rows(); row += step)
        {
            const quantkit::matrix_f part = x.middleRows(row, std::min(step, x.rows() - row));
            logits.middleRows(row / time, part.rows() / time) = network(part);
        }
        return logits;
    }
}
