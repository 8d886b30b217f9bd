// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An array with an inaccessible page at one end and a canary at the other: reading or writing one element too many
/// is a segmentation fault on the one side and a failed check on the other.
///
///     guard_page::after    [ canary ... | elements ][ no access ]      the default
///     guard_page::before   [ no access ][ elements | canary ... ]
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace quantkit::test
{
    enum class guard_page
    {
        after,
        before
    };

    /// Elements are zero at first. The destructor checks the canary; copying is not possible.
    template <class T>
    class guarded_buffer
    {
        static_assert(std::is_trivially_copyable_v<T>, "pages are mapped, no constructor runs");

    public:
        explicit guarded_buffer(std::size_t count, guard_page side = guard_page::after)
            : count_(count)
            , page_bytes_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)))
            , usable_bytes_((count * sizeof(T) / page_bytes_ + 1) * page_bytes_)
        {
            void* const mapped = ::mmap(nullptr, usable_bytes_ + page_bytes_, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (mapped == MAP_FAILED)
                throw std::bad_alloc();
            mapped_ = static_cast<std::byte*>(mapped);
            const bool after = side == guard_page::after;
            usable_ = after ? mapped_ : mapped_ + page_bytes_;
            ::mprotect(after ? mapped_ + usable_bytes_ : mapped_, page_bytes_, PROT_NONE);
            std::memset(usable_, canary_value, usable_bytes_);
            data_ = reinterpret_cast<T*>(after ? usable_ + canary_bytes() : usable_);
            canary_ = after ? usable_ : usable_ + count * sizeof(T);
            std::fill_n(data_, count_, T {});
        }

        /// A copy of the values.
        explicit guarded_buffer(std::span<const T> values, guard_page side = guard_page::after)
            : guarded_buffer(values.size(), side)
        {
            std::copy(values.begin(), values.end(), data_);
        }

        explicit guarded_buffer(const std::vector<T>& values, guard_page side = guard_page::after)
            : guarded_buffer(std::span<const T>(values), side)
        {
        }

        guarded_buffer(const guarded_buffer&) = delete;
        guarded_buffer& operator=(const guarded_buffer&) = delete;

        ~guarded_buffer()
        {
            CHECK_MESSAGE(canary_intact(), "memory next to a guarded_buffer was written");
            ::munmap(mapped_, usable_bytes_ + page_bytes_);
        }

        T* data() { return data_; }
        const T* data() const { return data_; }
        std::size_t size() const { return count_; }
        std::span<T> span() { return { data_, count_ }; }
        std::span<const T> span() const { return { data_, count_ }; }
        T* begin() { return data_; }
        T* end() { return data_ + count_; }
        const T* begin() const { return data_; }
        const T* end() const { return data_ + count_; }
        T& operator[](std::size_t i) { return data_[i]; }
        const T& operator[](std::size_t i) const { return data_[i]; }

        bool canary_intact() const
        {
            return std::all_of(canary_, canary_ + canary_bytes(),
                               [](std::byte value) { return value == std::byte { canary_value }; });
        }

    private:
        static constexpr unsigned char canary_value = 0xa5;

        /// At least one byte: usable_bytes_ is rounded up beyond the elements.
        std::size_t canary_bytes() const { return usable_bytes_ - count_ * sizeof(T); }

        std::size_t count_;
        std::size_t page_bytes_;
        std::size_t usable_bytes_;
        std::byte* mapped_ = nullptr;
        std::byte* usable_ = nullptr;
        std::byte* canary_ = nullptr;
        T* data_ = nullptr;
    };
}
