// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Owned memory that begins at a cache line, for packed panels and for the padded arrays that kernels read in whole
/// vectors.
#pragma once

#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace quantkit
{
    /// What buffers are aligned to.
    inline constexpr std::size_t cache_line_bytes = 64;

    /// `size` values of a trivial type, zero at first. Copies are deep.
    template <class T>
    class aligned_buffer
    {
        static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

    public:
        aligned_buffer() = default;

        QUANTKIT_INLINE explicit aligned_buffer(std::size_t size)
            : data_(size == 0 ? nullptr : static_cast<T*>(::operator new(size * sizeof(T), alignment)))
            , size_(size)
        {
            std::fill_n(data_, size_, T {});
        }

        QUANTKIT_INLINE aligned_buffer(const aligned_buffer& other)
            : aligned_buffer(other.size_)
        {
            std::copy_n(other.data_, size_, data_);
        }

        QUANTKIT_INLINE aligned_buffer(aligned_buffer&& other) noexcept
            : data_(std::exchange(other.data_, nullptr))
            , size_(std::exchange(other.size_, 0))
        {
        }

        QUANTKIT_INLINE aligned_buffer& operator=(const aligned_buffer& other) { return *this = aligned_buffer(other); }

        /// Takes the other's values; the own ones are freed. By reference: clang 14 does not destroy a parameter that
        /// is made of {} in a template whose own parameters it does not depend on.
        QUANTKIT_INLINE aligned_buffer& operator=(aligned_buffer&& other) noexcept
        {
            aligned_buffer taken(std::move(other));
            std::swap(data_, taken.data_);
            std::swap(size_, taken.size_);
            return *this;
        }

        QUANTKIT_INLINE ~aligned_buffer()
        {
            if (data_ != nullptr)
                ::operator delete(data_, alignment);
        }

        QUANTKIT_INLINE T* data() { return data_; }
        QUANTKIT_INLINE const T* data() const { return data_; }
        QUANTKIT_INLINE std::size_t size() const { return size_; }
        QUANTKIT_INLINE T& operator[](std::size_t i) { return data_[i]; }
        QUANTKIT_INLINE const T& operator[](std::size_t i) const { return data_[i]; }

    private:
        static constexpr std::align_val_t alignment { cache_line_bytes };

        T* data_ = nullptr;
        std::size_t size_ = 0;
    };
}
