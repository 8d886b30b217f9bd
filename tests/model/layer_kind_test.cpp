// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/layer_kind.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string_view>

using namespace quantkit;

TEST_CASE("every kind has a name of its own, and is found by it")
{
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < layer_kind_names.size(); ++i)
    {
        const auto kind = static_cast<layer_kind>(i);
        CHECK(layer_kind_of(name_of(kind)) == kind);
        names.insert(name_of(kind));
    }
    CHECK(names.size() == static_cast<std::size_t>(layer_kind::reshape) + 1);
    CHECK(name_of(layer_kind::attention_layers) == "attention_layers");
    CHECK(name_of(layer_kind::embedding) == "embedding");
    CHECK(name_of(layer_kind::pooling) == "pooling");
    CHECK(name_of(layer_kind::reshape) == "reshape");
}

TEST_CASE("other names are of no kind")
{
    for (const std::string_view name : { "", "embeddings", "Embedding", "embeddin", " embedding" })
        CHECK_FALSE(layer_kind_of(name).has_value());
}
