// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/calibration/standardizer.hpp>

#include <quantkit/io/safetensors.hpp>

#include "io/temporary_folder.hpp"
#include "support/checks.hpp"
#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    constexpr float missing = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();

    feature_moments observed(const std::vector<float>& values, std::ptrdiff_t features)
    {
        feature_moments moments;
        moments.observe(
            tensor_view(values.data(), { static_cast<std::ptrdiff_t>(values.size()) / features, features }));
        return moments;
    }

    template <class Call>
    void check_refused(Call call, const char* text)
    {
        CHECK_THROWS_WITH_AS(call(), text, std::invalid_argument);
    }
}

TEST_CASE("what was observed gets mean 0 and deviation 1")
{
    std::vector<float> values = normal_floats(3000, 1);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = values[i] * static_cast<float>(1 + i % 3) + 100.0f * static_cast<float>(i % 3);
    const standardizer standardize(observed(values, 3));
    standardize(tensor_view(values.data(), { 1000, 3 }));
    const feature_moments after = observed(values, 3);
    for (const feature_moment& moment : after.moments())
    {
        CHECK(std::abs(moment.mean) < 1e-6);
        CHECK(std::abs(moment.deviation() - 1.0) < 1e-6);
    }
}

TEST_CASE("every value follows the definition, in every layout")
{
    const tensor_shape shape { 4, 5, 3 };
    std::vector<float> values = random_floats(60, 2, -10.0f, 10.0f);
    values[7] = missing;
    const standardization parameters { { 1.0, -2.0, 0.5 }, { 2.0, 0.25, 3.0 }, 4.0 };
    std::vector<float> expected;
    for (std::size_t i = 0; i < values.size(); ++i)
    {
        const double deviations =
            (static_cast<double>(values[i]) - parameters.mean[i % 3]) / parameters.deviation[i % 3];
        expected.push_back(i == 7 ? 0.0f : static_cast<float>(std::fmin(std::fmax(deviations, -4.0), 4.0)));
    }
    random_bits random(3);
    for (int i = 0; i < 20; ++i)
    {
        const strided_tensor<float> x(shape, random_strides(shape, random), values);
        strided_tensor<float> y(shape, random_strides(shape, random));
        standardizer { parameters }(x.view(), y.view());
        require_equal(y.row_major(), expected);
    }
}

TEST_CASE("missing values, outliers, infinities and constant features")
{
    const std::vector<float> values { 1.0f, 0.1f, missing, 3.0f, 0.1f, missing };
    const standardizer standardize(observed(values, 3), 2.5);
    CHECK(standardize.parameters() == standardization { { 2.0, double { 0.1f }, 0.0 }, { 1.0, 1.0, 1.0 }, 2.5 });
    std::vector<float> x {
        missing, missing, missing, 2.0f, 0.1f, 0.5f, 100.0f, 0.2f, -9.0f, -infinity, 0.1f, infinity
    };
    standardize(tensor_view(x.data(), { 4, 3 }));
    const auto shifted = static_cast<float>(double { 0.2f } - double { 0.1f });
    require_equal(x, std::vector { 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.5f, 2.5f, shifted, -2.5f, -2.5f, 0.0f, 2.5f });
}

TEST_CASE("without a limit, outliers and infinities stay")
{
    std::vector<float> x { 1e30f, -infinity };
    standardizer { standardization { { 0.0 }, { 0.5 } } }(tensor_view(x.data(), { 2, 1 }));
    require_equal(x, std::vector { 2e30f, -infinity });
}

TEST_CASE("parameters survive a safetensors file")
{
    const temporary_folder folder;
    const standardization saved = standardizer { observed(normal_floats(300, 4), 3), 6.0 }.parameters();
    const std::vector<named_tensor> tensors {
        make_named_tensor("mean", std::span<const double>(saved.mean), { 3 }),
        make_named_tensor("deviation", std::span<const double>(saved.deviation), { 3 }),
    };
    write_safetensors(folder / "scaler.safetensors", tensors);
    const safetensors_file file(folder / "scaler.safetensors");
    const auto loaded = [&](const char* name)
    {
        const auto values = file.tensor(name).as<double>();
        return std::vector<double>(values.begin(), values.end());
    };
    CHECK(standardizer { { loaded("mean"), loaded("deviation"), 6.0 } }.parameters() == saved);
}

TEST_CASE("parameters that cannot standardize are refused with the numbers")
{
    check_refused(
        [] {
            standardizer { standardization { { 1.0, 2.0 }, { 1.0 } } };
        },
        "quantkit: there are 2 means, but 1 deviations");
    check_refused(
        [] {
            standardizer { standardization { { 0.0, 1.0 }, { 1.0, 0.0 } } };
        },
        "quantkit: feature 1 cannot be standardized with mean 1 and deviation 0");
    check_refused(
        [] {
            standardizer { standardization { {}, {}, -3.0 } };
        },
        "quantkit: values are clipped to a positive number of deviations, but not to -3");
    check_refused([] { standardizer { feature_moments {} }; },
                  "quantkit: nothing was observed, so there is nothing to standardize with");
    const std::vector<float> infinite { 1.0f, infinity };
    CHECK_THROWS_AS(standardizer { observed(infinite, 1) }, std::invalid_argument);
}

TEST_CASE("shapes that do not fit are refused")
{
    const standardizer standardize(standardization { { 0.0, 0.0 }, { 1.0, 1.0 } });
    std::vector<float> x(6), y(4);
    check_refused(
        [&] {
            standardize(tensor_view(x.data(), { 2, 3 }));
        },
        "quantkit: a tensor of shape [2, 3] does not have 2 features along its last axis");
    check_refused(
        [&] {
            standardize(tensor_view(x.data(), { 3, 2 }), tensor_view(y.data(), { 2, 2 }));
        },
        "quantkit: the output has shape [2, 2], but the input has [3, 2]");
}
