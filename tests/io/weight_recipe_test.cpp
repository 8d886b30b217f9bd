// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/weight_recipe.hpp>

#include "io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

using namespace quantkit;

namespace
{
    std::string recipe_text(const std::string& seed, const std::string& shape)
    {
        return R"({"generator": {"algorithm": "splitmix64", "seed": )" + seed
               + R"(, "tensors": [{"name": "w", "shape": )" + shape + R"(, "uniform": 0.5}]}})";
    }

    std::string refusal_of(const std::string& text)
    {
        try
        {
            parse_weight_recipe(text);
        }
        catch (const io_error& error)
        {
            return error.what();
        }
        return "nothing was refused";
    }
}

TEST_CASE("a recipe has a seed, and tensors with shapes and distributions")
{
    const weight_recipe recipe = parse_weight_recipe(recipe_text("18446744073709551615", "[2, 0, 3]"));
    CHECK(recipe.seed == UINT64_MAX);
    REQUIRE(recipe.tensors.size() == 1);
    CHECK(recipe.tensors[0].name == "w");
    CHECK(recipe.tensors[0].shape == tensor_shape { 2, 0, 3 });
    CHECK(recipe.tensors[0].uniform == 0.5);
    CHECK_FALSE(recipe.sinusoidal);
}

TEST_CASE("numbers that are no seed and no extent are refused")
{
    const auto says = [](const std::string& text, const std::string& part)
    {
        const std::string refusal = refusal_of(text);
        INFO(refusal);
        return refusal.starts_with("quantkit: the recipe: ") && refusal.find(part) != std::string::npos;
    };
    CHECK(says(recipe_text("-1", "[2]"), "a seed must be an integer that is not negative, but is -1"));
    CHECK(says(recipe_text("1", "[2, 2e108]"), "an extent must be an integer that is not negative, but is 2e+108"));
    CHECK(says(recipe_text("1", "[-2]"), "an extent must be an integer that is not negative, but is -2"));
    CHECK(says(recipe_text("1", "[18446744073709551615]"), "an extent of 18446744073709551615 is too large"));
    CHECK(
        says(recipe_text("1", "[4294967296, 4294967296]"), "the shape [4294967296, 4294967296] has too many elements"));
    CHECK(says(recipe_text("1", "[1,1,1,1,1,1,1,1,1]"), "at most 8 axes"));
    CHECK(says("{", "parse error"));
    CHECK(says("{}", "generator"));
    CHECK(says(R"({"generator": {"algorithm": )" + std::string(1'000'000, '['), "nested deeper than 64"));
}

TEST_CASE("tensors may be constant, and positions have a table of their own")
{
    const weight_recipe recipe = parse_weight_recipe(R"({"inputs": {"algorithm": "splitmix64", "seed": 1, "tensors":
        [{"name": "b", "shape": [4], "constant": 0.25}], "sinusoidal": {"name": "p", "shape": [8, 6]}}})",
                                                     "inputs");
    CHECK(recipe.tensors.at(0).constant == 0.25);
    CHECK_FALSE(recipe.tensors.at(0).uniform);
    REQUIRE(recipe.sinusoidal);
    CHECK(recipe.sinusoidal->name == "p");
    CHECK(recipe.sinusoidal->shape == tensor_shape { 8, 6 });
}

TEST_CASE("an algorithm that nobody wrote is refused")
{
    CHECK(refusal_of(R"({"generator": {"algorithm": "mersenne", "seed": 1, "tensors": []}})")
          == "quantkit: the algorithm of a recipe must be splitmix64, but is \"mersenne\"");
}

TEST_CASE("a recipe's file is named where it is damaged")
{
    const test::temporary_folder folder;
    test::put(folder / "good.json", recipe_text("7", "[2]"));
    CHECK(read_weight_recipe(folder / "good.json").seed == 7);
    test::put(folder / "bad.json", recipe_text("-1", "[2]"));
    const std::string error = test::error_of([&] { read_weight_recipe(folder / "bad.json"); });
    CHECK(error.starts_with("quantkit: '"));
    CHECK(error.ends_with("/bad.json': a seed must be an integer that is not negative, but is -1"));
}
