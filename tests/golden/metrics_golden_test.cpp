// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/metrics/histogram_distance.hpp>
#include <quantkit/metrics/logit_metrics.hpp>

#include "runner.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    template <class Metric>
    struct named
    {
        std::string_view name;
        using type = Metric;
    };

    /// The values of the metrics that the case names, in its order; throws for a name that is not in the table.
    template <class Accumulator, class... Metrics>
    std::vector<double> values_of(const case_run& run, const Accumulator& seen, named<Metrics>... table)
    {
        std::vector<double> values;
        for (const auto& name : run.attr<std::vector<std::string>>("metrics"))
        {
            const auto before = values.size();
            ((table.name == name ? values.push_back(Metrics {}(seen)) : void()), ...);
            if (values.size() != before + 1)
                throw std::invalid_argument("unknown metric " + name);
        }
        return values;
    }

    template <class Accumulator>
    Accumulator seen_of(const case_run& run)
    {
        const npy_array a = run.input("a"), b = run.input("b");
        Accumulator seen;
        seen.observe(a.view<float>(), b.view<float>());
        return seen;
    }
}

TEST_CASE("metrics: the family's ops")
{
    golden::check_ops("metrics", { "element_metrics", "logit_metrics", "histogram_kl" });
}

TEST_CASE("metrics: between elements")
{
    golden::check_cases(
        "metrics", "element_metrics",
        [](case_run& run)
        {
            run.compare("values", values_of(run, seen_of<error_metrics>(run), named<mse> { "mse" },
                                            named<rmse> { "rmse" }, named<mae> { "mae" },
                                            named<max_abs_error> { "max_abs" }, named<sqnr_db> { "sqnr_db" },
                                            named<psnr_db> { "psnr_db" }, named<psnr_range_db> { "psnr_range_db" },
                                            named<cosine_similarity> { "cosine" }, named<relative_l2> { "rel_l2" }));
        });
}

TEST_CASE("metrics: between rows of logits")
{
    golden::check_cases(
        "metrics", "logit_metrics",
        [](case_run& run)
        {
            run.compare("values", values_of(run, seen_of<logit_metrics>(run), named<kl_divergence> { "kl" },
                                            named<js_divergence> { "js" }, named<top1_agreement> { "top1" },
                                            named<top5_agreement> { "top5" }, named<top5_overlap> { "top5_overlap" }));
        });
}

TEST_CASE("metrics: between histograms")
{
    golden::check_cases("metrics", "histogram_kl",
                        [](case_run& run)
                        {
                            const npy_array p = run.input("p"), q = run.input("q");
                            run.compare_scalar("values", histogram_kl_divergence(p.as<float>(), q.as<float>()));
                        });
}
