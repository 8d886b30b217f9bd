// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/evaluated_model.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

using namespace quantkit;

namespace
{
    /// y = x w0 w1; "halves" takes half of a layer's weight. Nothing of the library but the concept.
    struct two_products
    {
        std::vector<layer_facts> layers() const
        {
            return { { "first", layer_kind::feed_forward, 1, 1 }, { "second", layer_kind::output_projection, 1, 1 } };
        }
        std::vector<candidate> candidates() const { return { { "FP32" }, { "halves" } }; }
        bool allows(std::size_t layer, std::size_t choice) const { return choice == reference_candidate || layer == 1; }
        std::size_t bytes(std::size_t, std::size_t choice) const { return choice == 0 ? 4 : 2; }
        std::size_t samples() const { return 3; }
        std::size_t output_size() const { return 1; }
        void run(const choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
        {
            for (std::size_t i = 0; i < count; ++i)
                outputs[i] =
                    static_cast<float>(first + i) * (plan[0] == 0 ? 2.0f : 1.0f) * (plan[1] == 0 ? 4.0f : 2.0f);
        }
    };

    struct incremental_products : two_products
    {
        struct cached_run
        {
            choices plan;
            std::size_t first, count;
        };
        cached_run cache(const choices& plan, std::size_t first, std::size_t count) const
        {
            return { plan, first, count };
        }
        void run_changed(const cached_run& cached, std::size_t layer, std::size_t choice,
                         std::span<float> outputs) const
        {
            choices plan = cached.plan;
            plan[layer] = choice;
            run(plan, cached.first, cached.count, outputs);
        }
    };

    struct without_bytes : two_products
    {
        void bytes() const {}
    };
}

static_assert(evaluated_model<two_products>);
static_assert(evaluated_model<incremental_products>);
static_assert(incremental_model<incremental_products>);
static_assert(!incremental_model<two_products>);
static_assert(!evaluated_model<without_bytes>);
static_assert(!evaluated_model<int>);

TEST_CASE("a plan fits a model or is refused with the reason")
{
    const two_products model;
    CHECK_NOTHROW(check_choices(model, { 0, 0 }));
    CHECK_NOTHROW(check_choices(model, { 0, 1 }));
    CHECK_THROWS_WITH_AS(check_choices(model, { 0 }), "quantkit: a plan of 1 choices does not fit a model of 2 layers",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_choices(model, { 0, 2 }),
                         "quantkit: layer 'second' is to take candidate 2, but there are 2", std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_choices(model, { 1, 0 }), "quantkit: layer 'first' does not allow halves",
                         std::invalid_argument);
}

TEST_CASE("candidates are found by name")
{
    const two_products model;
    CHECK(index_of(model.candidates(), "FP32") == reference_candidate);
    CHECK(index_of(model.candidates(), "halves") == 1);
    CHECK_THROWS_WITH_AS(index_of(model.candidates(), "INT8"),
                         "quantkit: no candidate is called 'INT8', there are: FP32, halves", std::invalid_argument);
}
