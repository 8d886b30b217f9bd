// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// NumPy's .npy files, format versions 1.0, 2.0 and 3.0: read strictly, written as NumPy does.
///
///     "\x93NUMPY"  major  minor  header length (2 or 4 bytes)  header, padded to a multiple of 64 in all  elements
///
/// source  NumPy, numpy.lib.format
#pragma once

#include <quantkit/io/atomic_file.hpp>
#include <quantkit/io/data_type.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/io/npy_header.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Elements in row-major order, whatever the order in the file.
    struct npy_array
    {
        data_type dtype = data_type::float32;
        tensor_shape shape;
        std::vector<std::byte> bytes;

        /// The elements; valid as long as the array. Throws std::invalid_argument, naming both types, unless dtype is
        /// readable as T.
        template <element_type T>
        std::span<const T> as() const
        {
            return detail::elements<T>(bytes, dtype, "the array");
        }

        /// The same elements with the shape.
        template <element_type T>
        tensor_view<const T> view() const
        {
            return { as<T>().data(), shape };
        }

        friend bool operator==(const npy_array&, const npy_array&) = default;
    };

    /// Throws std::invalid_argument unless the elements fill the shape.
    template <element_type T>
    npy_array make_npy_array(std::span<const T> elements, tensor_shape shape)
    {
        const auto bytes = std::as_bytes(elements);
        detail::require_fitting(shape, data_type_of<T>, bytes.size(), "the array");
        return { data_type_of<T>, shape, { bytes.begin(), bytes.end() } };
    }

    /// How an array is laid down in a file.
    struct npy_layout
    {
        int version = 1; ///< 1, 2 or 3
        bool fortran_order = false;
    };

    namespace detail
    {
        inline constexpr std::string_view npy_magic = "\x93NUMPY";
        inline constexpr std::size_t npy_alignment = 64;

        constexpr std::size_t npy_length_bytes(int version) { return version == 1 ? 2 : 4; }

        /// Elements whose first index varies fastest, rearranged so that the last one does.
        inline std::vector<std::byte> row_major(std::span<const std::byte> bytes, const tensor_shape& shape,
                                                std::size_t size)
        {
            const tensor_strides strides = column_major_strides(shape);
            std::vector<std::byte> sorted(bytes.size());
            tensor_shape index;
            for (std::size_t axis = 0; axis < shape.rank(); ++axis)
                index.push_back(0);
            std::ptrdiff_t from = 0;
            for (std::size_t to = 0; to < sorted.size(); to += size)
            {
                std::memcpy(sorted.data() + to, bytes.data() + static_cast<std::size_t>(from) * size, size);
                for (std::size_t axis = shape.rank(); axis-- > 0;)
                {
                    from += strides[axis];
                    if (++index[axis] < shape[axis])
                        break;
                    from -= strides[axis] * std::exchange(index[axis], 0);
                }
            }
            return sorted;
        }

        /// Takes bytes from the front; refuses to take more than there are.
        class npy_cursor
        {
        public:
            npy_cursor(std::span<const std::byte> bytes, std::string_view source)
                : rest_(bytes)
                , source_(source)
            {
            }

            std::span<const std::byte> take(std::size_t count, std::string_view what)
            {
                if (count > rest_.size())
                    throw_io(source_, ": truncated: the ", what, " takes ", count, " bytes, but only ", rest_.size(),
                             " are left");
                return std::exchange(rest_, rest_.subspan(count)).first(count);
            }

            std::string_view text(std::size_t count, std::string_view what)
            {
                const auto bytes = take(count, what);
                return { reinterpret_cast<const char*>(bytes.data()), bytes.size() };
            }

            std::size_t little_endian(std::size_t count, std::string_view what)
            {
                std::size_t value = 0, shift = 0;
                for (const std::byte byte : take(count, what))
                    value |= std::to_integer<std::size_t>(byte) << shift, shift += 8;
                return value;
            }

            std::span<const std::byte> rest() const { return rest_; }

        private:
            std::span<const std::byte> rest_;
            std::string_view source_;
        };

        inline npy_header read_npy_header(npy_cursor& cursor, std::string_view source)
        {
            if (const auto magic = cursor.text(npy_magic.size(), "magic string"); magic != npy_magic)
                throw_io(source, ": not a .npy file: it begins with ", in_quotes(magic));
            const std::size_t major = cursor.little_endian(1, "version"), minor = cursor.little_endian(1, "version");
            if (major < 1 || major > 3 || minor != 0)
                throw_io(source, ": unsupported .npy version ", major, ".", minor);
            const std::size_t length = cursor.little_endian(npy_length_bytes(static_cast<int>(major)), "header length");
            return npy_header_parser(cursor.text(length, "header"), source).parse();
        }
    }

    /// The array in the bytes of a .npy file; source names them in errors. Throws io_error with the offending values.
    inline npy_array parse_npy(std::span<const std::byte> bytes, std::string_view source = "the .npy data")
    {
        detail::npy_cursor cursor(bytes, source);
        const detail::npy_header header = detail::read_npy_header(cursor, source);
        const auto needed = byte_count(header.shape, header.dtype);
        const auto data = cursor.rest();
        if (!needed)
            detail::throw_io(source, ": the shape ", detail::to_text(header.shape), " has too many elements");
        if (*needed != data.size())
            detail::throw_io(source, ": the shape ", detail::to_text(header.shape), " of ", name_of(header.dtype),
                             " takes ", *needed, " bytes, but ", data.size(), " follow the header");
        if (header.fortran_order)
            return { header.dtype, header.shape, detail::row_major(data, header.shape, size_of(header.dtype)) };
        return { header.dtype, header.shape, { data.begin(), data.end() } };
    }

    /// Throws io_error with the path and the offending values.
    inline npy_array read_npy(const std::filesystem::path& path)
    {
        const file_bytes file(path);
        return parse_npy(file.bytes(), detail::in_quotes(path.string()));
    }

    /// The array as the bytes of a .npy file. Throws std::invalid_argument where the format cannot hold it.
    inline std::vector<std::byte> npy_bytes(const npy_array& array, npy_layout layout = {})
    {
        require(layout.version >= 1 && layout.version <= 3, "unsupported .npy version ", layout.version);
        detail::require_fitting(array.shape, array.dtype, array.bytes.size(), "the array");

        std::string header = detail::npy_header_text({ array.dtype, layout.fortran_order, array.shape });
        const std::size_t length_bytes = detail::npy_length_bytes(layout.version);
        const std::size_t preamble = detail::npy_magic.size() + 2 + length_bytes;
        const std::size_t unpadded = preamble + header.size() + 1;
        header.append((detail::npy_alignment - unpadded % detail::npy_alignment) % detail::npy_alignment, ' ') += '\n';

        std::string text(detail::npy_magic);
        text += { static_cast<char>(layout.version), '\0' };
        for (std::size_t i = 0; i < length_bytes; ++i)
            text += static_cast<char>(header.size() >> (8 * i) & 0xff);
        text += header;
        const auto head = std::as_bytes(std::span(text));
        std::vector<std::byte> bytes(head.begin(), head.end());

        tensor_shape reversed;
        for (std::size_t axis = array.shape.rank(); axis-- > 0;)
            reversed.push_back(array.shape[axis]);
        const auto& data =
            layout.fortran_order ? detail::row_major(array.bytes, reversed, size_of(array.dtype)) : array.bytes;
        bytes.insert(bytes.end(), data.begin(), data.end());
        return bytes;
    }

    /// Replaces the file only on success. Throws io_error with path and reason.
    inline void write_npy(const std::filesystem::path& path, const npy_array& array, npy_layout layout = {})
    {
        write_file(path, npy_bytes(array, layout));
    }
}
