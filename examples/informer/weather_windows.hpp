// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Windows of 96 days of weather, and whether the next day was warmer.
#pragma once

#include "support/data.hpp"

#include <quantkit/tensor/types.hpp>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace demo
{
    inline constexpr Eigen::Index window_days = 96;

    struct weather_windows
    {
        quantkit::matrix_f calibration;   // [128 * 96, 20], of 2012 and 2013
        quantkit::matrix_f test;          // [windows * 96, 20], of 2015
        std::vector<std::int32_t> labels; // [windows], 0 colder, 1 about the same, 2 warmer
    };

    /// every  takes each of the test windows, or every second, third, ... one
    inline weather_windows load_weather(const std::filesystem::path& folder, std::size_t every)
    {
        const quantkit::matrix_f series = read_matrix(folder / "features.npy");
        const auto labels = read_values<std::int32_t>(folder / "labels.npy");
        const auto all = read_values<std::int32_t>(folder / "test_ends.npy");
        std::vector<std::int32_t> ends;
        weather_windows result;
        for (std::size_t i = 0; i < all.size(); i += every)
        {
            ends.push_back(all[i]);
            result.labels.push_back(labels[static_cast<std::size_t>(all[i])]);
        }
        result.test = windows_of(series, ends, window_days);
        result.calibration = windows_of(series, read_values<std::int32_t>(folder / "calib_ends.npy"), window_days);
        return result;
    }
}
