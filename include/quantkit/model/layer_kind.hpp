// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a layer is to those who decide about precisions: the kinds of the sensitivity tables, and the few that carry no
/// weights and no decision.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace quantkit
{
    enum class layer_kind
    {
        attention_layers,
        feed_forward,
        layer_norm,
        output_projection,
        embedding,
        conv_layers,
        activation,
        positional_encoding,
        dropout,
        pooling,
        residual_add,
        reshape
    };

    /// In the order of the enumeration.
    inline constexpr std::array layer_kind_names {
        std::string_view("attention_layers"),  std::string_view("feed_forward"),        std::string_view("layer_norm"),
        std::string_view("output_projection"), std::string_view("embedding"),           std::string_view("conv_layers"),
        std::string_view("activation"),        std::string_view("positional_encoding"), std::string_view("dropout"),
        std::string_view("pooling"),           std::string_view("residual_add"),        std::string_view("reshape"),
    };

    constexpr std::string_view name_of(layer_kind kind) { return layer_kind_names[static_cast<std::size_t>(kind)]; }

    /// The kind of this name; nothing if there is none.
    constexpr std::optional<layer_kind> layer_kind_of(std::string_view name)
    {
        for (std::size_t i = 0; i < layer_kind_names.size(); ++i)
            if (layer_kind_names[i] == name)
                return static_cast<layer_kind>(i);
        return std::nullopt;
    }
}
