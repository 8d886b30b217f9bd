// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Errors whose text carries the values that caused them.
#pragma once

#include <quantkit/core/config.hpp>

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <class T>
        concept number = (std::integral<T> || std::floating_point<T>)&&!std::same_as<T, bool>;

        template <class T>
        concept text_like = std::convertible_to<const T&, std::string_view>;

        template <class T>
        concept sequence = !text_like<T> && requires(const T& range)
        {
            range.begin() != range.end();
        };

        template <std::same_as<bool> Flag>
        std::string to_text(Flag value)
        {
            return value ? "true" : "false";
        }

        /// Integers of all widths are written by two functions; floats by one each, as their shortest digits differ.
        template <number Number>
        constexpr auto widest(Number value)
        {
            if constexpr (std::floating_point<Number>)
                return value;
            else if constexpr (std::unsigned_integral<Number>)
                return static_cast<unsigned long long>(value);
            else
                return static_cast<long long>(value);
        }

        template <number Number>
        std::string to_text(Number value)
        {
            char buffer[40] {};
            const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, widest(value));
            return std::string(buffer, end);
        }

        /// "[2, 3, 4]" for any range of numbers.
        template <sequence Range>
        std::string to_text(const Range& range)
        {
            std::string text = "[";
            for (const auto& value : range)
                text += (text.size() > 1 ? ", " : "") + to_text(value);
            return text + "]";
        }

        /// A part of a text, its type forgotten: texts are put together in one function, however many kinds of errors
        /// a program can have.
        ///
        /// text   the part, or
        /// value  what write makes a text of
        struct text_part
        {
            std::string_view text;
            const void* value = nullptr;
            std::string (*write)(const void* value) = nullptr;
        };

        inline text_part part_of(const char* text) { return { text }; }
        inline text_part part_of(std::string_view text) { return { text }; }
        inline text_part part_of(const std::string& text) { return { text }; }

        template <class T>
        text_part part_of(const T& value)
        {
            return { {}, &value, [](const void* same) { return to_text(*static_cast<const T*>(same)); } };
        }

        inline std::string joined(std::initializer_list<text_part> parts)
        {
            std::string text;
            for (const text_part& part : parts)
                if (part.write == nullptr)
                    text += part.text;
                else
                    text += part.write(part.value);
            return text;
        }

        [[noreturn]] inline void throw_joined(std::initializer_list<text_part> parts)
        {
            throw std::invalid_argument(joined(parts));
        }

        /// What an error says, without the library's name, for an error that says more.
        inline std::string_view without_prefix(std::string_view error)
        {
            constexpr std::string_view prefix = "quantkit: ";
            return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The parts as one text; numbers are written with their shortest exact decimal.
    template <class... Parts>
    std::string concat(const Parts&... parts)
    {
        return detail::joined({ detail::part_of(parts)... });
    }

    /// Throws std::invalid_argument with "quantkit: " and the parts as its text.
    template <class... Parts>
    [[noreturn]] void throw_invalid(const Parts&... parts)
    {
        detail::throw_joined({ { "quantkit: " }, detail::part_of(parts)... });
    }

    /// Throws std::invalid_argument with the parts as its text unless the condition holds.
    template <class... Parts>
    void require(bool condition, const Parts&... parts)
    {
        if (!condition)
            throw_invalid(parts...);
    }
}
