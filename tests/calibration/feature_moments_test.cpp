// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/calibration/feature_moments.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    constexpr float missing = std::numeric_limits<float>::quiet_NaN();

    struct reference_moment
    {
        std::int64_t count = 0;
        long double mean = 0, deviation = 0;
    };

    /// The definition, in two passes over all values.
    reference_moment reference(const std::vector<float>& values, std::size_t feature, std::size_t features)
    {
        reference_moment moment;
        for (std::size_t i = feature; i < values.size(); i += features)
            if (!std::isnan(values[i]))
            {
                ++moment.count;
                moment.mean += static_cast<long double>(values[i]);
            }
        moment.mean /= static_cast<long double>(moment.count);
        for (std::size_t i = feature; i < values.size(); i += features)
            if (!std::isnan(values[i]))
                moment.deviation += std::pow(static_cast<long double>(values[i]) - moment.mean, 2.0L);
        moment.deviation = std::sqrt(moment.deviation / static_cast<long double>(moment.count));
        return moment;
    }

    /// Features of very different size and offset, some values missing.
    std::vector<float> features_with_gaps(std::size_t rows)
    {
        std::vector<float> values = normal_floats(rows * 4, 3);
        for (std::size_t i = 0; i < values.size(); ++i)
        {
            const float scale[] = { 1.0f, 1e-3f, 1e4f, 2.0f }, offset[] = { 0.0f, 1.0f, -3e4f, 1e5f };
            values[i] = i % 13 == 5 ? missing : values[i] * scale[i % 4] + offset[i % 4];
        }
        return values;
    }

    tensor_view<const float> rows_of(const std::vector<float>& values, std::ptrdiff_t first, std::ptrdiff_t count)
    {
        return tensor_view<const float>(values.data(), { static_cast<std::ptrdiff_t>(values.size()) / 4, 4 })
            .narrowed(0, first, count);
    }

    /// Squares of differences rounded to float, and double sums: 2^-24 of the deviation, and as much again to spare.
    void check_moments(const feature_moments& actual, const std::vector<float>& values)
    {
        REQUIRE(actual.moments().size() == 4);
        for (std::size_t feature = 0; feature < 4; ++feature)
        {
            const reference_moment expected = reference(values, feature, 4);
            const feature_moment& moment = actual.moments()[feature];
            const auto deviation = static_cast<double>(expected.deviation);
            CHECK(moment.count == expected.count);
            CHECK(std::abs(moment.mean - static_cast<double>(expected.mean))
                  <= 1e-12 * (deviation + std::abs(moment.mean)));
            CHECK(std::abs(moment.deviation() - deviation) <= 0x1p-23 * deviation);
        }
    }
}

TEST_CASE("mean and deviation are those of the definition, however the rows are divided")
{
    const std::vector<float> values = features_with_gaps(1000);
    for (const std::ptrdiff_t rows : { 1, 7, 333, 1000 })
    {
        feature_moments moments;
        for (std::ptrdiff_t first = 0; first < 1000; first += rows)
            moments.observe(rows_of(values, first, std::min(rows, 1000 - first)));
        check_moments(moments, values);
    }
}

TEST_CASE("merged moments have seen everything")
{
    const std::vector<float> values = features_with_gaps(1000);
    for (const std::ptrdiff_t cut : { 0, 1, 500, 999, 1000 })
    {
        feature_moments first, second;
        first.observe(rows_of(values, 0, cut));
        second.observe(rows_of(values, cut, 1000 - cut));
        first.merge(feature_moments {});
        first.merge(second);
        check_moments(first, values);
    }
}

TEST_CASE("the layout changes no bit")
{
    const std::vector<float> values = features_with_gaps(60);
    feature_moments expected;
    expected.observe(tensor_view(values.data(), { 3, 20, 4 }));
    random_bits random(1);
    for (int i = 0; i < 20; ++i)
    {
        const tensor_shape shape { 3, 20, 4 };
        const strided_tensor<float> batch(shape, random_strides(shape, random), values);
        feature_moments moments;
        moments.observe(batch.view());
        CHECK(moments.moments() == expected.moments());
    }
}

TEST_CASE("equal values have exactly no deviation, whatever their size and number")
{
    for (const float value : { 0.1f, -1e-40f, 16'777'217.0f, 3e38f })
    {
        const std::vector<float> values(1234, value);
        feature_moments constant;
        constant.observe(tensor_view<const float>(values.data(), { 1000, 1 }));
        constant.observe(tensor_view<const float>(values.data(), { 234, 1 }));
        CHECK(constant.moments()[0].mean == static_cast<double>(value));
        CHECK(constant.moments()[0].deviation() == 0.0);
    }
}

TEST_CASE("a feature without values counts nothing")
{
    feature_moments moments;
    const std::vector<float> values { 1.0f, missing, 2.0f, missing };
    moments.observe(tensor_view(values.data(), { 2, 2 }));
    CHECK(moments.moments()[0].count == 2);
    CHECK(moments.moments()[1] == feature_moment {});
    CHECK(moments.moments()[1].deviation() == 0.0);
    moments.observe(tensor_view<const float>(nullptr, { 0, 2 }));
    CHECK(moments.moments()[0].count == 2);
}

TEST_CASE("batches of another number of features are refused")
{
    feature_moments moments;
    const std::vector<float> values(6);
    CHECK(moments.moments().empty());
    moments.observe(tensor_view(values.data(), { 2, 3 }));
    CHECK_THROWS_WITH_AS(moments.observe(tensor_view(values.data(), { 3, 2 })),
                         "quantkit: a batch has 2 features, but those before had 3", std::invalid_argument);
    CHECK_THROWS_WITH_AS(moments.observe(tensor_view<const float>(values.data(), tensor_shape {})),
                         "quantkit: a batch has the shape [..., features], but this tensor has rank 0",
                         std::invalid_argument);
}
