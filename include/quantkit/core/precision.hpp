// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How many bytes a tensor takes in each number format, scales and zero points included.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/parameter_shape.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

namespace quantkit
{
    enum class precision
    {
        fp32,
        fp16,
        bf16,
        float8_e4m3,
        float8_e5m2,
        int16,
        int8,
        int4
    };

    /// In the order of the enumeration.
    inline constexpr std::array all_precisions { precision::fp32,        precision::fp16,        precision::bf16,
                                                 precision::float8_e4m3, precision::float8_e5m2, precision::int16,
                                                 precision::int8,        precision::int4 };

    constexpr std::string_view name_of(precision format)
    {
        constexpr std::string_view names[] = {
            "FP32", "FP16", "BF16", "FP8 E4M3", "FP8 E5M2", "INT16", "INT8", "INT4"
        };
        return names[static_cast<std::size_t>(format)];
    }

    /// Of one value, without its share of scales.
    constexpr std::size_t bits_of(precision format)
    {
        constexpr std::size_t bits[] = { 32, 16, 16, 8, 8, 16, 8, 4 };
        return bits[static_cast<std::size_t>(format)];
    }

    /// Whether its values are codes that need a scale and a zero point.
    constexpr bool has_qparams(precision format) { return format >= precision::int16; }

    /// Bytes of one scale and of one zero point. The default is what the library keeps (core/qparams_list.hpp).
    struct qparams_storage
    {
        std::size_t scale_bytes = 4;
        std::size_t zero_point_bytes = 4; ///< 0 for symmetric schemes whose zero points are not stored
    };

    /// Bytes, by what they hold.
    struct tensor_bytes
    {
        std::size_t values = 0;
        std::size_t scales = 0;
        std::size_t zero_points = 0;

        /// All bytes.
        constexpr std::size_t total() const { return values + scales + zero_points; }

        friend constexpr bool operator==(const tensor_bytes&, const tensor_bytes&) = default;
        /// Part by part.
        friend constexpr tensor_bytes operator+(const tensor_bytes& a, const tensor_bytes& b)
        {
            return { a.values + b.values, a.scales + b.scales, a.zero_points + b.zero_points };
        }
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// The product of the extents; throws unless it times `unit` (bytes or bits) stays below 2^63.
        inline std::size_t checked_element_count(const tensor_shape& shape, std::size_t unit)
        {
            constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
            std::size_t count = 1;
            for (const std::ptrdiff_t extent : shape)
            {
                require(extent >= 0, "extents must not be negative, but the shape is ", shape);
                require(extent == 0 || count <= most / unit / static_cast<std::size_t>(extent), "a tensor of shape ",
                        shape, " is larger than any memory");
                count *= static_cast<std::size_t>(extent);
            }
            return count;
        }
    }

    /// Values next to each other, two INT4 in a byte; a pair of scale and zero point per parameter for the integers.
    ///
    /// Throws std::invalid_argument where the granularity does not fit the shape (core/parameter_shape.hpp), or the
    /// number of bits is beyond 2^63.
    template <granularity Granularity = per_tensor>
    tensor_bytes bytes_of(const tensor_shape& shape, precision format, Granularity granularity = {},
                          qparams_storage storage = {})
    {
        const std::size_t count = detail::checked_element_count(shape, bits_of(format));
        const std::size_t values = (count * bits_of(format) + 7) / 8;
        if (!has_qparams(format))
            return { values, 0, 0 };
        const std::size_t pair = storage.scale_bytes + storage.zero_point_bytes;
        const std::size_t pairs =
            detail::checked_element_count(parameter_shape(shape, granularity), pair == 0 ? 1 : pair);
        return { values, pairs * storage.scale_bytes, pairs * storage.zero_point_bytes };
    }
}
