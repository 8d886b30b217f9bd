// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/calibration/window_builder.hpp>

#include <quantkit/observers/minmax.hpp>

#include "support/checks.hpp"
#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <stdexcept>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    std::vector<float> series_values(std::ptrdiff_t steps, std::ptrdiff_t features)
    {
        return random_floats(static_cast<std::size_t>(steps * features), 5);
    }

    /// Window i holds the steps from starts[i] on, for each i.
    void check_content(const series_windows& windows, const std::vector<float>& series, std::ptrdiff_t features)
    {
        std::vector<float> expected;
        for (const std::ptrdiff_t start : windows.starts)
        {
            const auto first = series.begin() + start * features;
            expected.insert(expected.end(), first, first + windows.shape[1] * features);
        }
        require_equal(windows.values, expected);
    }
}

TEST_CASE("random windows hold consecutive steps, in every layout of the series")
{
    constexpr std::ptrdiff_t steps = 40, features = 3;
    const std::vector<float> values = series_values(steps, features);
    for (const tensor_strides& strides :
         { tensor_strides { features, 1 }, tensor_strides { 1, steps }, tensor_strides { -5, 1 } })
    {
        const strided_tensor<float> series({ steps, features }, strides, values);
        const series_windows windows = window_builder(7).random(series.view(), 50, 9);
        CHECK(windows.shape == tensor_shape { 50, 7, features });
        check_content(windows, values, features);
    }
}

TEST_CASE("the same seed gives the same windows on every machine")
{
    const std::vector<float> values = series_values(1000, 1);
    const tensor_view<const float> series(values.data(), { 1000, 1 });
    const window_builder builder(24);
    const series_windows windows = builder.random(series, 6, 42);
    // Computed with Python's integers from the published generator.
    CHECK(windows.starts == std::vector<std::ptrdiff_t> { 755, 26, 926, 298, 385, 43 });
    CHECK(builder.random(series, 3, 42).starts == std::vector(windows.starts.begin(), windows.starts.begin() + 3));
    CHECK(builder.random(series, 6, 43).starts != windows.starts);
}

TEST_CASE("random windows begin everywhere, also at both ends")
{
    const std::vector<float> values = series_values(12, 2);
    const series_windows windows = window_builder(3).random(tensor_view(values.data(), { 12, 2 }), 500, 1);
    const std::set<std::ptrdiff_t> starts(windows.starts.begin(), windows.starts.end());
    CHECK((starts.size() == 10 && *starts.begin() == 0 && *starts.rbegin() == 9));
}

TEST_CASE("strided and consecutive windows leave out a rest that is too short")
{
    const std::vector<float> values = series_values(11, 2);
    const tensor_view<const float> series(values.data(), { 11, 2 });
    const series_windows strided = window_builder(4).strided(series, 3);
    CHECK(strided.starts == std::vector<std::ptrdiff_t> { 0, 3, 6 });
    check_content(strided, values, 2);
    const series_windows consecutive = window_builder(4).consecutive(series);
    CHECK(consecutive.starts == std::vector<std::ptrdiff_t> { 0, 4 });
    CHECK(consecutive.shape == tensor_shape { 2, 4, 2 });
    check_content(consecutive, values, 2);
    CHECK(window_builder(11).strided(series, 100).starts == std::vector<std::ptrdiff_t> { 0 });
}

TEST_CASE("windows are a tensor, and NaN stays in them")
{
    std::vector<float> values { 1.0f, std::numeric_limits<float>::quiet_NaN(), 3.0f };
    const series_windows windows = window_builder(2).strided(tensor_view(values.data(), { 3, 1 }), 1);
    minmax_observer observer;
    observer.observe(windows);
    CHECK(observer.range() == real_range { 1.0f, 3.0f });
    CHECK(std::isnan(windows.values[1]));
}

TEST_CASE("no windows and no features are allowed")
{
    const std::vector<float> values = series_values(5, 1);
    const series_windows none = window_builder(2).random(tensor_view(values.data(), { 5, 1 }), 0, 1);
    CHECK((none.shape == tensor_shape { 0, 2, 1 } && none.values.empty()));
    const series_windows empty = window_builder(2).random(tensor_view(values.data(), { 5, 0 }), 3, 1);
    CHECK((empty.shape == tensor_shape { 3, 2, 0 } && empty.values.empty()));
}

TEST_CASE("what cannot be cut is refused with the numbers")
{
    const std::vector<float> values = series_values(5, 2);
    const tensor_view<const float> series(values.data(), { 5, 2 });
    const auto wrong = [](auto call, const char* text) { CHECK_THROWS_WITH_AS(call(), text, std::invalid_argument); };
    wrong([] { window_builder { 0 }; }, "quantkit: a window needs at least one step, but has 0");
    wrong([&] { window_builder(6).random(series, 1, 1); },
          "quantkit: a series of shape [5, 2] has no window of 6 steps");
    wrong([&] { window_builder(2).random(values, 1, 1); },
          "quantkit: a series has the shape [steps, features], but this tensor has [10]");
    wrong([&] { window_builder(2).random(series, -1, 1); }, "quantkit: cannot cut -1 windows");
    wrong([&] { window_builder(2).strided(series, 0); }, "quantkit: windows need a positive stride, but it is 0");
    constexpr auto most = std::numeric_limits<std::ptrdiff_t>::max();
    wrong([&] { window_builder(2).random(series, most, 1); },
          "quantkit: 9223372036854775807 windows of 2 steps and 2 features are more than memory holds");
}
