// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/model_description.hpp>

#include "io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    std::string with_layers(const std::string& layers)
    {
        return R"({ "name": "net", "input_shape": ["batch", 4], "layers": [)" + layers + "] }";
    }

    std::string refusal(std::string_view text)
    {
        try
        {
            parse_model_description(text, "here");
        }
        catch (const io_error& error)
        {
            return error.what();
        }
        return "nothing was thrown";
    }

    void check_refused(const std::string& text, const std::string& error)
    {
        INFO(text);
        CHECK(refusal(text) == "quantkit: here: " + error);
    }
}

TEST_CASE("names, shapes, layers in their order, and attributes of each type")
{
    const model_description description = parse_model_description(R"({
        "name": "net", "input_shape": ["batch", 96, 100], "more": { "is": ["passed", "over"] },
        "layers": [ { "name": "b", "type": "linear", "in": 784, "p": 0.25, "last": true, "bias": "b.bias",
                      "tensors": ["x", "y"], "extents": [1, -2], "none": [], "null": null, "mixed": [1, "a"],
                      "object": { "a": 1 }, "reals": [0.5] },
                    { "type": "relu", "name": "a" } ] })");
    CHECK(description.name == "net");
    CHECK(description.input_shape == std::vector<std::int64_t> { 96, 100 });
    REQUIRE(description.layers.size() == 2);
    CHECK(description.layers[0].name == "b");
    CHECK(description.layers[0].type == "linear");
    CHECK(description.layers[1].name == "a");
    CHECK(description.layers[1].type == "relu");

    const auto& attributes = description.layers[0].attributes;
    CHECK(std::get<std::int64_t>(attributes.at("in")) == 784);
    CHECK(std::get<double>(attributes.at("p")) == 0.25);
    CHECK(std::get<bool>(attributes.at("last")));
    CHECK(std::get<std::string>(attributes.at("bias")) == "b.bias");
    CHECK(std::get<std::vector<std::string>>(attributes.at("tensors")) == std::vector<std::string> { "x", "y" });
    CHECK(std::get<std::vector<std::int64_t>>(attributes.at("extents")) == std::vector<std::int64_t> { 1, -2 });
    CHECK(std::get<std::vector<std::string>>(attributes.at("none")).empty());
    for (const char* passed_over : { "null", "mixed", "object", "reals" })
        CHECK_FALSE(attributes.contains(passed_over));
}

TEST_CASE("a model may have no name")
{
    CHECK(parse_model_description(R"({ "input_shape": ["batch", 4], "layers": [] })").name.empty());
    CHECK(parse_model_description(R"({ "name": 5, "input_shape": ["batch", 4], "layers": [] })").name.empty());
}

TEST_CASE("what is no JSON")
{
    for (const char* text : { "", "{", "{ \"layers\": [", "[1, 2", "nonsense", "{ \"a\": 1e999 }", "{} {}", "\xff" })
    {
        INFO(text);
        CHECK(refusal(text).starts_with("quantkit: here: [json.exception."));
    }
    check_refused(std::string(100, '['), "nested deeper than 64");
}

TEST_CASE("what is no description")
{
    check_refused("[]", "the description must be an object");
    check_refused("3", "the description must be an object");
    check_refused("{}", "the description has no 'layers'");
    check_refused(R"({ "layers": {} })", "'layers' must be a list");
    check_refused(R"({ "layers": [] })", "the description has no 'input_shape'");
    const std::string shapes = "'input_shape' must be [\"batch\", features] or [\"batch\", time, features]";
    for (const char* shape : { "4", "[\"batch\"]", "[\"batch\", 1, 2, 3]", "{}" })
        check_refused(R"({ "layers": [], "input_shape": )" + std::string(shape) + "}", shapes);
    const std::string extents = "'input_shape' must hold positive integers after the batch";
    for (const char* extent : { "0", "-1", "1.5", "\"4\"", "null", "18446744073709551615" })
        check_refused(R"({ "layers": [], "input_shape": ["batch", )" + std::string(extent) + "] }", extents);
}

TEST_CASE("layers that have no name or type")
{
    check_refused(with_layers("3"), "layer 0 must be an object");
    check_refused(with_layers(R"({ "type": "relu" })"), "layer 0 has no 'name'");
    check_refused(with_layers(R"({ "name": "a", "type": "relu" }, { "name": "b" })"), "layer 1 has no 'type'");
    check_refused(with_layers(R"({ "name": "", "type": "relu" })"), "layer 0: 'name' must be a text");
    check_refused(with_layers(R"({ "name": "a", "type": 3 })"), "layer 0: 'type' must be a text");
}

TEST_CASE("files are read, and errors name them")
{
    const temporary_folder folder;
    std::ofstream(folder / "graph.json") << with_layers(R"({ "name": "a", "type": "relu" })");
    CHECK(read_model_description(folder / "graph.json").layers.size() == 1);

    std::ofstream(folder / "wrong.json") << "[]";
    for (const char* name : { "wrong.json", "missing.json" })
    {
        std::string text;
        try
        {
            read_model_description(folder / name);
        }
        catch (const io_error& error)
        {
            text = error.what();
        }
        CHECK(text.find((folder / name).string()) != std::string::npos);
    }
}
