// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/percentile.hpp>

#include "ranges.hpp"
#include "runner.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    percentile_settings settings_of(const golden::test_case& test)
    {
        const bool is_symmetric = test.attr<std::string>("convention") == "textbook_symmetric";
        return { .percentile = test.attr<double>("percentile"),
                 .ends = is_symmetric ? percentile_ends::magnitudes : percentile_ends::both };
    }

    /// scale and zero_point of the textbooks, which need not hold 0 nor have a zero_point that is a code.
    qparams textbook_qparams(const std::string& convention, real_range range, quant_bounds bounds)
    {
        const double steps =
            convention == "textbook_symmetric" ? 2.0 * bounds.quant_max : bounds.quant_max - bounds.quant_min;
        const double width = static_cast<double>(range.max) - static_cast<double>(range.min);
        const double scale = width == 0.0 ? 1.0 : width / steps;
        if (convention == "textbook_symmetric")
            return { static_cast<float>(scale), 0 };
        const double zero_point = bounds.quant_min - round_half_even(static_cast<double>(range.min) / scale);
        const bool is_clamped = convention != "textbook_asymmetric";
        return { static_cast<float>(scale),
                 static_cast<std::int32_t>(
                     is_clamped ? std::clamp<double>(zero_point, bounds.quant_min, bounds.quant_max) : zero_point) };
    }

    /// The library's own scheme without its floor of the scale, where that is what the convention says.
    qparams chosen(const std::string& convention, real_range range, quant_bounds bounds)
    {
        return convention == "signed_affine_zero" ? affine { 0.0f }(range, bounds)
                                                  : textbook_qparams(convention, range, bounds);
    }

    void compare_codes(case_run& run, const std::vector<float>& x, qparams params, quant_bounds bounds)
    {
        std::vector<std::int32_t> q;
        std::vector<float> dq;
        for (const float value : x)
        {
            q.push_back(quantize_value(value, params, bounds));
            dq.push_back(dequantize_value(q.back(), params));
        }
        run.compare_scalar("scale", static_cast<double>(params.scale));
        run.compare_scalar("zero_point", params.zero_point);
        run.compare("q", q);
        run.compare("dq", dq);
    }

    void compare_percentiles(case_run& run)
    {
        const npy_array input = run.input("x");
        const std::vector<float> x(input.as<float>().begin(), input.as<float>().end());
        const auto convention = run.attr<std::string>("convention");
        percentile_observer observer(settings_of(run));
        observer.observe(x);
        real_range range = observer.range();
        if (convention == "signed_affine_zero")
            range = united(range, { 0.0f, 0.0f });
        run.compare_scalar("lo", static_cast<double>(range.min));
        run.compare_scalar("hi", static_cast<double>(range.max));

        const quant_bounds bounds = golden::bounds_of(run);
        compare_codes(run, x, chosen(convention, range, bounds), bounds);
    }

    /// numpy's double, bit for bit.
    void compare_bits(case_run& run)
    {
        const npy_array input = run.input("x");
        const double p = run.attr<double>("percentile");
        percentile_observer observer(settings_of(run));
        observer.observe(input.view<float>());
        const bool is_symmetric = settings_of(run).ends == percentile_ends::magnitudes;
        const double high = is_symmetric ? observer.magnitude_percentile(p) : observer.percentile(p);
        const double low = is_symmetric ? -high : observer.percentile(100.0 - p);
        const bool holds_zero = run.attr<std::string>("convention") == "signed_affine_zero";
        run.expect((holds_zero ? std::max(high, 0.0) : high) == run.output("hi").as<double>()[0], "hi differs");
        run.expect((holds_zero ? std::min(low, 0.0) : low) == run.output("lo").as<double>()[0], "lo differs");
    }
}

TEST_CASE("percentile: the family's ops") { golden::check_ops("percentile", { "percentile_quantize" }); }

TEST_CASE("percentile: ranges, qparams and codes")
{
    golden::check_cases("percentile", "percentile_quantize", compare_percentiles);
}

TEST_CASE("percentile: the ranges are numpy's to the bit")
{
    for (const golden::test_case& test : golden::family("percentile").cases("percentile_quantize"))
    {
        case_run run(test);
        compare_bits(run);
        CHECK_MESSAGE(run.failures().empty(), run.name());
    }
}
