// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the command line names: a model, samples from an npy file, an observer.
#pragma once

#include "options.hpp"

#include <quantkit/calibration/window_builder.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/io/npy.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/observers/any_observer.hpp>
#include <quantkit/observers/entropy.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/mse.hpp>
#include <quantkit/observers/percentile.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace demo
{
    inline quantkit::any_observer observer_named(std::string_view name)
    {
        if (name == "percentile")
            return quantkit::percentile_observer {};
        if (name == "mse")
            return quantkit::mse_observer<quantkit::uint8_full> {};
        if (name == "entropy")
            return quantkit::entropy_observer {};
        return quantkit::minmax_observer {};
    }

    /// [samples * time, features], at most so many samples. Errors name the file.
    inline quantkit::matrix_f read_samples(const std::filesystem::path& path, quantkit::sample_shape sample,
                                           std::size_t most)
    {
        namespace qk = quantkit;
        const qk::npy_array data = qk::read_npy(path);
        qk::require(data.dtype == qk::data_type::float32, path.string(), " holds ", name_of(data.dtype),
                    ", but float32 is wanted");
        const auto view = data.view<float>();
        const auto time = static_cast<std::ptrdiff_t>(sample.time);
        const auto features = static_cast<std::ptrdiff_t>(sample.features);
        qk::require(view.rank() >= 2 && view.shape()[view.rank() - 1] == features, path.string(), " has the shape ",
                    view.shape(), ", but the model reads ", features, " features");
        std::vector<float> values(view.data(), view.data() + view.size());
        if (view.rank() == 2 && time > 1 && view.shape()[0] >= time)
        {
            const qk::window_builder windows(time);
            const std::ptrdiff_t stride =
                std::max<std::ptrdiff_t>(1, (view.shape()[0] - time) / static_cast<std::ptrdiff_t>(most));
            values = windows.strided(view, stride).values;
        }
        const std::size_t count = std::min(most, values.size() / sample.size());
        qk::require(count >= 12, path.string(), " of shape ", view.shape(), " holds ", count,
                    " samples, 12 are wanted");
        qk::require(std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }),
                    path.string(), " holds values that are not finite");
        return Eigen::Map<const qk::matrix_f>(values.data(), static_cast<Eigen::Index>(count) * time, features);
    }
}
