// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/aciq_threshold.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <stdexcept>

namespace qk = quantkit;

namespace
{
    constexpr int least_bits = 2;

    // Uniform in [-1, 1]: a distribution of somebody else's. Clipping at t < 1 costs (1 - t)^3 / 3.
    struct uniform_distribution
    {
        double clipping_error(double t) const { return t < 1.0 ? std::pow(1.0 - t, 3) / 3.0 : 0.0; }
        double clipping_slope(double t) const { return t < 1.0 ? -std::pow(1.0 - t, 2) : 0.0; }
    };

    // 2 * integral of (x - t)^2 density(x) from t on, by the midpoint rule.
    template <class Density>
    double integrated_clipping_error(double t, Density density)
    {
        constexpr int steps = 200000;
        const double width = 60.0 / steps;
        double sum = 0.0;
        for (int i = 0; i < steps; ++i)
        {
            const double beyond = (i + 0.5) * width;
            sum += beyond * beyond * density(t + beyond);
        }
        return 2.0 * sum * width;
    }

    template <class Distribution>
    void check_least_error(const Distribution& distribution)
    {
        for (int bits = 1; bits <= 16; ++bits)
        {
            CAPTURE(bits);
            const double best = qk::optimal_threshold(bits, distribution);
            const double least = qk::clipping_and_rounding_error(best, bits, distribution);
            for (double t = 0.01; t < 40.0; t += 0.01)
                REQUIRE(qk::clipping_and_rounding_error(t, bits, distribution) >= least * (1.0 - 1e-12));
        }
    }
}

TEST_CASE("the constants of the paper and of its code")
{
    constexpr std::array laplace { 2.83, 3.89, 5.03, 6.2, 7.41, 8.64, 9.89 };
    constexpr std::array gauss { 1.71, 2.15, 2.55, 2.93, 3.28, 3.61, 3.92 };
    for (std::size_t i = 0; i < laplace.size(); ++i)
    {
        const int bits = least_bits + static_cast<int>(i);
        CAPTURE(bits);
        CHECK(qk::optimal_threshold(bits, qk::laplace_distribution {}) == doctest::Approx(laplace[i]).epsilon(0.002));
        CHECK(qk::optimal_threshold(bits, qk::gauss_distribution {}) == doctest::Approx(gauss[i]).epsilon(0.004));
    }
}

TEST_CASE("the formulas of the clipping error are the integrals that they stand for")
{
    for (const double t : { 0.0, 0.3, 1.0, 2.5, 4.0 })
    {
        CAPTURE(t);
        const auto laplace = [](double x) { return std::exp(-x) / 2.0; };
        const auto gauss = [](double x) { return std::exp(-x * x / 2.0) / std::sqrt(2.0 * std::numbers::pi); };
        CHECK(qk::laplace_distribution {}.clipping_error(t)
              == doctest::Approx(integrated_clipping_error(t, laplace)).epsilon(1e-6));
        CHECK(qk::gauss_distribution {}.clipping_error(t)
              == doctest::Approx(integrated_clipping_error(t, gauss)).epsilon(1e-6));
    }
}

TEST_CASE("the slopes are those of the errors")
{
    const auto check = [](const auto& distribution, double t)
    {
        const double h = 1e-5;
        const double difference = (distribution.clipping_error(t + h) - distribution.clipping_error(t - h)) / (2.0 * h);
        CHECK(distribution.clipping_slope(t) == doctest::Approx(difference).epsilon(1e-6));
    };
    for (const double t : { 0.1, 0.5, 1.0, 2.0, 3.0 })
    {
        check(qk::laplace_distribution {}, t);
        check(qk::gauss_distribution {}, t);
    }
}

TEST_CASE("no other threshold has a smaller error")
{
    check_least_error(qk::laplace_distribution {});
    check_least_error(qk::gauss_distribution {});
    check_least_error(uniform_distribution {});
}

TEST_CASE("bits out of range are refused")
{
    CHECK_THROWS_WITH_AS(qk::optimal_threshold(0, qk::gauss_distribution {}),
                         "quantkit: bits must lie in [1, 16], but is 0", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::optimal_threshold(17, qk::laplace_distribution {}),
                         "quantkit: bits must lie in [1, 16], but is 17", std::invalid_argument);
}
