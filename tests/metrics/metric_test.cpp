// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/metrics/metric.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace qk = quantkit;

namespace
{
    // Somebody else's metric on the library's accumulator.
    struct error_energy_share
    {
        using accumulator = qk::error_metrics;
        static constexpr const char* name = "share of the energy";
        static constexpr bool higher_is_better = false;

        double operator()(const qk::error_metrics& seen) const
        {
            return seen.squared_error() / seen.sums().squared_reference.value();
        }
    };

    // Somebody else's accumulator: how many signs differ.
    struct sign_flips
    {
        std::size_t flips = 0, count = 0;

        void observe(const qk::tensor_view<const float>& reference, const qk::tensor_view<const float>& approximation)
        {
            for (std::ptrdiff_t i = 0; i < reference.size(); ++i, ++count)
                flips += (reference.data()[i] < 0) != (approximation.data()[i] < 0) ? 1 : 0;
        }

        void merge(const sign_flips& other)
        {
            flips += other.flips;
            count += other.count;
        }
    };

    struct flip_rate
    {
        using accumulator = sign_flips;
        static constexpr std::string_view name = "sign flips";
        static constexpr bool higher_is_better = false;

        double operator()(const sign_flips& seen) const
        {
            return static_cast<double>(seen.flips) / static_cast<double>(seen.count);
        }
    };

    struct flip_count : flip_rate
    {
        double operator()(const sign_flips& seen) const { return static_cast<double>(seen.flips); }
    };

    struct without_name
    {
        using accumulator = qk::error_metrics;
        static constexpr bool higher_is_better = false;
        double operator()(const qk::error_metrics&) const { return 0; }
    };

    struct with_state : error_energy_share
    {
        int state = 0;
    };

    static_assert(
        qk::pair_metric<error_energy_share> && qk::pair_metric<flip_rate> && qk::pair_accumulator<sign_flips>);
    static_assert(!without_name::higher_is_better
                  && !qk::metric<without_name> && !qk::metric<with_state> && !qk::metric<sign_flips>);
    static_assert(qk::metric_of<qk::mse, qk::error_metrics> && !qk::metric_of<qk::mse, sign_flips>);
    static_assert(!qk::pair_accumulator<qk::mse>);

    // What an evaluator does: it knows nothing but the concept.
    template <qk::pair_metric Metric>
    std::string better_of(const std::vector<float>& reference, const std::vector<float>& first,
                          const std::vector<float>& second)
    {
        const double a = qk::measure<Metric>(reference, first), b = qk::measure<Metric>(reference, second);
        const bool first_is_better = Metric::higher_is_better ? a > b : a < b;
        return std::string(first_is_better ? "first" : "second") + " by " + std::string(Metric::name);
    }
}

TEST_CASE("metrics and accumulators of somebody else take part")
{
    const std::vector<float> r { 1, -2, 3, -4 }, near { 1, -2, 3, -3 }, far { -1, -2, 3, 4 };
    CHECK(qk::measure<flip_rate>(r, far) == 0.5);
    CHECK(qk::measure<flip_rate, flip_count>(r, far) == std::array<double, 2> { 0.5, 2.0 });
    CHECK(qk::measure<error_energy_share, qk::mse>(r, near) == std::array<double, 2> { 1.0 / 30.0, 0.25 });
    CHECK(better_of<flip_rate>(r, near, far) == "first by sign flips");
    CHECK(better_of<error_energy_share>(r, far, near) == "second by share of the energy");
    CHECK(better_of<qk::sqnr_db>(r, near, far) == "first by SQNR [dB]");
}

TEST_CASE("batches of somebody else's accumulator merge")
{
    sign_flips a, b;
    const std::vector<float> r { 1, -1 }, x { -1, -1 };
    a.observe(qk::view_of(r), qk::view_of(x));
    b.observe(qk::view_of(r), qk::view_of(r));
    a.merge(b);
    CHECK(flip_rate {}(a) == 0.25);
}
