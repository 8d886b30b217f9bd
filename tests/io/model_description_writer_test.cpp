// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/model_description_writer.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    const described_attributes one_of_each { { "flag", true },
                                             { "count", std::int64_t { -7 } },
                                             { "whole", 3.0 },
                                             { "small", 1e-5 },
                                             { "float", static_cast<double>(0.1f) },
                                             { "text", std::string("quotes \" and \\ and é") },
                                             { "names", std::vector<std::string> { "a", "" } },
                                             { "extents", std::vector<std::int64_t> { 1, 2 } } };
}

TEST_CASE("attributes of every type are read back as they were written")
{
    CHECK(parse_attributes(json_text_of(one_of_each)) == one_of_each);
    CHECK(json_text_of(described_attributes {}) == "{}");
    CHECK(json_text_of(described_attributes { { "whole", 3.0 } }) == R"({"whole":3.0})");
}

TEST_CASE("every number keeps its bits, also those at the ends")
{
    using limits = std::numeric_limits<double>;
    for (const double value : { 0.0, -0.0, limits::min(), limits::denorm_min(), limits::max(), 1.0 / 3.0, 1e300 })
    {
        const auto read = parse_attributes(json_text_of(described_attributes { { "x", value } }));
        REQUIRE(std::holds_alternative<double>(read.at("x")));
        CHECK(std::get<double>(read.at("x")) == value);
    }
    const auto largest = std::numeric_limits<std::int64_t>::max();
    CHECK(parse_attributes(json_text_of(described_attributes { { "x", largest } })).at("x")
          == described_attribute(largest));
}

TEST_CASE("a description is written, read, and written again to the same text")
{
    const model_description description { "a model", { 96, 100 }, { { "fc", "linear", one_of_each }, { "x", "add" } } };
    const std::string text = json_text_of(description);
    const model_description read = parse_model_description(text);
    CHECK(read.name == "a model");
    CHECK(read.input_shape == std::vector<std::int64_t> { 96, 100 });
    REQUIRE(read.layers.size() == 2);
    CHECK(read.layers[0].name == "fc");
    CHECK(read.layers[0].type == "linear");
    described_attributes with_names = one_of_each;
    with_names.emplace("name", std::string("fc"));
    with_names.emplace("type", std::string("linear"));
    CHECK(read.layers[0].attributes == with_names);
    CHECK(read.layers[1].type == "add");
    CHECK(json_text_of(read) == text);
}

TEST_CASE("what JSON cannot hold is refused with its name and value")
{
    const auto error = [](described_attribute value) {
        return error_of([&] { json_text_of(described_attributes { { "eps", value } }); });
    };
    CHECK(error(std::numeric_limits<double>::infinity()) == "quantkit: JSON has no number for 'eps', which is inf");
    CHECK(error(std::numeric_limits<double>::quiet_NaN()).ends_with("which is nan"));
    CHECK(error(std::string("\xff")).starts_with("quantkit: attributes must be text in UTF-8: "));
    const model_description bad_name { "", { 1 }, { { "\xff", "linear" } } };
    CHECK(error_of([&] { json_text_of(bad_name); }).starts_with("quantkit: a description must be text in UTF-8: "));
}

TEST_CASE("attributes that are no object are refused with the source")
{
    CHECK(error_of([] { parse_attributes("[1]", "here"); }) == "quantkit: here: the attributes must be an object");
    CHECK(error_of([] { parse_attributes("{", "here"); }).starts_with("quantkit: here: "));
}
