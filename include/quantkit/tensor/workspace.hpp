// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Scratch memory that a thread keeps from call to call, so that running a layer again allocates nothing.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/config.hpp>

#include <cstddef>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    constexpr std::size_t rounded_to_lines(std::size_t bytes)
    {
        return (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
    }

    /// A type of this namespace, so that its destructor, which a thread calls at its end, is not shared either.
    struct kept_memory
    {
        aligned_buffer<std::byte> bytes;
    };

    /// At least this many bytes, 64-byte aligned, valid until this thread asks again.
    inline std::byte* thread_workspace(std::size_t bytes)
    {
        thread_local kept_memory memory;
        if (memory.bytes.size() < bytes)
        {
            memory.bytes = {}; // the old memory goes before the new comes
            memory.bytes = aligned_buffer<std::byte>(rounded_to_lines(bytes));
        }
        return memory.bytes.data();
    }

    /// Cuts one piece of memory into aligned arrays.
    class memory_pieces
    {
    public:
        explicit memory_pieces(std::byte* memory)
            : next_(memory)
        {
        }

        template <class T>
        static constexpr std::size_t bytes(std::size_t count)
        {
            return rounded_to_lines(count * sizeof(T));
        }

        template <class T>
        T* take(std::size_t count)
        {
            T* piece = reinterpret_cast<T*>(next_);
            next_ += bytes<T>(count);
            return piece;
        }

    private:
        std::byte* next_;
    };
}
