// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/training/clip_gradients.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>

using namespace quantkit::training;

TEST_CASE("clip_by_norm: the norm of all gradients together becomes the largest one allowed, smaller ones stay")
{
    std::array<float, 2> a { 3, 0 };
    std::array<float, 1> b { -4 };
    const std::array<std::span<float>, 2> gradients { a, b };
    CHECK(clip_by_norm(gradients, 10) == 5);
    CHECK(a == std::array<float, 2> { 3, 0 });
    CHECK(clip_by_norm(gradients, 1) == 5);
    CHECK(gradient_norm(gradients) == doctest::Approx(1).epsilon(1e-6));
    CHECK(b[0] == doctest::Approx(-0.8));
    CHECK(clip_by_norm({}, 1) == 0);

    a[1] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH_AS(clip_by_norm(gradients, 1), "quantkit: the gradients have the norm inf: training has diverged",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(clip_by_norm(gradients, 0), "quantkit: gradients cannot be clipped to the norm 0",
                         std::invalid_argument);
}

TEST_CASE("clip_by_value: each value on its own")
{
    std::array<float, 4> values { 3, -0.25f, -7, std::numeric_limits<float>::quiet_NaN() };
    const std::array<std::span<float>, 1> gradients { values };
    clip_by_value(gradients, 0.5f);
    CHECK(values[0] == 0.5f);
    CHECK(values[1] == -0.25f);
    CHECK(values[2] == -0.5f);
    CHECK(std::isnan(values[3]));
    CHECK_THROWS_WITH_AS(clip_by_value(gradients, -1), "quantkit: gradients cannot be clipped to the value -1",
                         std::invalid_argument);
}
