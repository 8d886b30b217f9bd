// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From the attributes of a case to the library's types: the range type of its bounds, its qparams.
#pragma once

#include "manifest.hpp"

#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/quant_range.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace quantkit::golden
{
    namespace detail
    {
        template <quantized_range... Ranges, class Action>
        void with_one_of(quant_bounds bounds, Action action)
        {
            const auto run_if_equal = [&](auto range)
            {
                if (decltype(range)::bounds != bounds)
                    return false;
                action(range);
                return true;
            };
            if (!(run_if_equal(Ranges {}) || ...))
                throw std::invalid_argument("no range [" + std::to_string(bounds.quant_min) + ", "
                                            + std::to_string(bounds.quant_max) + "] among the test's");
        }
    }

    /// Calls action(Range {}) with the range that has these bounds; throws for bounds that no vector has had so far.
    template <class Action>
    void with_range(quant_bounds bounds, Action action)
    {
        detail::with_one_of<int8_full, int8_narrow, uint8_full, uint8_reduced, signed_range<7>, int4_full, int4_narrow,
                            uint4_full, signed_range<2>, unsigned_range<2>, unsigned_range<16>, int32_full>(bounds,
                                                                                                            action);
    }

    inline quant_bounds bounds_of(const test_case& test, const char* quant_min = "qmin", const char* quant_max = "qmax")
    {
        return { test.attr<std::int32_t>(quant_min), test.attr<std::int32_t>(quant_max) };
    }

    /// PyTorch's names.
    inline quant_bounds bounds_of_type(const std::string& qdtype)
    {
        if (qdtype == "qint8")
            return int8_full::bounds;
        if (qdtype == "quint8")
            return uint8_full::bounds;
        if (qdtype == "qint32")
            return int32_full::bounds;
        throw std::invalid_argument("unknown type " + qdtype);
    }

    inline qparams qparams_of(const test_case& test)
    {
        return { static_cast<float>(test.attr<double>("scale")), test.attr<std::int32_t>("zero_point") };
    }

    /// The inputs scale and zero_point.
    inline qparams_list channel_qparams_of(const test_case& test)
    {
        const npy_array scale = test.input("scale"), zero_point = test.input("zero_point");
        const auto scales = scale.as<float>();
        const auto zero_points = zero_point.as<std::int32_t>();
        return { std::vector<float>(scales.begin(), scales.end()),
                 std::vector<std::int32_t>(zero_points.begin(), zero_points.end()) };
    }
}
