// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a layer can be changed to, and a plan for any model: one candidate for each layer.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit
{
    /// [layers] one index of a candidate each: a plan for a model of any type.
    using choices = std::vector<std::size_t>;

    /// The candidate that everything is compared with: the model as it is, in float.
    inline constexpr std::size_t reference_candidate = 0;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One way in which a layer can compute, "INT8 static" for example. Only the model knows what it means.
    struct candidate
    {
        std::string name;

        friend bool operator==(const candidate&, const candidate&) = default;
    };

    /// The index of the candidate of this name. Throws, listing what there is, if there is none.
    inline std::size_t index_of(const std::vector<candidate>& candidates, std::string_view name)
    {
        std::string known;
        for (std::size_t i = 0; i < candidates.size(); ++i)
        {
            if (candidates[i].name == name)
                return i;
            known += (known.empty() ? "" : ", ") + candidates[i].name;
        }
        throw_invalid("no candidate is called '", name, "', there are: ", known);
    }
}
