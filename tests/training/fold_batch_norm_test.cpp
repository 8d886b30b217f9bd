// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/initial_weights.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/training/fold_batch_norm.hpp>

#include "support/random.hpp"
#include "support/reference_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <variant>
#include <vector>

using namespace quantkit;
using namespace quantkit::training;

namespace
{
    batch_norm random_norm(std::size_t channels)
    {
        return { test::random_floats(channels, 1, -2, 2), test::random_floats(channels, 2),
                 test::random_floats(channels, 3), test::random_floats(channels, 4, 0, 3) };
    }

    /// y[row, channel] normalized by the definition.
    void normalize(test::sample& y, const batch_norm& norm)
    {
        for (std::size_t channel = 0; channel < norm.mean.size(); ++channel)
        {
            auto column = y.col(static_cast<Eigen::Index>(channel)).array();
            const double deviation = std::sqrt(static_cast<double>(norm.variance[channel]) + norm.eps);
            column = (column - static_cast<double>(norm.mean[channel])) / deviation
                         * static_cast<double>(norm.weight[channel])
                     + static_cast<double>(norm.bias[channel]);
        }
    }
}

TEST_CASE("fold_batch_norm: a linear layer or a convolution gives what the norm behind it gave")
{
    const sample_shape input { .time = 5, .features = 6 };
    for (const bool has_bias : { true, false })
    {
        model_builder builder(input);
        builder.conv1d("conv", { .in_channels = 6, .out_channels = 4, .kernel = 3, .padding = 1 }).linear("fc", 4, 3);
        std::vector<layer> layers = builder.layers();
        if (!has_bias)
        {
            std::get<conv1d_operation>(layers[0].operation).weights.bias.clear();
            std::get<linear_operation>(layers[1].operation).weights.bias.clear();
        }
        const model network(layers, initial_weights(layers, input, 3), input);
        const batch_norm first = random_norm(4), last = random_norm(3);
        const model folded = fold_batch_norm(fold_batch_norm(network, "conv", first), "fc", last);

        test::sample x(5, 6);
        const std::vector<float> values = test::random_floats(30, 8);
        std::copy(values.begin(), values.end(), x.data());
        test::sample expected = test::reference_layer(network, { x })(std::get<conv1d_operation>(layers[0].operation));
        normalize(expected, first);
        expected = test::reference_layer(network, { expected })(std::get<linear_operation>(layers[1].operation));
        normalize(expected, last);
        const test::sample conv =
            test::reference_layer(folded, { x })(std::get<conv1d_operation>(folded["conv"].operation));
        const test::sample fc =
            test::reference_layer(folded, { conv })(std::get<linear_operation>(folded["fc"].operation));
        // Each weight and bias is rounded to float once.
        CHECK((fc - expected).cwiseAbs().maxCoeff() < 1e-5);
        CHECK(fc.cwiseAbs().maxCoeff() > 0.1);
        CHECK(folded.parameter_count() == network.parameter_count() + (has_bias ? 0 : 7));
    }
}

TEST_CASE("fold_batch_norm: wrong layers, sizes and variances are refused by name")
{
    const model_builder builder = model_builder({ .features = 3 }).linear("fc", 3, 2).softmax("probabilities");
    const model network = builder.build(initial_weights(builder.layers(), { .features = 3 }, 1));
    CHECK_THROWS_WITH_AS(fold_batch_norm(network, "bn", random_norm(2)), "quantkit: the model has no layer 'bn'",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        fold_batch_norm(network, "probabilities", random_norm(2)),
        "quantkit: no batch norm can be folded into 'probabilities': it is neither linear nor a convolution",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(fold_batch_norm(network, "fc", random_norm(3)),
                         "quantkit: the batch norm behind 'fc' has 3 values where the layer has 2 channels",
                         std::invalid_argument);
    batch_norm negative = random_norm(2);
    negative.variance[1] = -1;
    CHECK_THROWS_WITH_AS(fold_batch_norm(network, "fc", negative),
                         "quantkit: the batch norm behind 'fc' has the variance -1", std::invalid_argument);
}
