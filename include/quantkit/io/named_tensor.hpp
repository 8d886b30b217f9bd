// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A tensor as model files know it: a name, a type, a shape and bytes.
#pragma once

#include <quantkit/io/data_type.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace quantkit
{
    /// A named tensor in row-major order whose bytes belong to somebody else: to a file that was read, or to the caller
    /// who writes one.
    struct named_tensor
    {
        std::string name;
        data_type dtype = data_type::float32;
        tensor_shape shape;
        std::span<const std::byte> bytes;

        /// The elements, without a copy. Throws std::invalid_argument, naming tensor and types, unless dtype is
        /// readable as T.
        template <element_type T>
        std::span<const T> as() const
        {
            return detail::elements<T>(bytes, dtype, "tensor " + detail::in_quotes(name));
        }

        /// The same elements with the shape.
        template <element_type T>
        tensor_view<const T> view() const
        {
            return { as<T>().data(), shape };
        }
    };

    /// Throws std::invalid_argument unless the elements fill the shape.
    template <element_type T>
    named_tensor make_named_tensor(std::string name, std::span<const T> elements, tensor_shape shape)
    {
        const auto bytes = std::as_bytes(elements);
        detail::require_fitting(shape, data_type_of<T>, bytes.size(), "tensor " + detail::in_quotes(name));
        return { std::move(name), data_type_of<T>, shape, bytes };
    }
}
