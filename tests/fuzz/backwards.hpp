// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An executor that divides work as threads would, without any.
#pragma once

#include <cstddef>

namespace quantkit::fuzz
{
    /// Pieces in reverse order, in the calling thread: as many as if there were so many threads.
    struct backwards
    {
        std::size_t threads = 1;

        std::size_t concurrency() const { return threads; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            while (count-- > 0)
                work(count);
        }
    };
}
