// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The element types of tensor files, and the checked way from bytes to typed elements.
#pragma once

#include <quantkit/core/tensor_view.hpp>
#include <quantkit/io/io_error.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace quantkit
{
    enum class data_type
    {
        boolean,
        int8,
        uint8,
        int16,
        uint16,
        int32,
        uint32,
        int64,
        uint64,
        float8_e4m3,
        float8_e5m2,
        float16,
        bfloat16,
        float32,
        float64,
    };

    constexpr std::string_view name_of(data_type dtype)
    {
        constexpr std::string_view names[] = { "boolean",     "int8",    "uint8",    "int16",   "uint16",
                                               "int32",       "uint32",  "int64",    "uint64",  "float8_e4m3",
                                               "float8_e5m2", "float16", "bfloat16", "float32", "float64" };
        return names[static_cast<std::size_t>(dtype)];
    }

    /// Bytes of one element.
    constexpr std::size_t size_of(data_type dtype)
    {
        constexpr std::size_t sizes[] = { 1, 1, 1, 2, 2, 4, 4, 8, 8, 1, 1, 2, 2, 4, 8 };
        return sizes[static_cast<std::size_t>(dtype)];
    }

    template <class T>
    concept integer_element = std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

    /// What C++ can hold of a file's elements. bool is not among them: a byte 2 in a file would be no bool.
    template <class T>
    concept element_type = std::same_as<T, float> || std::same_as<T, double> || integer_element<T>;

    namespace detail
    {
        template <element_type T>
        constexpr data_type natural_type()
        {
            constexpr bool is_signed = std::is_signed_v<T>;
            if constexpr (std::floating_point<T>)
                return sizeof(T) == 4 ? data_type::float32 : data_type::float64;
            else if constexpr (sizeof(T) == 1)
                return is_signed ? data_type::int8 : data_type::uint8;
            else if constexpr (sizeof(T) == 2)
                return is_signed ? data_type::int16 : data_type::uint16;
            else if constexpr (sizeof(T) == 4)
                return is_signed ? data_type::int32 : data_type::uint32;
            else
                return is_signed ? data_type::int64 : data_type::uint64;
        }
    }

    /// The type of which T is the natural C++ form.
    template <element_type T>
    inline constexpr data_type data_type_of = detail::natural_type<T>();

    /// True if elements can be read as T: T is the natural form, or for a type that C++ lacks the unsigned integer
    /// that holds its bits (uint16_t for float16 and bfloat16, uint8_t for float8 and boolean).
    template <element_type T>
    constexpr bool readable_as(data_type dtype)
    {
        switch (dtype)
        {
        case data_type::float16:
        case data_type::bfloat16:
            return data_type_of<T> == data_type::uint16;
        case data_type::boolean:
        case data_type::float8_e4m3:
        case data_type::float8_e5m2:
            return data_type_of<T> == data_type::uint8;
        default:
            return data_type_of<T> == dtype;
        }
    }

    /// The bytes that shape and dtype need; std::nullopt for a negative extent or when the product of the extents that
    /// are not 0, times the element size, is beyond PTRDIFF_MAX.
    inline std::optional<std::size_t> byte_count(const tensor_shape& shape, data_type dtype)
    {
        constexpr std::size_t largest = std::numeric_limits<std::ptrdiff_t>::max();
        std::size_t bytes = size_of(dtype);
        bool empty = false;
        for (const std::ptrdiff_t extent : shape)
        {
            if (extent < 0 || (extent > 0 && bytes > largest / static_cast<std::size_t>(extent)))
                return std::nullopt;
            empty = empty || extent == 0;
            bytes *= extent == 0 ? 1 : static_cast<std::size_t>(extent);
        }
        return empty ? 0 : bytes;
    }

    namespace detail
    {
        /// The bytes as elements. Throws std::invalid_argument, naming both types, unless dtype is readable as T; the
        /// caller sees to alignment.
        template <element_type T>
        std::span<const T> elements(std::span<const std::byte> bytes, data_type dtype, std::string_view owner)
        {
            require(readable_as<T>(dtype), owner, " holds ", name_of(dtype), ", which cannot be read as ",
                    name_of(data_type_of<T>));
            return { reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T) };
        }

        /// Throws std::invalid_argument unless count elements fill the shape.
        inline void require_fitting(const tensor_shape& shape, data_type dtype, std::size_t bytes,
                                    std::string_view owner)
        {
            require(byte_count(shape, dtype) == bytes, owner, " has ", bytes, " bytes, but its shape ", to_text(shape),
                    " of ", name_of(dtype), " does not take that many");
        }
    }
}
