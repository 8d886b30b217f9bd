// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/training/adam.hpp>
#include <quantkit/training/sgd.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <type_traits>
#include <vector>

using namespace quantkit::training;

namespace
{
    constexpr std::size_t steps = 20;
    constexpr double rate = 0.05;

    /// One value of torch.optim.SGD and of Adam, in double, as their documentation writes them.
    struct reference_sgd
    {
        sgd_options options;
        double velocity = 0;
        bool first = true;

        double operator()(double value, double gradient)
        {
            double d = gradient + options.weight_decay * value;
            if (options.momentum != 0)
            {
                velocity = first ? d : options.momentum * velocity + (1 - options.dampening) * d;
                first = false;
                d = options.nesterov ? d + options.momentum * velocity : velocity;
            }
            return value - rate * d;
        }
    };

    struct reference_adam
    {
        adam_options options;
        double m = 0, s = 0, t = 0;

        double operator()(double value, double gradient)
        {
            if (options.decay == weight_decay_kind::decoupled)
                value -= rate * options.weight_decay * value;
            else
                gradient += options.weight_decay * value;
            t += 1;
            m = options.beta1 * m + (1 - options.beta1) * gradient;
            s = options.beta2 * s + (1 - options.beta2) * gradient * gradient;
            const double m_hat = m / (1 - std::pow(options.beta1, t)), s_hat = s / (1 - std::pow(options.beta2, t));
            return value - rate * m_hat / (std::sqrt(s_hat) + options.eps);
        }
    };

    /// The largest difference after some steps with random gradients, of values of about 1.
    template <class Optimizer, class Reference>
    double largest_difference(Optimizer optimizer, const Reference& reference)
    {
        constexpr std::size_t count = 37;
        std::vector<float> values = quantkit::test::random_floats(count, 1);
        std::vector<double> expected(values.begin(), values.end());
        std::vector<Reference> references(count, reference);
        double largest = 0;
        for (std::size_t step = 0; step < steps; ++step)
        {
            const std::vector<float> gradient = quantkit::test::random_floats(count, 100 + step);
            optimizer.update(0, values, gradient, rate);
            for (std::size_t i = 0; i < count; ++i)
            {
                expected[i] = references[i](expected[i], static_cast<double>(gradient[i]));
                largest = std::max(largest, std::abs(static_cast<double>(values[i]) - expected[i]));
            }
        }
        return largest;
    }

    // Each step rounds a few times at magnitudes below 2.
    constexpr double rounding = steps * 8 * 0x1p-24;
}

TEST_CASE("sgd: as defined, with and without momentum, dampening, decay and Nesterov's look ahead")
{
    for (const sgd_options& options :
         { sgd_options {}, sgd_options { .weight_decay = 0.1 }, sgd_options { .momentum = 0.9 },
           sgd_options { .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.01 },
           sgd_options { .momentum = 0.8, .weight_decay = 0.01, .nesterov = true } })
        CHECK(largest_difference(sgd(options), reference_sgd { options }) < rounding);
    CHECK(largest_difference(sgd({ .momentum = 0.9 }), reference_sgd { { .momentum = 0.8 } }) > rounding);
}

TEST_CASE("adam, adamw: as defined")
{
    for (const adam_options& options :
         { adam_options {}, adam_options { .weight_decay = 0.1 }, adam_options { .beta1 = 0.5, .beta2 = 0.9 }, adamw })
        CHECK(largest_difference(adam(options), reference_adam { options }) < rounding);
    CHECK(largest_difference(adam(adamw), reference_adam { { .weight_decay = 1e-2 } }) > rounding);
}

TEST_CASE("adam: the first step is the rate against the gradient's sign, a gradient of 0 moves nothing")
{
    std::array<float, 3> values { 1.0f, 1.0f, 1.0f };
    adam().update(0, values, std::array { 1e-3f, -1e3f, 0.0f }, 0.25);
    CHECK(values[0] == doctest::Approx(0.75));
    CHECK(values[1] == doctest::Approx(1.25));
    CHECK(values[2] == 1.0f);
}

TEST_CASE_TEMPLATE("optimizers: a parameter has its own history, whatever the order", Optimizer, sgd, adam)
{
    const auto make = []
    {
        if constexpr (std::is_same_v<Optimizer, sgd>)
            return sgd({ .momentum = 0.9 });
        else
            return adam();
    };
    Optimizer forward = make(), backward = make(), alone = make();
    std::array<float, 2> a { 1, 2 }, b { 3, 4 }, c { 1, 2 }, d { 3, 4 }, e { 3, 4 };
    for (int step = 1; step < 5; ++step)
    {
        const std::array first { 0.5f * static_cast<float>(step), -1.0f }, second { 0.25f, static_cast<float>(step) };
        forward.update(0, a, first, rate);
        forward.update(1, b, second, rate);
        backward.update(1, d, second, rate);
        backward.update(0, c, first, rate);
        alone.update(7, e, second, rate);
    }
    CHECK(a == c);
    CHECK(b == d);
    CHECK(b == e);
}

TEST_CASE_TEMPLATE("optimizers: no values are no error, gradients of another size are", Optimizer, sgd, adam)
{
    Optimizer optimizer;
    optimizer.update(0, {}, {}, rate);
    std::array<float, 2> values {};
    CHECK_THROWS_WITH_AS(optimizer.update(3, values, std::array { 1.0f }, rate),
                         "quantkit: parameter 3 has 2 values, but a gradient of 1", std::invalid_argument);
}

TEST_CASE("optimizers: options without a meaning are refused")
{
    CHECK_THROWS_WITH_AS(sgd({ .momentum = -1 }),
                         "quantkit: momentum and weight decay cannot be negative, but are -1 and 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(sgd({ .nesterov = true }),
                         "quantkit: Nesterov's momentum needs a momentum and no dampening, not 0 and 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(adam({ .beta1 = 1 }), "quantkit: Adam's betas lie in [0, 1), but are 1 and 0.999",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(adam({ .weight_decay = -2 }),
                         "quantkit: eps and weight decay cannot be negative, but are 1e-08 and -2",
                         std::invalid_argument);
}
