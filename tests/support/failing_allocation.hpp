// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Makes the n-th allocation of a program fail. Include it in one file of a test program: it replaces the global
/// operators, and with glibc also malloc, which Eigen calls by itself (not under sanitizers, which have a malloc of
/// their own).
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define QUANTKIT_TEST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUANTKIT_TEST_SANITIZED
#endif

namespace quantkit::test
{
    /// How many more allocations of this thread succeed; the one after them fails, once. Negative: all succeed.
    inline thread_local std::ptrdiff_t allocations_left = -1;

    inline bool allocation_fails()
    {
        if (allocations_left < 0)
            return false;
        return allocations_left-- == 0;
    }

    enum class allocation_outcome
    {
        succeeded, ///< no allocation had to fail: all n came before the end
        survived,  ///< one failed, and the action did without it
        failed     ///< std::bad_alloc came out
    };

    /// Does it with the n-th allocation failing. Any exception but std::bad_alloc goes through.
    template <class Action>
    allocation_outcome with_failing_allocation(std::ptrdiff_t n, Action action)
    {
        struct restore
        {
            ~restore() { allocations_left = -1; }
        } const all_succeed_again;
        allocations_left = n;
        try
        {
            action();
        }
        catch (const std::bad_alloc&)
        {
            return allocation_outcome::failed;
        }
        return allocations_left >= 0 ? allocation_outcome::succeeded : allocation_outcome::survived;
    }
}

#if defined(__GLIBC__) && !defined(QUANTKIT_TEST_SANITIZED)
extern "C" void* __libc_malloc(std::size_t bytes); // NOLINT: glibc's name

extern "C" void* malloc(std::size_t bytes)
{
    return quantkit::test::allocation_fails() ? nullptr : __libc_malloc(bytes);
}
#define QUANTKIT_TEST_MALLOC_FAILS
#endif
#undef QUANTKIT_TEST_SANITIZED

namespace quantkit::test
{
    /// An allocation of operator new, which fails by itself where malloc() does not.
    inline void* checked_memory(void* memory)
    {
#if !defined(QUANTKIT_TEST_MALLOC_FAILS)
        if (memory != nullptr && allocation_fails())
        {
            std::free(memory);
            memory = nullptr;
        }
#endif
        if (memory == nullptr)
            throw std::bad_alloc();
        return memory;
    }
}

// Not inlined: GCC would take new and free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes)
{
    return quantkit::test::checked_memory(std::malloc(bytes == 0 ? 1 : bytes));
}

[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment)
{
    const auto step = static_cast<std::size_t>(alignment);
    if (quantkit::test::allocation_fails())
        throw std::bad_alloc();
    if (void* const memory = std::aligned_alloc(step, (bytes + step) / step * step))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
