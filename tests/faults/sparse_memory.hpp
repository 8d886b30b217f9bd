// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Arrays of more elements than memory holds: zeros that are only reserved, and outputs whose parts share memory.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>

#include <sys/mman.h>
#include <unistd.h>

namespace quantkit::test
{
    /// Zeros that take memory only where they are written. A system that reserves no such range of addresses fails the
    /// test that asks for it.
    template <class T>
    class sparse_memory
    {
    public:
        explicit sparse_memory(std::ptrdiff_t count)
            : count_(static_cast<std::size_t>(count))
            , data_(
                  ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
        {
            REQUIRE_MESSAGE(data_ != MAP_FAILED, "the system reserves no ", bytes(), " bytes of addresses");
        }
        sparse_memory(const sparse_memory&) = delete;
        sparse_memory& operator=(const sparse_memory&) = delete;
        ~sparse_memory() { ::munmap(data_, bytes()); }

        std::size_t size() const { return count_; }
        T* data() const { return static_cast<T*>(data_); }
        T& operator[](std::ptrdiff_t i) const { return data()[i]; }

    private:
        std::size_t bytes() const { return count_ * sizeof(T); }

        std::size_t count_;
        void* data_;
    };

    /// Memory for an output that is longer than memory: elements `window` apart are the same. What is written in
    /// ascending order leaves the last ones, element i at i % window, zeros at first.
    template <class T>
    class repeated_memory
    {
    public:
        static constexpr std::size_t window = std::size_t { 1 } << 20;

        explicit repeated_memory(std::ptrdiff_t count)
            : repeats_((static_cast<std::size_t>(count) + window - 1) / window)
            , all_(static_cast<std::ptrdiff_t>(repeats_ * window))
        {
            const int file = ::memfd_create("repeated_memory", MFD_CLOEXEC);
            REQUIRE(file >= 0);
            bool mapped = ::ftruncate(file, static_cast<off_t>(bytes)) == 0;
            for (std::size_t i = 0; mapped && i < repeats_; ++i)
                mapped =
                    ::mmap(all_.data() + i * window, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0)
                    != MAP_FAILED;
            ::close(file);
            REQUIRE(mapped);
        }

        T* data() const { return all_.data(); }

    private:
        static constexpr std::size_t bytes = window * sizeof(T);
        std::size_t repeats_;
        sparse_memory<T> all_;
    };
}
