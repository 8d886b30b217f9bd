// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/memory_plan.hpp>

#include "model/random_graphs.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    constexpr std::size_t no_slot = memory_plan::no_slot;
    using numbers = std::vector<std::size_t>;

    /// Bytes as a session has them: none for input and output.
    numbers bytes_of_values(const program& steps, random_bits& bits)
    {
        numbers bytes;
        for (value_id value = 0; value < steps.values.size(); ++value)
            bytes.push_back(value == 0 || value == steps.output ? 0
                                                                : static_cast<std::size_t>(bits.integer(1, 3)) * 32);
        return bytes;
    }

    program chain(std::size_t steps)
    {
        model_builder builder({ 1, 4 });
        for (std::size_t i = 0; i < steps; ++i)
            builder.linear(std::to_string(i), 4, 4);
        return program_of(with_random_weights(builder));
    }

    /// Runs a program whose values are only tags of who wrote a slot last.
    class slot_tags
    {
    public:
        slot_tags(const program& steps, const memory_plan& plan)
            : program_(steps)
            , plan_(plan)
            , tags_(plan.slot_bytes.size(), no_slot)
        {
        }

        void run()
        {
            for (std::size_t i = 0; i < program_.steps.size(); ++i)
                run(i);
        }

        std::size_t updates_in_place = 0;

    private:
        void run(std::size_t i)
        {
            const program_step& step = program_.steps[i];
            require_inputs(step);
            const std::size_t scratch = plan_.scratch_slots[i], output = plan_.value_slots[step.output];
            if (scratch != no_slot)
                tags_[scratch] = scratch_tag;
            for (std::size_t input = 0; input < step.inputs.size(); ++input)
                if (output != no_slot && plan_.value_slots[step.inputs[input]] == output)
                {
                    const auto* product = std::get_if<product_step>(&step.operation);
                    REQUIRE(product != nullptr);
                    REQUIRE(product->residual == step.inputs[input]);
                    REQUIRE(step.inputs[0] != step.inputs[input]);
                    ++updates_in_place;
                }
                else
                    require_held(step.inputs[input]);
            REQUIRE((scratch == no_slot || scratch != output));
            if (output != no_slot)
                tags_[output] = step.output;
        }

        void require_inputs(const program_step& step) const
        {
            for (const value_id value : step.inputs)
                require_held(value);
        }

        void require_held(value_id value) const
        {
            const std::size_t slot = plan_.value_slots[value];
            REQUIRE((slot == no_slot || tags_[slot] == value));
        }

        static constexpr std::size_t scratch_tag = no_slot - 1;
        const program& program_;
        const memory_plan& plan_;
        numbers tags_;
    };
}

TEST_CASE("values of random programs are intact whenever they are read, and fit their slots")
{
    std::size_t updates = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed)
    {
        INFO("seed ", seed);
        random_bits bits(seed);
        const program steps = program_of(random_graph(seed, 20));
        const numbers values = bytes_of_values(steps, bits);
        numbers scratch;
        for (std::size_t i = 0; i < steps.steps.size(); ++i)
            scratch.push_back(static_cast<std::size_t>(bits.integer(0, 3)) * 24);
        const memory_plan plan = plan_memory(steps, values, scratch);
        for (value_id value = 0; value < values.size(); ++value)
        {
            REQUIRE((plan.value_slots[value] == no_slot) == (values[value] == 0));
            if (values[value] > 0)
                REQUIRE(plan.slot_bytes[plan.value_slots[value]] >= values[value]);
        }
        for (std::size_t i = 0; i < scratch.size(); ++i)
        {
            REQUIRE((plan.scratch_slots[i] == no_slot) == (scratch[i] == 0));
            if (scratch[i] > 0)
                REQUIRE(plan.slot_bytes[plan.scratch_slots[i]] >= scratch[i]);
        }
        slot_tags tags(steps, plan);
        tags.run();
        updates += tags.updates_in_place;
        REQUIRE(std::accumulate(plan.slot_bytes.begin(), plan.slot_bytes.end(), std::size_t { 0 })
                <= std::accumulate(values.begin(), values.end(), std::size_t { 0 })
                       + std::accumulate(scratch.begin(), scratch.end(), std::size_t { 0 }));
    }
    CHECK(updates > 20);
}

TEST_CASE("a chain needs two slots, whatever its length, and what needs no memory gets none")
{
    const memory_plan plan = plan_memory(chain(6), { 0, 40, 80, 40, 80, 40, 0 }, numbers(6, 0));
    CHECK(plan.slot_bytes == numbers { 40, 80 });
    CHECK(plan.value_slots == numbers { no_slot, 0, 1, 0, 1, 0, no_slot });
    CHECK(plan.scratch_slots == numbers(6, no_slot));

    const memory_plan single = plan_memory(chain(1), { 0, 0 }, { 0 });
    CHECK(single.slot_bytes.empty());
}

TEST_CASE("scratch lives for one step")
{
    const memory_plan plan = plan_memory(chain(3), { 0, 40, 40, 0 }, { 64, 64, 64 });
    CHECK(plan.scratch_slots[0] != plan.value_slots[1]);
    CHECK(plan.scratch_slots[1] != plan.value_slots[1]);
    CHECK(plan.scratch_slots[1] != plan.value_slots[2]);
    CHECK(plan.slot_bytes.size() == 3);
}

TEST_CASE("a residual that is read for the last time is updated in place, one that the product reads is not")
{
    const auto lowered = [](const model_builder& builder) { return program_of(with_random_weights(builder)); };
    model_builder blocks({ 1, 4 });
    blocks.linear("a", 4, 4).linear("b", 4, 4).linear("c", 4, 4).add("s", "a").linear("last", 4, 4);
    const memory_plan in_place = plan_memory(lowered(blocks), { 0, 16, 16, 16, 0 }, numbers(4, 0));
    CHECK(in_place.value_slots[3] == in_place.value_slots[1]);
    CHECK(in_place.slot_bytes.size() == 2);

    model_builder own({ 1, 4 });
    own.linear("a", 4, 4).linear("b", 4, 4).add("s", "a").linear("last", 4, 4);
    const memory_plan apart = plan_memory(lowered(own), { 0, 16, 16, 0 }, numbers(3, 0));
    CHECK(apart.value_slots[2] != apart.value_slots[1]);

    model_builder later({ 1, 4 });
    later.linear("a", 4, 4).linear("b", 4, 4).linear("c", 4, 4).add("s", "a").linear("d", 4, 4).layer_norm("n", 4, "a");
    const memory_plan kept = plan_memory(lowered(later), { 0, 16, 16, 16, 16, 0 }, numbers(5, 0));
    CHECK(kept.value_slots[3] != kept.value_slots[1]);
}

TEST_CASE("slots start at multiples of a cache line, for any number of samples")
{
    const memory_plan plan { { 40, 64, 3 }, {}, {} };
    numbers offsets;
    plan.find_offsets(1, offsets);
    CHECK(offsets == numbers { 0, 64, 128, 192 });
    plan.find_offsets(3, offsets);
    CHECK(offsets == numbers { 0, 128, 320, 384 });
    plan.find_offsets(0, offsets);
    CHECK(offsets == numbers { 0, 0, 0, 0 });
    memory_plan {}.find_offsets(5, offsets);
    CHECK(offsets == numbers { 0 });
}
