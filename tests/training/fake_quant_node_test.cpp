// SPDX-License-Identifier: BSD-3-Clause
#include "../support/random.hpp"

#include <quantkit/observers/minmax.hpp>
#include <quantkit/training/fake_quant_node.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using training::channel_layout;
using training::fake_quant_node;
using training::learned_qparams;

namespace
{
    using floats = std::vector<float>;

    void update(fake_quant_node& node, const floats& x, bool may_follow = true)
    {
        node.update(x.data(), { 1, 1, x.size() }, may_follow, {});
    }
}

TEST_CASE("fake_quant_node: follows a moving average until it is frozen")
{
    training::fake_quant_settings settings = training::activation_fake_quant(8);
    settings.observer = moving_average_observer { .averaging_constant = 0.5f };
    fake_quant_node node("act", settings, 1, 2);
    CHECK_FALSE(node.is_ready());
    update(node, { -1, 2 });
    CHECK(node.params()[0] == affine {}({ -1, 2 }, { 0, 255 }));
    update(node, { -3, 2 });
    CHECK(node.params()[0] == affine {}({ -2, 2 }, { 0, 255 }));
    update(node, { -9, 9 }, false);
    CHECK(node.params()[0] == affine {}({ -2, 2 }, { 0, 255 }));
    node.follow(false);
    update(node, { -9, 9 });
    CHECK(node.params()[0] == affine {}({ -2, 2 }, { 0, 255 }));
}

TEST_CASE("fake_quant_node: weights have the range that they have now, for each channel")
{
    const channel_layout rows { 1, 2, 3 }, columns { 2, 3, 1 };
    floats w { 1, -7, 2, 3, 0.5f, -1 };
    fake_quant_node node("w", training::weight_fake_quant(4), 2, 3),
        by_column("w", training::weight_fake_quant(4, 1), 3, 2);
    node.update(w.data(), rows, true, {});
    CHECK_EQ(node.params()[0], (qparams { 1.0f, 0 }));
    CHECK_EQ(node.params()[1], (qparams { 3.0f / 7.0f, 0 }));
    by_column.update(w.data(), columns, true, {});
    CHECK_EQ(by_column.params()[0], (qparams { 3.0f / 7.0f, 0 }));
    CHECK_EQ(by_column.params()[1], (qparams { 1.0f, 0 }));
    w[1] = -3.5f;
    node.update(w.data(), rows, true, {});
    CHECK_EQ(node.params()[0], (qparams { 0.5f, 0 }));
    floats y(6);
    node.forward(w.data(), y.data(), rows);
    CHECK_EQ(y[1], -3.5f);
    node.enable(false);
    node.forward(w.data(), y.data(), rows);
    CHECK_EQ(y, w);
    floats d_x(6, 1.0f);
    node.backward({ w.data(), y.data(), w.data() }, d_x.data(), rows, {});
    CHECK_EQ(d_x[1], -2.5f);
}

TEST_CASE("fake_quant_node: learned qparams begin with the observed range and stay positive")
{
    training::fake_quant_settings settings = training::activation_fake_quant(4);
    settings.learned = learned_qparams::scale_and_zero_point;
    fake_quant_node node("act", settings, 1, 30);
    training::parameter scale { "scale", { 1 }, training::parameter_role::quantizer, { 1.0f }, { 0.0f } };
    training::parameter zero_point { "zero_point", { 1 }, training::parameter_role::quantizer, { 0.0f }, { 0.0f } };
    training::parameter* const learned[] { &scale, &zero_point };
    const channel_layout layout { 1, 1, 3 };
    const floats x { -1, 0.3f, 6 }, d_y { 1, 1, 1 };
    node.update(x.data(), layout, true, learned);
    const qparams begin = affine {}({ -1, 6 }, { 0, 15 });
    CHECK_EQ(scale.values[0], begin.scale);
    CHECK_EQ(zero_point.values[0], static_cast<float>(begin.zero_point));

    scale.values[0] = 0.25f; // the range is now [-0.5, 3.25]
    node.update(x.data(), layout, true, learned);
    CHECK_EQ(node.params()[0], (qparams { 0.25f, 2 }));
    floats y(3), d_x(3);
    node.forward(x.data(), y.data(), layout);
    CHECK_EQ(y, floats { -0.5f, 0.25f, 3.25f });
    node.backward({ x.data(), y.data(), d_y.data() }, d_x.data(), layout,
                  { &scale.gradient[0], &zero_point.gradient[0] });
    CHECK_EQ(d_x, floats { 0, 1, 0 });
    const double factor = 1 / std::sqrt(30.0 * 15.0);
    CHECK_EQ(scale.gradient[0], doctest::Approx(factor * (-2 + (0.25 - 0.3) / 0.25 + 13)));
    CHECK_EQ(zero_point.gradient[0], doctest::Approx(factor * -0.25 * 2));

    node.follow(false);
    node.backward({ x.data(), y.data(), d_y.data() }, d_x.data(), layout,
                  { &scale.gradient[0], &zero_point.gradient[0] });
    CHECK_EQ(zero_point.gradient[0], doctest::Approx(factor * -0.25 * 2));
    scale.values[0] = -1;
    node.update(x.data(), layout, true, learned);
    CHECK_GT(node.params()[0].scale, 0.0f);
    scale.values[0] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(node.update(x.data(), layout, true, learned), "quantkit: 'scale' has become nan",
                         std::invalid_argument);
}

TEST_CASE("fake_quant_node: what it needs is named")
{
    fake_quant_node node("act", training::activation_fake_quant(8), 1, 2);
    CHECK_THROWS_WITH_AS(node.params(), "quantkit: 'act' has seen no data: run a batch in training first",
                         std::invalid_argument);
    CHECK_THROWS_AS(update(node, { 1, 2 }, false), std::invalid_argument);
    update(node, {}); // an empty batch says nothing
    CHECK_FALSE(node.is_ready());
    CHECK_THROWS_WITH_AS(update(node, { 1, std::numeric_limits<float>::infinity() }),
                         "quantkit: 'act' saw values from 1 to inf", std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::activation_fake_quant(9), "quantkit: codes in training have 2 to 8 bits, but not 9",
                         std::invalid_argument);
    CHECK_THROWS_AS(training::weight_fake_quant(1), std::invalid_argument);
    CHECK_THROWS_WITH_AS(fake_quant_node("w", { .bounds = { 3, 3 } }, 1, 1), "quantkit: 'w' has codes from 3 to 3",
                         std::invalid_argument);
}
