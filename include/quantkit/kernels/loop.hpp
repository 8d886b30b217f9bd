// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The loop of every element-wise kernel, written once: four batches at a time, then one, then what is left.
///
/// What is left, fewer values than a batch, is covered by a last batch that ends where the array ends and overlaps the
/// one before it. Only arrays shorter than a batch go value by value. Nothing beyond `count` is read or written, and no
/// pointer needs alignment; stores of floats are aligned all the same, by a first batch that overlaps the second, since
/// crossing cache lines takes a third of the speed.
#pragma once

#include <quantkit/kernels/code_memory.hpp>
#include <quantkit/kernels/lanes.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// body.four(i) and body.one(i) so that the indices of all whole batches from begin on are covered once, in order.
    ///
    /// four covers 4 * width indices from i on, one covers width; fewer than width remain before end. Bodies are
    /// structs with QUANTKIT_INLINE functions rather than lambdas, which compilers do not always inline: that costs
    /// half the speed.
    template <class Arch, class Body>
    QUANTKIT_INLINE void for_each_batch(std::size_t begin, std::size_t end, Body& body)
    {
        constexpr std::size_t width = lanes<Arch>::width;
        std::size_t i = begin;
        for (; i < end - (end - begin) % (4 * width); i += 4 * width)
            body.four(i);
        for (; i < end - (end - begin) % width; i += width)
            body.one(i);
    }

    /// The same, and body.single(i) for arrays shorter than a batch: every index below count is covered at least once.
    template <class Arch, class Body>
    QUANTKIT_INLINE void for_each_step(std::size_t count, Body& body)
    {
        constexpr std::size_t width = lanes<Arch>::width;
        if (width > 1 && count >= width)
        {
            for_each_batch<Arch>(0, count, body);
            body.one(count - width);
        }
        else
            for (std::size_t i = 0; i < count; ++i)
                body.single(i);
    }

    namespace detail
    {
        template <class Arch, class Out, class Value>
        struct stored_batches
        {
            static constexpr lanes<Arch> in {};
            static constexpr std::size_t width = lanes<Arch>::width;
            Out* out;
            Value value;

            QUANTKIT_INLINE void four(std::size_t i) const
            {
                store_lanes(out + i, in, value(i, in), value(i + width, in), value(i + 2 * width, in),
                            value(i + 3 * width, in));
            }
            QUANTKIT_INLINE void one(std::size_t i) const { store_lanes(out + i, in, value(i, in)); }

            /// The first index at which storing a batch of floats does not cross a cache line, where it can; below
            /// width.
            QUANTKIT_INLINE std::size_t aligned_begin() const
            {
                if constexpr (sizeof(Out) < sizeof(float))
                    return 0;
                else
                    return (0 - reinterpret_cast<std::uintptr_t>(out) / sizeof(Out)) % width;
            }
        };
    }

    /// out[i] = value(i) for every i below count.
    ///
    /// value   called as value(i, lanes), gives lanes::width values from i on: reals for float out, integers for codes
    /// out     [count]; may be the very array that value reads, but must not overlap it in any other way
    template <class Arch, class Out, class Value>
    QUANTKIT_INLINE void store_each(Out* out, std::size_t count, const Value& value)
    {
        constexpr std::size_t width = lanes<Arch>::width;
        if constexpr (width > 1)
            if (count >= width)
            {
                const detail::stored_batches<Arch, Out, Value> batches { out, value };
                const auto first = value(0, batches.in), last = value(count - width, batches.in);
                for_each_batch<Arch>(batches.aligned_begin(), count, batches);
                store_lanes(out, batches.in, first);
                return store_lanes(out + (count - width), batches.in, last);
            }
        for (std::size_t i = 0; i < count; ++i)
            store_lanes(out + i, lanes<scalar_arch> {}, value(i, lanes<scalar_arch> {}));
    }
}
