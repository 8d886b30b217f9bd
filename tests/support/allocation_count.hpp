// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Counts what a program allocates. Include it in one file of a test program: it replaces the global operators, and
/// with glibc also malloc, which Eigen calls by itself (not under sanitizers, which have a malloc of their own).
#pragma once

#include <atomic>
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
    inline std::atomic<std::size_t> allocations { 0 };

    /// How often call() allocates.
    template <class Call>
    std::size_t allocations_of(Call call)
    {
        const std::size_t before = allocations;
        call();
        return allocations - before;
    }
}

#if defined(__GLIBC__) && !defined(QUANTKIT_TEST_SANITIZED)
extern "C" void* __libc_malloc(std::size_t bytes); // NOLINT: glibc's name

extern "C" void* malloc(std::size_t bytes)
{
    ++quantkit::test::allocations;
    return __libc_malloc(bytes);
}
#endif
#undef QUANTKIT_TEST_SANITIZED

// Not inlined: GCC would take new and free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes)
{
    ++quantkit::test::allocations;
    if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment)
{
    ++quantkit::test::allocations;
    const auto step = static_cast<std::size_t>(alignment);
    if (void* const memory = std::aligned_alloc(step, (bytes + step) / step * step))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
