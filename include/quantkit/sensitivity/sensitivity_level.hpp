// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How much a layer minds being quantized, in words, and what follows for its precision.
///
/// One scale serves every opinion: a level is worth its rank divided by that of `high`, so that none is 0, low 1/3,
/// medium 2/3 and high 1.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer_kind.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    enum class sensitivity_level
    {
        none,
        low,
        medium,
        high
    };

    /// What a prior advises.
    enum class precision_advice
    {
        fp16,         ///< do not quantize
        fp16_or_int8, ///< quantize where a measurement allows it
        int8
    };

    constexpr std::string_view name_of(sensitivity_level level)
    {
        constexpr std::string_view names[] = { "NONE", "LOW", "MEDIUM", "HIGH" };
        return names[static_cast<std::size_t>(level)];
    }

    constexpr std::string_view name_of(precision_advice advice)
    {
        constexpr std::string_view names[] = { "FP16", "FP16/INT8", "INT8" };
        return names[static_cast<std::size_t>(advice)];
    }

    /// In [0, 1].
    constexpr double score_of(sensitivity_level level)
    {
        return static_cast<double>(level) / static_cast<double>(sensitivity_level::high);
    }

    /// Keeping a layer in FP16 says that it is highly sensitive, not being sure that it is medium, INT8 that it is low.
    constexpr sensitivity_level level_of(precision_advice advice)
    {
        constexpr sensitivity_level levels[] = { sensitivity_level::high, sensitivity_level::medium,
                                                 sensitivity_level::low };
        return levels[static_cast<std::size_t>(advice)];
    }

    /// What follows from a level.
    constexpr precision_advice advice_of(sensitivity_level level)
    {
        return level == sensitivity_level::high     ? precision_advice::fp16
               : level == sensitivity_level::medium ? precision_advice::fp16_or_int8
                                                    : precision_advice::int8;
    }

    /// A value for each kind of layer, in the order of layer_kind.
    template <class Value>
    struct per_kind
    {
        /// One for each kind.
        std::array<Value, layer_kind_names.size()> values {};

        constexpr const Value& operator[](layer_kind kind) const { return values[static_cast<std::size_t>(kind)]; }
        constexpr Value& operator[](layer_kind kind) { return values[static_cast<std::size_t>(kind)]; }
    };
}
