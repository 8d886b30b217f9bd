// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/rounding.hpp>
#include <quantkit/tensor/fake_quantizer.hpp>

#include "ranges.hpp"
#include "runner.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    template <class Granularity>
    void compare_forward(case_run& run, const qparams_list& params, Granularity granularity)
    {
        const npy_array x = run.input("x");
        std::vector<float> y(x.as<float>().size());
        golden::with_range(
            golden::bounds_of(run), [&]<class Range>(Range)
            { fake_quantize<Range>(x.view<float>(), tensor_view<float>(y.data(), x.shape), params, granularity); });
        run.compare("y", y);
    }

    /// A learned zero_point is a float: the code used is the nearest one.
    qparams_list learned_qparams_of(const golden::test_case& test)
    {
        const quant_bounds bounds = golden::bounds_of(test);
        const npy_array scale = test.input("scale"), zero_point = test.input("zero_point");
        qparams_list params;
        for (std::size_t i = 0; i < scale.as<float>().size(); ++i)
        {
            const auto code = static_cast<std::int32_t>(round_half_even(zero_point.as<float>()[i]));
            params.push_back({ scale.as<float>()[i], std::clamp(code, bounds.quant_min, bounds.quant_max) });
        }
        return params;
    }
}

TEST_CASE("fake_quantize: the family's ops")
{
    golden::check_ops("fake_quantize", { "fake_quantize_per_tensor", "fake_quantize_per_channel",
                                         "fake_quantize_learnable_per_tensor", "fake_quantize_learnable_per_channel" });
}

TEST_CASE("fake_quantize: per tensor")
{
    golden::check_cases("fake_quantize", "fake_quantize_per_tensor",
                        [](case_run& run) { compare_forward(run, golden::qparams_of(run), per_tensor {}); },
                        { "grad_" });
}

TEST_CASE("fake_quantize: per channel")
{
    golden::check_cases(
        "fake_quantize", "fake_quantize_per_channel",
        [](case_run& run)
        { compare_forward(run, golden::channel_qparams_of(run), per_axis { run.attr<std::ptrdiff_t>("axis") }); },
        { "grad_" });
}

TEST_CASE("fake_quantize: learnable, per tensor")
{
    golden::check_cases(
        "fake_quantize", "fake_quantize_learnable_per_tensor",
        [](case_run& run)
        {
            const auto scale = static_cast<float>(run.attr<double>("scale"));
            compare_forward(run, qparams { scale, run.attr<std::int32_t>("zero_point_used") }, per_tensor {});
        },
        { "grad_" });
}

TEST_CASE("fake_quantize: learnable, per channel")
{
    golden::check_cases(
        "fake_quantize", "fake_quantize_learnable_per_channel",
        [](case_run& run)
        { compare_forward(run, learned_qparams_of(run), per_axis { run.attr<std::ptrdiff_t>("axis") }); },
        { "grad_" });
}
