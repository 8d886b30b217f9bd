// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/training/fake_quantize.hpp>

#include "ranges.hpp"
#include "runner.hpp"

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

    training::channel_layout layout_of(const npy_array& x, per_tensor) { return training::layout_of(x.shape, {}); }
    training::channel_layout layout_of(const npy_array& x, per_axis granularity)
    {
        return training::layout_of(x.shape, granularity.axis);
    }

    template <class Granularity>
    void compare_input_gradient(case_run& run, const qparams_list& params, Granularity granularity)
    {
        const npy_array x = run.input("x"), d_y = run.input("grad_out");
        std::vector<float> d_x(x.as<float>().size());
        training::fake_quantize_backward(x.as<float>().data(), d_y.as<float>().data(), d_x.data(),
                                         layout_of(x, granularity), params, golden::bounds_of(run));
        run.compare("grad_x", d_x);
    }

    template <class Granularity>
    void compare(case_run& run, const qparams_list& params, Granularity granularity)
    {
        compare_forward(run, params, granularity);
        compare_input_gradient(run, params, granularity);
    }

    template <class Granularity>
    void compare_learned(case_run& run, const qparams_list& params, Granularity granularity)
    {
        compare(run, params, granularity);
        const npy_array x = run.input("x"), d_y = run.input("grad_out");
        const quant_bounds bounds = golden::bounds_of(run);
        const training::channel_layout layout = layout_of(x, granularity);
        std::vector<float> y(x.as<float>().size());
        training::fake_quantize(x.as<float>().data(), y.data(), layout, params, bounds);
        const double factor = run.attr<double>("grad_factor");
        std::vector<double> d_scale, d_zero_point;
        for (const qparams_gradient& each : training::fake_quantize_qparams_backward(
                 { x.as<float>().data(), y.data(), d_y.as<float>().data() }, layout, params, bounds))
        {
            d_scale.push_back(each.scale * factor);
            d_zero_point.push_back(each.zero_point * factor);
        }
        run.compare("grad_scale", d_scale);
        run.compare("grad_zero_point", d_zero_point);
    }

    qparams_list learned_qparams_of(const golden::test_case& test)
    {
        const npy_array scale = test.input("scale"), zero_point = test.input("zero_point");
        qparams_list params;
        for (std::size_t i = 0; i < scale.as<float>().size(); ++i)
            params.push_back({ scale.as<float>()[i],
                               training::code_of_zero_point(zero_point.as<float>()[i], golden::bounds_of(test)) });
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
                        [](case_run& run) { compare(run, golden::qparams_of(run), per_tensor {}); });
}

TEST_CASE("fake_quantize: per channel")
{
    golden::check_cases(
        "fake_quantize", "fake_quantize_per_channel",
        [](case_run& run)
        { compare(run, golden::channel_qparams_of(run), per_axis { run.attr<std::ptrdiff_t>("axis") }); });
}

TEST_CASE("fake_quantize: learnable, per tensor")
{
    golden::check_cases("fake_quantize", "fake_quantize_learnable_per_tensor",
                        [](case_run& run)
                        {
                            const auto scale = static_cast<float>(run.attr<double>("scale"));
                            const auto zero_point = static_cast<float>(run.attr<double>("zero_point"));
                            const std::int32_t code = training::code_of_zero_point(zero_point, golden::bounds_of(run));
                            run.expect(code == run.attr<std::int32_t>("zero_point_used"), "zero_point_used is another");
                            compare_learned(run, qparams { scale, code }, per_tensor {});
                        });
}

TEST_CASE("fake_quantize: learnable, per channel")
{
    golden::check_cases(
        "fake_quantize", "fake_quantize_learnable_per_channel",
        [](case_run& run)
        { compare_learned(run, learned_qparams_of(run), per_axis { run.attr<std::ptrdiff_t>("axis") }); });
}
