// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The header of a .npy file: a Python literal such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
#pragma once

#include <quantkit/io/data_type.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace quantkit
{
    namespace detail
    {
        struct npy_descr
        {
            std::string_view text;
            data_type dtype;
        };

        inline constexpr std::array npy_descrs = {
            npy_descr { "|b1", data_type::boolean }, npy_descr { "|i1", data_type::int8 },
            npy_descr { "|u1", data_type::uint8 },   npy_descr { "<i2", data_type::int16 },
            npy_descr { "<u2", data_type::uint16 },  npy_descr { "<i4", data_type::int32 },
            npy_descr { "<u4", data_type::uint32 },  npy_descr { "<i8", data_type::int64 },
            npy_descr { "<u8", data_type::uint64 },  npy_descr { "<f2", data_type::float16 },
            npy_descr { "<f4", data_type::float32 }, npy_descr { "<f8", data_type::float64 },
        };

        struct npy_header
        {
            data_type dtype = data_type::float32;
            bool fortran_order = false;
            tensor_shape shape;
        };

        /// Reads the header's Python literal. Every error quotes the header.
        class npy_header_parser
        {
        public:
            npy_header_parser(std::string_view text, std::string_view source)
                : text_(text)
                , rest_(text)
                , source_(source)
            {
            }

            npy_header parse()
            {
                npy_header header;
                bool has_descr = false, has_order = false, has_shape = false;
                expect('{');
                while (!accept('}'))
                {
                    const std::string_view key = string();
                    expect(':');
                    if (key == "descr" && !std::exchange(has_descr, true))
                        header.dtype = descr();
                    else if (key == "fortran_order" && !std::exchange(has_order, true))
                        header.fortran_order = boolean();
                    else if (key == "shape" && !std::exchange(has_shape, true))
                        header.shape = shape();
                    else
                        fail("unknown or repeated key ", in_quotes(key));
                    if (!accept(','))
                    {
                        expect('}');
                        break;
                    }
                }
                skip_space();
                if (!rest_.empty())
                    fail("text after the closing brace");
                if (!has_descr || !has_order || !has_shape)
                    fail("it needs the keys 'descr', 'fortran_order' and 'shape'");
                return header;
            }

        private:
            template <class... Parts>
            [[noreturn]] void fail(const Parts&... parts) const
            {
                throw_io(source_, ": bad header ", in_quotes(text_), ": ", parts...);
            }

            void skip_space()
            {
                const std::size_t count = rest_.find_first_not_of(" \t\n\r");
                rest_.remove_prefix(std::min(count, rest_.size()));
            }

            bool accept(char c)
            {
                skip_space();
                const bool found = rest_.starts_with(c);
                rest_.remove_prefix(found);
                return found;
            }

            void expect(char c)
            {
                if (!accept(c))
                    fail("expected ", in_quotes({ &c, 1 }), " at byte ", text_.size() - rest_.size());
            }

            std::string_view string()
            {
                const char quote = accept('"') ? '"' : '\'';
                if (quote == '\'')
                    expect(quote);
                const std::size_t length = rest_.find(quote);
                if (length == std::string_view::npos)
                    fail("unterminated string");
                const std::string_view content = rest_.substr(0, length);
                rest_.remove_prefix(length + 1);
                return content;
            }

            data_type descr()
            {
                if (accept('['))
                    fail("structured arrays are not supported");
                const std::string_view text = string();
                if (text.starts_with('>'))
                    fail("big-endian elements ", in_quotes(text), " are not supported");
                for (const npy_descr& known : npy_descrs)
                    if (text == known.text || (size_of(known.dtype) == 1 && text == concat("<", known.text.substr(1))))
                        return known.dtype;
                fail("unsupported element type ", in_quotes(text));
            }

            bool boolean()
            {
                skip_space();
                for (const std::string_view word : { "True", "False" })
                    if (rest_.starts_with(word))
                    {
                        rest_.remove_prefix(word.size());
                        return word == "True";
                    }
                fail("fortran_order must be True or False");
            }

            std::ptrdiff_t extent()
            {
                skip_space();
                const std::string_view digits = rest_.substr(0, rest_.find_first_of(",) \t\n\r"));
                std::ptrdiff_t value = 0;
                const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
                if (error != std::errc {} || end != digits.data() + digits.size() || value < 0)
                    fail("an extent must be an integer from 0 to ", std::numeric_limits<std::ptrdiff_t>::max(),
                         ", not ", in_quotes(digits));
                rest_.remove_prefix(digits.size());
                return value;
            }

            /// (), (3,), (3, 4) or (3, 4,)
            tensor_shape shape()
            {
                tensor_shape extents;
                expect('(');
                while (!accept(')'))
                {
                    if (extents.rank() == max_rank)
                        fail("more than ", max_rank, " dimensions");
                    extents.push_back(extent());
                    if (accept(','))
                        continue;
                    if (extents.rank() == 1)
                        fail("a shape of one extent needs a comma");
                    expect(')');
                    break;
                }
                return extents;
            }

            std::string_view text_, rest_, source_;
        };

        /// The literal that NumPy writes; float8 and bfloat16 have no name there and are refused.
        inline std::string npy_header_text(const npy_header& header)
        {
            const auto known = std::find_if(npy_descrs.begin(), npy_descrs.end(),
                                            [&](const npy_descr& descr) { return descr.dtype == header.dtype; });
            require(known != npy_descrs.end(), ".npy files have no element type for ", name_of(header.dtype));
            std::string shape;
            for (const std::ptrdiff_t extent : header.shape)
                shape += concat(shape.empty() ? "" : ", ", extent);
            if (header.shape.rank() == 1)
                shape += ',';
            return concat("{'descr': '", known->text, "', 'fortran_order': ", header.fortran_order ? "True" : "False",
                          ", 'shape': (", shape, "), }");
        }
    }
}
