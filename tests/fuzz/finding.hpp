// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a fuzz target says when the library broke a promise, and how it takes an input apart.
#pragma once

#include <quantkit/io/io_error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace quantkit::fuzz
{
    /// Not derived from what the library may throw, so that no target takes it for a refusal.
    class finding : public std::exception
    {
    public:
        explicit finding(std::string text)
            : text_(std::move(text))
        {
        }

        const char* what() const noexcept override { return text_.c_str(); }

    private:
        std::string text_;
    };

    inline void expect(bool promise_kept, const char* promise)
    {
        if (!promise_kept)
            throw finding(promise);
    }

    /// Does it; true unless the library refused. Any other exception is a finding.
    template <class Action>
    bool accepted(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (const io_error&)
        {
            return false;
        }
        catch (const std::invalid_argument&)
        {
            return false;
        }
    }

    inline std::string_view text_of(std::span<const std::byte> input)
    {
        return { reinterpret_cast<const char*>(input.data()), input.size() };
    }

    /// Numbers from the front of an input, zeros after its end.
    class input_reader
    {
    public:
        explicit input_reader(std::span<const std::byte> input)
            : rest_(input)
        {
        }

        template <class Number>
        Number take()
        {
            Number number {};
            const std::size_t size = std::min(sizeof number, rest_.size());
            if (size > 0)
                std::memcpy(&number, rest_.data(), size);
            rest_ = rest_.subspan(size);
            return number;
        }

        /// In [low, high], at most 65,536 apart.
        int integer(int low, int high) { return low + take<std::uint16_t>() % (high - low + 1); }

        std::string text(std::size_t longest)
        {
            const std::size_t size = std::min<std::size_t>({ take<std::uint8_t>(), longest, rest_.size() });
            const std::string taken(text_of(rest_.first(size)));
            rest_ = rest_.subspan(size);
            return taken;
        }

    private:
        std::span<const std::byte> rest_;
    };
}
