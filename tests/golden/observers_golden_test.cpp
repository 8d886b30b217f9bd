// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/histogram.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/moving_average.hpp>

#include "ranges.hpp"
#include "runner.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    /// One row a batch, as the vectors hold them.
    struct history
    {
        std::vector<float> min_val, max_val, scale;
        std::vector<std::int32_t> zero_point;

        void add(real_range range, qparams params)
        {
            min_val.push_back(range.min);
            max_val.push_back(range.max);
            scale.push_back(params.scale);
            zero_point.push_back(params.zero_point);
        }
    };

    /// The scheme of the attributes, as a function.
    qparams chosen(const golden::test_case& test, real_range range)
    {
        const quant_bounds bounds = golden::bounds_of(test, "quant_min", "quant_max");
        const auto eps = static_cast<float>(test.attr<double>("eps"));
        if (test.attr<std::string>("qscheme").ends_with("affine"))
            return choose_qparams(range, bounds, affine { eps });
        symmetric scheme { eps };
        if (test.attr<bool>("custom_range") && bounds.quant_min >= 0)
            scheme.zero_point = (bounds.quant_min + bounds.quant_max) / 2;
        return choose_qparams(range, bounds, scheme);
    }

    std::vector<real_range> ranges_of(const batch_observer auto& observer) { return { observer.range() }; }
    std::vector<real_range> ranges_of(const ranges_observer auto& observer) { return observer.ranges(); }

    template <class Observer>
    void compare_history(case_run& run, Observer observer)
    {
        history seen;
        for (int i = 0; i < run.attr<int>("batches"); ++i)
        {
            const npy_array batch = run.input("batch_" + std::to_string(i));
            observer.observe(batch.view<float>());
            for (const real_range& range : ranges_of(observer))
                seen.add(range, chosen(run, range));
        }
        run.compare("min_val", seen.min_val);
        run.compare("max_val", seen.max_val);
        run.compare("scale", seen.scale);
        run.compare("zero_point", seen.zero_point);
    }

    void compare_observer(case_run& run)
    {
        const auto name = run.attr<std::string>("observer");
        const auto constant = [&] { return static_cast<float>(run.attr<double>("averaging_constant")); };
        const auto axis = [&] { return per_axis { run.attr<std::ptrdiff_t>("axis") }; };
        if (name == "MinMaxObserver")
            compare_history(run, minmax_observer {});
        else if (name == "MovingAverageMinMaxObserver")
            compare_history(run, moving_average_observer { constant() });
        else if (name == "PerChannelMinMaxObserver")
            compare_history(run, per_axis_observer<minmax_observer>(axis()));
        else if (name == "MovingAveragePerChannelMinMaxObserver")
            compare_history(run, per_axis_observer<moving_average_observer>(axis(), { constant() }));
        else
            throw std::invalid_argument("unknown observer " + name);
    }

    void compare_histogram(case_run& run)
    {
        histogram_observer observer(
            { .bins = run.attr<std::size_t>("bins"), .upsample_rate = run.attr<std::size_t>("upsample_rate") });
        history seen;
        std::vector<float> new_min, new_max;
        std::vector<double> counts;
        for (int i = 0; i < run.attr<int>("batches"); ++i)
        {
            const npy_array batch = run.input("batch_" + std::to_string(i));
            observer.observe(batch.view<float>());
            const real_range range = observer.range();
            const equal_bins& histogram = observer.histogram();
            seen.add(histogram.range, chosen(run, range));
            new_min.push_back(range.min);
            new_max.push_back(range.max);
            counts.insert(counts.end(), histogram.counts.begin(), histogram.counts.end());
        }
        run.compare("min_val", seen.min_val);
        run.compare("max_val", seen.max_val);
        run.compare("histogram", counts);
        run.compare("new_min", new_min);
        run.compare("new_max", new_max);
        run.compare("scale", seen.scale);
        run.compare("zero_point", seen.zero_point);
    }
}

TEST_CASE("observers: the family's ops")
{
    golden::check_ops("observers", { "observer", "histogram_observer", "choose_qparams", "observer_invalid" });
}

TEST_CASE("observers: running and average ranges, and their qparams")
{
    golden::check_cases("observers", "observer", compare_observer);
}

TEST_CASE("observers: histograms, and the range that is searched in them")
{
    golden::check_cases("observers", "histogram_observer", compare_histogram);
}

TEST_CASE("observers: the qparams of dynamic quantization")
{
    golden::check_cases("observers", "choose_qparams",
                        [](case_run& run)
                        {
                            const npy_array x = run.input("x");
                            const qparams params = choose_qparams(measured_range(x.view<float>()),
                                                                  golden::bounds_of(run), dynamic_affine {});
                            run.compare_scalar("scale", static_cast<double>(params.scale));
                            run.compare_scalar("zero_point", params.zero_point);
                        });
}

TEST_CASE("observers: a range that is not finite is refused or left out, never a scale")
{
    golden::check_cases("observers", "observer_invalid",
                        [](case_run& run)
                        {
                            const npy_array x = run.input("batch_0");
                            minmax_observer observer;
                            observer.observe(x.view<float>());
                            try
                            {
                                const qparams params = choose_qparams<uint8_full>(observer.range(), affine {});
                                run.expect(std::isfinite(params.scale), "the scale is not finite");
                            }
                            catch (const std::invalid_argument& error)
                            {
                                run.expect(std::string(error.what()).starts_with("quantkit: "), error.what());
                            }
                        });
}
