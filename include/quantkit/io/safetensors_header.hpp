// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The header of a safetensors file, parsed with every check that the format demands.
#pragma once

#include <quantkit/io/data_type.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace quantkit
{
    namespace detail
    {
        inline constexpr std::size_t safetensors_length_bytes = 8;
        inline constexpr std::size_t safetensors_max_header = 100'000'000;
        /// The header proper nests three deep; room for keys that later versions may add.
        inline constexpr int safetensors_max_depth = 8;
        /// The key of the texts that are no tensor.
        inline constexpr std::string_view safetensors_metadata = "__metadata__";

        inline constexpr std::array safetensors_types = {
            std::pair { std::string_view("BOOL"), data_type::boolean },
            std::pair { std::string_view("U8"), data_type::uint8 },
            std::pair { std::string_view("I8"), data_type::int8 },
            std::pair { std::string_view("F8_E5M2"), data_type::float8_e5m2 },
            std::pair { std::string_view("F8_E4M3"), data_type::float8_e4m3 },
            std::pair { std::string_view("I16"), data_type::int16 },
            std::pair { std::string_view("U16"), data_type::uint16 },
            std::pair { std::string_view("F16"), data_type::float16 },
            std::pair { std::string_view("BF16"), data_type::bfloat16 },
            std::pair { std::string_view("I32"), data_type::int32 },
            std::pair { std::string_view("U32"), data_type::uint32 },
            std::pair { std::string_view("F32"), data_type::float32 },
            std::pair { std::string_view("F64"), data_type::float64 },
            std::pair { std::string_view("I64"), data_type::int64 },
            std::pair { std::string_view("U64"), data_type::uint64 },
        };

        struct safetensors_entry
        {
            std::string name;
            data_type dtype = data_type::float32;
            tensor_shape shape;
            std::size_t begin = 0, end = 0;
        };

        struct safetensors_header
        {
            std::vector<safetensors_entry> entries;
            std::map<std::string, std::string> metadata;
            std::span<const std::byte> data;
        };

        /// Refuses what nlohmann's parser would let through: repeated keys and any depth.
        class strict_json
        {
        public:
            bool operator()(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value)
            {
                using parse_event = nlohmann::json::parse_event_t;
                if (depth > safetensors_max_depth)
                    throw_io("nested deeper than ", safetensors_max_depth);
                if (event == parse_event::object_start)
                    keys_.emplace_back();
                else if (event == parse_event::object_end)
                    keys_.pop_back();
                else if (event == parse_event::key && !keys_.back().insert(value.get<std::string>()).second)
                    throw_io("the name ", in_quotes(value.get<std::string>()), " is repeated");
                return true;
            }

        private:
            std::vector<std::set<std::string>> keys_;
        };

        /// Reads entry by entry; every error names the source.
        class safetensors_parser
        {
        public:
            explicit safetensors_parser(std::string_view source)
                : source_(source)
            {
            }

            safetensors_header parse(std::span<const std::byte> bytes) const
            {
                const std::string_view text = header_text(bytes);
                safetensors_header header;
                header.data = bytes.subspan(safetensors_length_bytes + text.size());
                const nlohmann::json json = parsed(text);
                for (const auto& [name, value] : json.items())
                    if (name == safetensors_metadata)
                        header.metadata = metadata(value);
                    else
                        header.entries.push_back(entry(name, value));
                require_covered(header);
                return header;
            }

        private:
            template <class... Parts>
            [[noreturn]] void fail(const Parts&... parts) const
            {
                throw_io(source_, ": ", parts...);
            }

            template <class... Parts>
            [[noreturn]] void fail_tensor(std::string_view name, const Parts&... parts) const
            {
                fail("tensor ", in_quotes(name), ": ", parts...);
            }

            std::string_view header_text(std::span<const std::byte> bytes) const
            {
                if (bytes.size() < safetensors_length_bytes)
                    fail("truncated: ", bytes.size(), " bytes, fewer than the ", safetensors_length_bytes,
                         " of the header length");
                std::uint64_t length = 0;
                for (std::size_t i = safetensors_length_bytes; i-- > 0;)
                    length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
                if (length > safetensors_max_header)
                    fail("a header of ", length, " bytes is longer than the allowed ", safetensors_max_header);
                const std::size_t rest = bytes.size() - safetensors_length_bytes;
                if (length > rest)
                    fail("truncated: the header takes ", length, " bytes, but only ", rest, " follow its length");
                return { reinterpret_cast<const char*>(bytes.data()) + safetensors_length_bytes,
                         static_cast<std::size_t>(length) };
            }

            nlohmann::json parsed(std::string_view text) const
            {
                if (!text.starts_with('{'))
                    fail("the header must begin with '{', but begins with ", in_quotes(text.substr(0, 1)));
                if (text.find('\0') != std::string_view::npos) // the parser would take it for the end
                    fail("the header contains a zero byte at ", text.find('\0'));
                try
                {
                    return nlohmann::json::parse(text, strict_json());
                }
                catch (const nlohmann::json::exception& error)
                {
                    fail("the header is not valid JSON in UTF-8: ", std::string_view(error.what()).substr(0, 200));
                }
                catch (const io_error& error)
                {
                    fail("bad header: ", without_prefix(error.what()));
                }
            }

            std::map<std::string, std::string> metadata(const nlohmann::json& value) const
            {
                std::map<std::string, std::string> texts;
                if (!value.is_object())
                    fail(safetensors_metadata, " must be an object, but is ", shown(value));
                for (const auto& [key, text] : value.items())
                {
                    if (!text.is_string())
                        fail(safetensors_metadata, " must map strings to strings, but maps ", in_quotes(key), " to ",
                             shown(text));
                    texts[key] = text.get<std::string>();
                }
                return texts;
            }

            safetensors_entry entry(const std::string& name, const nlohmann::json& value) const
            {
                if (!value.is_object())
                    fail_tensor(name, "the entry must be an object, but is ", shown(value));
                safetensors_entry entry { name, dtype(name, value), {}, 0, 0 };
                const auto extents = unsigned_array(name, value, "shape");
                if (extents.size() > max_rank)
                    fail_tensor(name, "the shape ", to_text(extents), " has more than ", max_rank, " extents");
                for (const std::uint64_t extent : extents)
                    entry.shape.push_back(static_cast<std::ptrdiff_t>(extent));
                const auto offsets = unsigned_array(name, value, "data_offsets");
                if (offsets.size() != 2 || offsets[0] > offsets[1])
                    fail_tensor(name, "data_offsets must be [begin, end] with begin <= end, but are ",
                                to_text(offsets));
                entry.begin = static_cast<std::size_t>(offsets[0]);
                entry.end = static_cast<std::size_t>(offsets[1]);
                require_size(entry);
                return entry;
            }

            const nlohmann::json& member(const std::string& name, const nlohmann::json& value, const char* key) const
            {
                const auto found = value.find(key);
                if (found == value.end())
                    fail_tensor(name, "the entry has no ", key, ": ", shown(value));
                return *found;
            }

            data_type dtype(const std::string& name, const nlohmann::json& value) const
            {
                const nlohmann::json& text = member(name, value, "dtype");
                for (const auto& [known, dtype] : safetensors_types)
                    if (text.is_string() && text.get_ref<const std::string&>() == known)
                        return dtype;
                fail_tensor(name, "unknown dtype ", shown(text));
            }

            std::vector<std::uint64_t> unsigned_array(const std::string& name, const nlohmann::json& value,
                                                      const char* key) const
            {
                const nlohmann::json& array = member(name, value, key);
                constexpr std::uint64_t largest = std::numeric_limits<std::ptrdiff_t>::max();
                const auto is_valid = [](const nlohmann::json& number)
                { return number.is_number_unsigned() && number.get<std::uint64_t>() <= largest; };
                if (!array.is_array() || !std::all_of(array.begin(), array.end(), is_valid))
                    fail_tensor(name, key, " must be an array of integers from 0 to ", largest, ", but is ",
                                shown(array));
                return array.get<std::vector<std::uint64_t>>();
            }

            void require_size(const safetensors_entry& entry) const
            {
                const auto needed = byte_count(entry.shape, entry.dtype);
                if (!needed)
                    fail_tensor(entry.name, "the shape ", to_text(entry.shape), " has too many elements");
                if (*needed != entry.end - entry.begin)
                    fail_tensor(entry.name, "the shape ", to_text(entry.shape), " of ", name_of(entry.dtype), " takes ",
                                *needed, " bytes, but data_offsets [", entry.begin, ", ", entry.end, "] span ",
                                entry.end - entry.begin);
            }

            void require_covered(safetensors_header& header) const
            {
                const auto place = [](const safetensors_entry& entry) { return std::pair(entry.begin, entry.end); };
                std::sort(header.entries.begin(), header.entries.end(),
                          [&](const auto& left, const auto& right) { return place(left) < place(right); });
                std::size_t covered = 0;
                for (const safetensors_entry& entry : header.entries)
                {
                    if (entry.end > header.data.size())
                        fail_tensor(entry.name, "data_offsets [", entry.begin, ", ", entry.end, "] reach beyond the ",
                                    header.data.size(), " bytes of data");
                    if (entry.begin != covered)
                        fail_tensor(entry.name, "data_offsets [", entry.begin, ", ", entry.end, "] ",
                                    entry.begin < covered ? "overlap the tensor before, which ends at "
                                                          : "leave a hole after the tensor before, which ends at ",
                                    covered);
                    covered = entry.end;
                }
                if (covered != header.data.size())
                    fail("the tensors end at byte ", covered, " of the data, which has ", header.data.size());
            }

            static std::string shown(const nlohmann::json& value)
            {
                return in_quotes(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
            }

            std::string_view source_;
        };

        /// Throws io_error, naming the source, the tensor and the offending values.
        inline safetensors_header parse_safetensors_header(std::span<const std::byte> bytes, std::string_view source)
        {
            return safetensors_parser(source).parse(bytes);
        }
    }
}
