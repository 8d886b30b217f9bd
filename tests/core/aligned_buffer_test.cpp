// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/aligned_buffer.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace
{
    int living = 0; // what aligned_buffer allocated and did not free
}

[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment)
{
    ++living;
    const auto step = static_cast<std::size_t>(alignment);
    if (void* const memory = std::aligned_alloc(step, (bytes + step) / step * step))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept
{
    --living;
    std::free(memory);
}

using quantkit::aligned_buffer;

namespace
{
    aligned_buffer<int> made(std::size_t size, int first)
    {
        aligned_buffer<int> buffer(size);
        buffer[0] = first;
        return buffer;
    }

    /// A template whose parameter the assignment does not depend on, as in layers.
    template <class>
    void empty(aligned_buffer<int>& buffer)
    {
        buffer = {};
    }
}

TEST_CASE("a buffer is aligned and zero, or holds no memory")
{
    const aligned_buffer<int> buffer(3);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % quantkit::cache_line_bytes == 0);
    CHECK((buffer[0] == 0 && buffer[1] == 0 && buffer[2] == 0));
    const int before = living;
    CHECK(aligned_buffer<int>(0).data() == nullptr);
    CHECK(living == before);
}

TEST_CASE("assignment: copies are deep, what moves leaves nothing, and the old values are freed")
{
    const int before = living;
    {
        aligned_buffer<int> target = made(2, 1), source = made(3, 2);
        target = source;
        CHECK(living == before + 2);
        CHECK((target.size() == 3 && target[0] == 2 && target.data() != source.data()));
        target = made(4, 3);
        CHECK(living == before + 2);
        CHECK((target.size() == 4 && target[0] == 3));
        target = std::move(source);
        CHECK(living == before + 1);
        CHECK((target.size() == 3 && target[0] == 2));
        aligned_buffer<int>& itself = target;
        target = itself;
        CHECK((target.size() == 3 && target[0] == 2));
        target = std::move(itself);
        CHECK((target.size() == 3 && target[0] == 2));
    }
    CHECK(living == before);
}

TEST_CASE("assigning {} frees the values, in a template too")
{
    const int before = living;
    aligned_buffer<int> outside = made(2, 1), inside = made(2, 1);
    outside = {};
    empty<void>(inside);
    CHECK(living == before);
    CHECK((outside.data() == nullptr && inside.data() == nullptr));
    CHECK((outside.size() == 0 && inside.size() == 0));
}
