// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Calibration data for sequence models: windows [count, length, features] cut from a series [steps, features].
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Windows of a series, copied one after another. A tensor for every function that takes one.
    struct series_windows
    {
        std::vector<float> values;          ///< row-major
        tensor_shape shape;                 ///< [count, length, features]
        std::vector<std::ptrdiff_t> starts; ///< the step of the series with which each window begins
    };

    template <>
    struct tensor_traits<series_windows>
    {
        static tensor_view<const float> view(const series_windows& windows)
        {
            return { windows.values.data(), windows.shape };
        }
        static tensor_view<float> view(series_windows& windows) { return { windows.values.data(), windows.shape }; }
    };

    /// Cuts windows of one length. Values are copied as they are, NaN as well.
    ///
    /// Every function throws std::invalid_argument, with the numbers, unless the series is [steps, features] with at
    /// least as many steps as the window is long.
    class window_builder
    {
    public:
        /// length  steps of a window, at least 1
        explicit window_builder(std::ptrdiff_t length)
            : length_(length)
        {
            require(length > 0, "a window needs at least one step, but has ", length);
        }

        std::ptrdiff_t length() const { return length_; }

        /// `count` windows that begin anywhere, each as likely as the others, drawn independently (so that one may come
        /// twice). The same seed gives the same windows everywhere, and the first of more are the same as those of
        /// fewer.
        template <tensor_of<float> Series, class Arch = kernels::active_arch>
        series_windows random(const Series& series, std::ptrdiff_t count, std::uint64_t seed) const
        {
            const tensor_view<const float> view = view_of(series);
            const std::ptrdiff_t places = checked_places(view);
            require(count >= 0, "cannot cut ", count, " windows");
            splitmix64 random(seed);
            std::vector<std::ptrdiff_t> starts(checked_count(view, count));
            for (std::ptrdiff_t& start : starts)
                start = static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(places)));
            return cut<Arch>(view, std::move(starts));
        }

        /// All windows that begin a multiple of `stride` steps after the first one; a rest too short is left out.
        template <tensor_of<float> Series, class Arch = kernels::active_arch>
        series_windows strided(const Series& series, std::ptrdiff_t stride) const
        {
            const tensor_view<const float> view = view_of(series);
            const std::ptrdiff_t places = checked_places(view);
            require(stride > 0, "windows need a positive stride, but it is ", stride);
            std::vector<std::ptrdiff_t> starts(checked_count(view, (places - 1) / stride + 1));
            for (std::size_t i = 0; i < starts.size(); ++i)
                starts[i] = static_cast<std::ptrdiff_t>(i) * stride;
            return cut<Arch>(view, std::move(starts));
        }

        /// Windows that follow one another without gap or overlap.
        template <tensor_of<float> Series, class Arch = kernels::active_arch>
        series_windows consecutive(const Series& series) const
        {
            return strided<Series, Arch>(series, length_);
        }

    private:
        /// How many steps a window can begin with.
        std::ptrdiff_t checked_places(const tensor_view<const float>& series) const
        {
            require(series.rank() == 2, "a series has the shape [steps, features], but this tensor has ",
                    series.shape());
            require(series.shape()[0] >= length_, "a series of shape ", series.shape(), " has no window of ", length_,
                    " steps");
            return series.shape()[0] - length_ + 1;
        }

        /// The number of windows, if memory could hold them at all.
        std::size_t checked_count(const tensor_view<const float>& series, std::ptrdiff_t count) const
        {
            constexpr auto most = std::numeric_limits<std::ptrdiff_t>::max() / std::ptrdiff_t { sizeof(float) };
            const std::ptrdiff_t features = std::max(series.shape()[1], std::ptrdiff_t { 1 });
            require(count <= most / length_ / features, count, " windows of ", length_, " steps and ", features,
                    " features are more than memory holds");
            return static_cast<std::size_t>(count);
        }

        template <class Arch>
        series_windows cut(const tensor_view<const float>& series, std::vector<std::ptrdiff_t> starts) const
        {
            const std::ptrdiff_t features = series.shape()[1];
            const std::ptrdiff_t step = series.strides()[0], feature_step = series.strides()[1];
            const tensor_shape shape { static_cast<std::ptrdiff_t>(starts.size()), length_, features };
            std::vector<float> values;
            values.reserve(static_cast<std::size_t>(element_count(shape)));
            for (const std::ptrdiff_t start : starts)
                for (std::ptrdiff_t t = start; t < start + length_; ++t)
                    for (std::ptrdiff_t feature = 0; feature < features; ++feature)
                        values.push_back(series.data()[t * step + feature * feature_step]);
            return { std::move(values), shape, std::move(starts) };
        }

        std::ptrdiff_t length_;
    };
}
