// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One 64-bit counter for each of the 2^20 classes of floats that kernels/count_values.hpp tells apart, in memory for
/// those pages only that are in use.
///
/// Counting in 32 bits takes half the cache. So there are two: recent counts, which a kernel increments, and older
/// ones, to which they are moved before 2^32 values have been counted.
#pragma once

#include <quantkit/kernels/count_values.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quantkit
{
    /// 8 KB a page, 24 KB from 2^32 values on; the vectors may hold twice of that.
    class value_counters
    {
    public:
        static constexpr std::uint32_t pages = kernels::counter_pages;
        static constexpr std::uint32_t counters_per_page = kernels::counters_per_page;
        /// The pages of negative values begin here.
        static constexpr std::uint32_t sign_page = pages / 2;

        /// x   [count] floats, less than 2^32
        template <class Arch>
        void count_values(const float* x, std::size_t count, Arch arch)
        {
            make_room_for(count);
            for (std::size_t done = 0; done < count;)
            {
                for (std::size_t next = done; next < std::min(done + kernels::counted_together, count); ++next)
                    give_counters(x[next]);
                done += kernels::count_values(x + done, count - done, offsets_.data(), recent_.data(), arch);
            }
            recent_total_ += count;
        }

        void count_value(float x)
        {
            make_room_for(1);
            give_counters(x);
            const std::uint32_t number = kernels::counter_number(x);
            ++recent_[index_of(number / counters_per_page, number % counters_per_page)];
            ++recent_total_;
        }

        /// Whether any counter of a page may be more than 0.
        bool has_counters(std::uint32_t page) const
        {
            return !offsets_.empty() && offsets_[page] != kernels::no_counters;
        }

        std::uint64_t count(std::uint32_t page, std::uint32_t bin) const
        {
            if (!has_counters(page))
                return 0;
            const std::size_t i = index_of(page, bin);
            return recent_[i] + (older_.empty() ? 0 : older_[i]);
        }

        /// Adds the other's counts.
        void merge(const value_counters& other)
        {
            make_room_for(other.recent_total_);
            for (std::uint32_t page = 0; page < pages; ++page)
                add_page(other, page, page);
            recent_total_ += other.recent_total_;
        }

        /// Negative values counted as positive ones.
        value_counters without_sign() const
        {
            value_counters folded;
            for (std::uint32_t page = 0; page < pages; ++page)
                folded.add_page(*this, page, page % sign_page);
            folded.recent_total_ = recent_total_;
            return folded;
        }

        /// Memory in use.
        std::size_t bytes() const
        {
            return sizeof(*this) + offsets_.capacity() * sizeof(offsets_[0]) + recent_.capacity() * sizeof(recent_[0])
                   + older_.capacity() * sizeof(older_[0]);
        }

    private:
        std::size_t index_of(std::uint32_t page, std::uint32_t bin) const
        {
            return offsets_[page] + page * counters_per_page + bin;
        }

        void give_counters(float x) { give_counters(kernels::counter_number(x) / counters_per_page); }

        void give_counters(std::uint32_t page)
        {
            if (offsets_.empty())
                offsets_.assign(pages, kernels::no_counters);
            if (has_counters(page))
                return;
            offsets_[page] = static_cast<std::uint32_t>(recent_.size()) - page * counters_per_page;
            recent_.resize(recent_.size() + counters_per_page);
            if (!older_.empty())
                older_.resize(recent_.size());
        }

        void make_room_for(std::uint64_t values)
        {
            if (recent_total_ + values <= std::numeric_limits<std::uint32_t>::max())
                return;
            older_.resize(recent_.size());
            for (std::size_t i = 0; i < recent_.size(); ++i)
                older_[i] += recent_[i];
            std::fill(recent_.begin(), recent_.end(), 0);
            recent_total_ = 0;
        }

        void add_page(const value_counters& other, std::uint32_t page, std::uint32_t to)
        {
            if (!other.has_counters(page))
                return;
            give_counters(to);
            const std::size_t first = index_of(to, 0), source = other.index_of(page, 0);
            for (std::size_t i = 0; i < counters_per_page; ++i)
                recent_[first + i] += other.recent_[source + i];
            if (other.older_.empty())
                return;
            older_.resize(recent_.size());
            for (std::size_t i = 0; i < counters_per_page; ++i)
                older_[first + i] += other.older_[source + i];
        }

        std::vector<std::uint32_t> offsets_; ///< [pages] as the kernel wants them, or empty before the first value
        std::vector<std::uint32_t> recent_;  ///< pages in the order of their first value
        std::vector<std::uint64_t> older_;   ///< empty, or as long as recent_
        std::uint64_t recent_total_ = 0;     ///< the sum of recent_, below 2^32
    };
}
