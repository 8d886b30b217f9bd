// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What is known of a layer before anything is measured.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer_kind.hpp>

#include <cstddef>
#include <string>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// parameters       weights and biases, in numbers
    /// multiplications  of its products for one sample
    struct layer_facts
    {
        std::string name;
        layer_kind kind = layer_kind::feed_forward;
        std::size_t parameters = 0;
        std::size_t multiplications = 0;

        friend bool operator==(const layer_facts&, const layer_facts&) = default;
    };
}
