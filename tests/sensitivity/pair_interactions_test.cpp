// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/pair_interactions.hpp>

#include "../support/toy_evaluated_model.hpp"

#include <quantkit/sensitivity/measure_sensitivity.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using quantkit::test::toy_evaluated_model;

namespace
{
    /// Layers that disturb an output of their own each: their errors add up exactly.
    struct separate_layers : toy_evaluated_model
    {
        std::size_t output_size() const { return 4; }
        void run(const choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
        {
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t layer = 0; layer < 4; ++layer)
                    outputs[4 * i + layer] =
                        static_cast<float>(rounded(weights[layer], plan[layer]) * static_cast<double>(first + i + 1));
        }
    };

    const sample_range all { 0, 21, 8 };
}

TEST_CASE("pair interactions: none where each layer has an output of its own")
{
    const separate_layers subject;
    const sensitivity_table table = measure_sensitivity(subject);
    const auto pairs = pair_interactions(subject, table, output_mse {}, all, sequential {}, 20);
    CHECK_EQ(pairs.size(), 20u);
    for (const pair_interaction& pair : pairs)
    {
        CHECK_LT(pair.first, pair.second);
        CHECK(subject.allows(pair.second, pair.second_choice));
        CHECK_GT(pair.first_choice, 0u);
        CHECK_EQ(pair.ratio(), doctest::Approx(1.0).epsilon(1e-6));
    }
    CHECK_EQ(median_ratio(pairs), doctest::Approx(1.0).epsilon(1e-6));
}

TEST_CASE("pair interactions: the joint error is that of both together, the same for the same seed")
{
    const toy_evaluated_model subject;
    const sensitivity_table table = measure_sensitivity(subject);
    const auto pairs = pair_interactions(subject, table, output_mse {}, all, sequential {}, 12, 5);
    bool interact = false;
    for (const pair_interaction& pair : pairs)
    {
        choices plan(4);
        plan[pair.first] = pair.first_choice;
        plan[pair.second] = pair.second_choice;
        CHECK_EQ(pair.joint, measured_error(subject, plan, output_mse {}, all, sequential {}));
        CHECK_EQ(pair.sum,
                 table.at(pair.first, pair.first_choice).error + table.at(pair.second, pair.second_choice).error);
        interact = interact || pair.ratio() < 0.9 || pair.ratio() > 1.1;
    }
    CHECK(interact); // layers in a row
    CHECK(pairs == pair_interactions(subject, table, output_mse {}, all, sequential {}, 12, 5));
    CHECK(pairs != pair_interactions(subject, table, output_mse {}, all, sequential {}, 12, 6));
}

TEST_CASE("pair interactions: of a plan, layers that it changes as what it makes them")
{
    const toy_evaluated_model subject;
    const sensitivity_table table = measure_sensitivity(subject);
    const choices plan { 2, 0, 1, 1 };
    const auto pairs = plan_interactions(subject, table, plan, output_mse {}, all, sequential {}, 12);
    CHECK_EQ(pairs.size(), 12u);
    for (const pair_interaction& pair : pairs)
    {
        CHECK_EQ(pair.first_choice, plan[pair.first]);
        CHECK_EQ(pair.second_choice, plan[pair.second]);
        CHECK_NE(pair.first_choice, 0u);
        CHECK_NE(pair.second_choice, 0u);
    }
    CHECK(plan_interactions(subject, table, { 0, 0, 1, 0 }, output_mse {}, all, sequential {}, 12).empty());
    CHECK_THROWS_AS(plan_interactions(subject, table, { 1 }, output_mse {}, all, sequential {}, 1),
                    std::invalid_argument);
}

TEST_CASE("pair interactions: nothing to pair")
{
    CHECK_EQ(median_ratio({}), 1.0);
    CHECK_EQ(median_ratio({ { 0, 1, 1, 1, 0.0, 0.0 } }), 1.0);
    CHECK_EQ(median_ratio({ { 0, 1, 1, 1, 1.0, 2.0 }, { 0, 1, 1, 1, 1.0, 0.5 }, { 0, 1, 1, 1, 1.0, 1.5 } }), 1.5);
    toy_evaluated_model one;
    one.weights = { 1.3 };
    CHECK_THROWS_WITH_AS(pair_interactions(one, measure_sensitivity(one), output_mse {}, all, sequential {}, 1),
                         "quantkit: pairs need two layers that can change", std::invalid_argument);
}
