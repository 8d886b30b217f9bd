// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One 64-bit counter for each of the 2^20 classes of floats that kernels/count_values.hpp tells apart, in memory for
/// those pages only that are in use.
///
/// Counting in 32 bits takes half the cache. So there are two: recent counts, which a kernel increments, and older
/// ones, to which they are moved before 2^32 values have been counted.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/count_values.hpp>

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// 8 KB a page, 24 KB from 2^32 values on, for each page in use and that of 0; the vectors may hold twice of that.
    ///
    /// New pages follow the earlier ones, in the order of their numbers among themselves. The windows in which the
    /// kernel is fast are the longest rows of neighbours, one for each sign; when many values have missed them, the
    /// pages are put in order.
    class value_counters
    {
    public:
        static constexpr std::uint32_t pages = kernels::counter_pages;
        static constexpr std::uint32_t counters_per_page = kernels::counters_per_page;
        /// The pages of negative values begin here.
        static constexpr std::uint32_t sign_page = pages / 2;

        /// Counts all or, if memory is short and it throws std::bad_alloc, none.
        ///
        /// x   [count] floats, less than 2^32
        template <class Arch>
        void count_values(const float* x, std::size_t count, Arch arch)
        {
            make_room_for(count);
            if (looked_up_ >= worth_sorting && !is_sorted_)
                sort_pages();
            const std::size_t counted = count_known<Arch>(x, count, arch);
            if (counted != count)
            {
                try
                {
                    add_pages(pages_of(x + counted, count - counted));
                }
                catch (...)
                {
                    uncount(x, counted);
                    throw;
                }
                count_known<Arch>(x + counted, count - counted, arch);
            }
            recent_total_ += count;
        }

        /// Whether any counter of a page may be more than 0.
        QUANTKIT_INLINE bool has_counters(std::uint32_t page) const { return has_page(page); }

        /// How many values fell into a bin of a page.
        QUANTKIT_INLINE std::uint64_t count(std::uint32_t page, std::uint32_t bin) const
        {
            const std::uint64_t zeros = page == 0 && bin == 0 ? zero_count() : 0;
            return has_page(page) ? zeros + count_at(index_of(page, bin)) : zeros;
        }

        /// Adds the other's counts, all or, if it throws std::bad_alloc, none.
        QUANTKIT_INLINE void merge(const value_counters& other)
        {
            if (other.offsets_.empty())
                return;
            make_room_for(other.recent_total_);
            make_room_like(other, other.used_pages());
            add_zeros(other);
            for (std::uint32_t page = 0; page < pages; ++page)
                add_page(other, page, page);
            recent_total_ += other.recent_total_;
        }

        /// Negative values counted as positive ones.
        QUANTKIT_INLINE value_counters without_sign() const
        {
            value_counters folded;
            if (offsets_.empty())
                return folded;
            const page_set used = used_pages();
            folded.make_room_like(*this, (used | used >> sign_page) & positive_pages());
            folded.add_zeros(*this);
            for (std::uint32_t page = 0; page < pages; ++page)
                folded.add_page(*this, page, page % sign_page);
            folded.recent_total_ = recent_total_;
            return folded;
        }

        /// Memory in use.
        QUANTKIT_INLINE std::size_t bytes() const
        {
            return sizeof(*this) + offsets_.capacity() * sizeof(offsets_[0]) + recent_.capacity() * sizeof(recent_[0])
                   + older_.capacity() * sizeof(older_[0]);
        }

    private:
        using page_set = std::bitset<pages>;
        /// Looking up a value costs 0.2 ns more than finding it in a window, sorting 60 pages 200 us.
        static constexpr std::size_t worth_sorting = 1 << 20;

        QUANTKIT_INLINE static page_set positive_pages() { return ~page_set {} >> sign_page; }

        QUANTKIT_INLINE bool has_page(std::uint32_t page) const
        {
            return !offsets_.empty() && offsets_[page] != kernels::no_counters;
        }

        QUANTKIT_INLINE std::size_t index_of(std::uint32_t page, std::uint32_t bin) const
        {
            return offsets_[page] + page * counters_per_page + bin;
        }

        QUANTKIT_INLINE page_set used_pages() const
        {
            page_set used;
            for (std::uint32_t page = 0; page < pages; ++page)
                used[page] = has_page(page);
            return used;
        }

        QUANTKIT_INLINE static page_set pages_of(const float* x, std::size_t count)
        {
            page_set used;
            for (std::size_t i = 0; i < count; ++i)
                used[kernels::counter_number(x[i]) / counters_per_page] = true;
            return used;
        }

        QUANTKIT_INLINE std::uint64_t count_at(std::size_t i) const
        {
            return recent_[i] + (older_.empty() ? 0 : older_[i]);
        }

        QUANTKIT_INLINE std::uint64_t zero_count() const
        {
            std::uint64_t count = 0;
            for (std::size_t i = 0; i < kernels::zero_counters && !offsets_.empty(); ++i)
                count += count_at(i);
            return count;
        }

        /// Counts until a value has no counter, and tells how many it counted.
        template <class Arch>
        std::size_t count_known(const float* x, std::size_t count, Arch arch)
        {
            if (offsets_.empty())
                return 0;
            const kernels::counter_layout layout { offsets_.data(), positive_, negative_ };
            const kernels::counted_values done = kernels::count_values(x, count, layout, recent_.data(), arch);
            looked_up_ += done.looked_up;
            return done.count;
        }

        QUANTKIT_INLINE void uncount(const float* x, std::size_t count)
        {
            for (std::size_t i = 0; i < count; ++i)
            {
                const std::uint32_t number = kernels::counter_number(x[i]);
                const std::uint32_t page = number / counters_per_page, bin = number % counters_per_page;
                std::size_t place = index_of(page, bin);
                for (std::size_t zeros = 0; number == 0 && recent_[place] == 0; ++zeros)
                    place = zeros;
                --recent_[place];
            }
        }

        /// Gives counters to those of these pages that have none; no count changes, also if it throws.
        QUANTKIT_INLINE void add_pages(page_set wanted)
        {
            const page_set used = used_pages();
            wanted = (wanted | page_set { 1 }) & ~used; // zeros that the kernel looks up are in page 0
            std::vector<std::uint32_t> offsets =
                offsets_.empty() ? std::vector<std::uint32_t>(pages, kernels::no_counters) : offsets_;
            std::size_t next = std::max<std::size_t>(recent_.size(), kernels::zero_counters);
            recent_.resize(next + wanted.count() * counters_per_page);
            if (!older_.empty())
                older_.resize(recent_.size());
            for (std::uint32_t page = 0; page < pages; ++page)
                if (wanted[page])
                {
                    offsets[page] = static_cast<std::uint32_t>(next) - page * counters_per_page;
                    next += counters_per_page;
                }
            offsets_ = std::move(offsets);
            is_sorted_ = is_sorted_ && (used.none() || wanted.none());
            positive_ = longest_row(0);
            negative_ = longest_row(sign_page);
        }

        /// Of pages that are neighbours in memory, too: these have the same offset.
        QUANTKIT_INLINE kernels::counter_window longest_row(std::uint32_t first_page) const
        {
            kernels::counter_window longest;
            std::uint32_t pages_in_longest = 0;
            for (std::uint32_t begin = first_page, end = begin; begin < first_page + sign_page; begin = end)
            {
                while (end < first_page + sign_page && offsets_[end] == offsets_[begin])
                    ++end;
                if (!has_page(begin) || end - begin <= pages_in_longest)
                    continue;
                pages_in_longest = end - begin;
                longest = { static_cast<std::int32_t>(begin * counters_per_page),
                            static_cast<std::int32_t>(end * counters_per_page - 1),
                            static_cast<std::int32_t>(offsets_[begin]) };
            }
            return longest;
        }

        /// An empty one puts all pages that it is to merge in order.
        QUANTKIT_INLINE void sort_pages()
        {
            value_counters sorted;
            sorted.merge(*this);
            *this = std::move(sorted);
        }

        QUANTKIT_INLINE void make_room_for(std::uint64_t values)
        {
            if (recent_total_ + values <= std::numeric_limits<std::uint32_t>::max())
                return;
            older_.resize(recent_.size());
            for (std::size_t i = 0; i < recent_.size(); ++i)
                older_[i] += recent_[i];
            std::fill(recent_.begin(), recent_.end(), 0);
            recent_total_ = 0;
        }

        /// For adding the other's counts to these pages, which cannot fail any more.
        QUANTKIT_INLINE void make_room_like(const value_counters& other, const page_set& wanted)
        {
            add_pages(wanted);
            if (!other.older_.empty())
                older_.resize(recent_.size());
        }

        QUANTKIT_INLINE void add_page(const value_counters& other, std::uint32_t page, std::uint32_t to)
        {
            if (other.has_page(page))
                add(other, other.index_of(page, 0), index_of(to, 0), counters_per_page);
        }

        QUANTKIT_INLINE void add_zeros(const value_counters& other) { add(other, 0, 0, kernels::zero_counters); }

        QUANTKIT_INLINE void add(const value_counters& other, std::size_t source, std::size_t first, std::size_t count)
        {
            for (std::size_t i = 0; i < count; ++i)
                recent_[first + i] += other.recent_[source + i];
            for (std::size_t i = 0; i < count && !other.older_.empty(); ++i)
                older_[first + i] += other.older_[source + i];
        }

        std::vector<std::uint32_t> offsets_; ///< [pages] as the kernel wants them, or empty before the first value
        std::vector<std::uint32_t> recent_;  ///< as the kernel wants them
        std::vector<std::uint64_t> older_;   ///< empty, or as long as recent_
        std::uint64_t recent_total_ = 0;     ///< the sum of recent_, below 2^32
        kernels::counter_window positive_, negative_;
        std::size_t looked_up_ = 0; ///< values outside of the windows, since the pages were put in order
        bool is_sorted_ = true;
    };
}
