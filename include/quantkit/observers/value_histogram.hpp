// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How often each value was seen, in bins that are the same for all data: floats that agree in sign, exponent and the
/// first 11 bits of mantissa share one.
///
/// Bins that never move make counts exact and every order, division and merge of the data give the same histogram. A
/// bin is at most 2^-11 of its values wide (below 2^-126, the subnormals, it is 2^-137 wide). The memory does not
/// depend on the number of values: 8 KB for 0 and for each pair of sign and exponent that was seen, typically 20 to 60
/// of 512, which is 4 MB at most; from 2^32 values on 24 KB.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/observers/rounded_product.hpp>
#include <quantkit/observers/value_counters.hpp>
#include <quantkit/observers/value_runs.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quantkit
{
    /// `count` values from lower to upper, both included; neighbouring bins may share an edge.
    struct value_bin
    {
        double lower = 0;
        double upper = 0;
        std::uint64_t count = 0;

        friend constexpr bool operator==(const value_bin&, const value_bin&) = default;
    };

    /// NaN is counted apart and is no value; infinities are values, but have no bin. -0 is +0.
    class value_histogram
    {
    public:
        /// (upper - lower) / |value| of a bin of normal floats is at most this.
        static constexpr double relative_width = 0x1p-11;

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            for_each_value_run(batch, [&](const float* x, std::size_t count) { observe_values<Arch>(x, count); });
        }

        /// As if this one had seen the other's values, too.
        void merge(const value_histogram& other)
        {
            counters_.merge(other.counters_);
            total_ += other.total_;
            range_ = united(range_, other.range_);
        }

        void reset() { *this = {}; }

        /// The histogram of |x|. Of values on both sides of 0, the least |x| is known to its bin only: range().min is
        /// that bin's lower edge.
        value_histogram magnitudes() const
        {
            value_histogram folded;
            folded.counters_ = counters_.without_sign();
            folded.total_ = total_;
            if (range_ == nothing_observed)
                return folded;
            folded.range_ = united(nothing_observed,
                                   { std::max({ range_.min, -range_.max, 0.0f }), std::max(-range_.min, range_.max) });
            if (range_.min < 0.0f && range_.max > 0.0f)
                folded.range_.min = static_cast<float>(folded.bin_of_rank(0).lower);
            return folded;
        }

        /// The least and the greatest value, infinities included, exactly: the range of a minmax_observer.
        real_range range() const { return range_; }

        /// How many values, infinities included.
        std::uint64_t count() const { return total_ - nan_count(); }
        /// NaN that were seen; count() leaves them out.
        std::uint64_t nan_count() const { return nans_in(special_page) + nans_in(sign_page + special_page); }
        /// +inf that were seen.
        std::uint64_t positive_infinities() const { return counters_.count(special_page, 0); }
        /// -inf that were seen.
        std::uint64_t negative_infinities() const { return counters_.count(sign_page + special_page, 0); }

        /// Calls visit(value_bin) for the bins that are not empty, in ascending order. Infinities are left out.
        ///
        /// The outer edges of the first and of the last bin are those of range(), as far as it is finite.
        template <class Visitor>
        void for_each_bin(const Visitor& visit) const
        {
            for (std::uint32_t page = special_page; page-- > 0;)
                for (std::uint32_t bin = bins_in(sign_page + page); bin-- > 0;)
                    if (const std::uint64_t count = counters_.count(sign_page + page, bin); count != 0)
                        visit(within_range({ -edge(page, bin + 1), -edge(page, bin), count }));
            for (std::uint32_t page = 0; page < special_page; ++page)
                for (std::uint32_t bin = 0; bin < bins_in(page); ++bin)
                    if (const std::uint64_t count = counters_.count(page, bin); count != 0)
                        visit(within_range({ edge(page, bin), edge(page, bin + 1), count }));
        }

        /// The bin of the value that has this place, from 0 on, in ascending order: the order statistic lies in it.
        /// Both edges are infinite for an infinity. Throws unless rank < count().
        value_bin bin_of_rank(std::uint64_t rank) const { return found(rank).bin; }

        /// Its value if those in its bin were spread evenly, at most the bin's width off; the first and the last value
        /// are those of range(). Throws unless rank < count().
        double value_of_rank(std::uint64_t rank) const
        {
            const auto [bin, below] = found(rank);
            if (rank == 0 || rank == count() - 1)
                return static_cast<double>(rank == 0 ? range_.min : range_.max);
            if (bin.lower == bin.upper)
                return bin.lower;
            const double share = (static_cast<double>(rank - below) + 0.5) / static_cast<double>(bin.count);
            return std::clamp(bin.lower + detail::rounded_product(bin.upper - bin.lower, share), bin.lower, bin.upper);
        }

        /// Counts in `bins` equal bins from low to high, both included; a count is spread evenly over its value_bin.
        ///
        /// What lies outside, and infinities, are left out. Throws unless bins > 0 and low < high, both finite.
        std::vector<double> rebinned(std::size_t bins, double low, double high) const
        {
            require(bins > 0 && std::isfinite(low) && std::isfinite(high) && low < high, "cannot count in ", bins,
                    " bins from ", low, " to ", high);
            std::vector<double> counts(bins);
            const double bins_per_unit = static_cast<double>(bins) / (high - low);
            for_each_bin(
                [&](const value_bin& bin)
                {
                    if (bin.upper >= low && bin.lower <= high)
                        spread(static_cast<double>(bin.count), (bin.lower - low) * bins_per_unit,
                               (bin.upper - low) * bins_per_unit, counts);
                });
            return counts;
        }

        /// Memory in use.
        std::size_t bytes() const { return sizeof(*this) - sizeof(counters_) + counters_.bytes(); }

    private:
        /// Pages with this exponent hold infinity in their first bin, and NaN in others.
        static constexpr std::uint32_t special_page = 255;
        static constexpr std::uint32_t sign_page = value_counters::sign_page;
        static constexpr std::uint32_t bins_per_page = value_counters::counters_per_page;
        /// Values that are counted while they are in L1, where the search for their range brought them: few, since
        /// counters need L1 more (4096 take 15 % longer on a Zen 3).
        static constexpr std::size_t values_at_once = 1024;

        template <class Arch>
        void observe_values(const float* x, std::size_t count)
        {
            const auto& kernels = kernels::active_kernels<Arch>();
            for (std::size_t part = 0; count > 0; x += part, count -= part)
            {
                part = std::min(count, values_at_once);
                const real_range range = kernels.reduce_range(x, part);
                counters_.count_values(x, part, kernels::compiled_arch<Arch> {});
                range_ = united(range_, range);
                total_ += part;
            }
        }

        std::uint32_t bins_in(std::uint32_t page) const { return counters_.has_counters(page) ? bins_per_page : 0; }

        static double edge(std::uint32_t page, std::uint32_t bin)
        {
            const std::uint32_t number = page * bins_per_page + bin;
            const bool is_infinity = number == special_page * bins_per_page;
            return is_infinity ? 0x1p128 : static_cast<double>(std::bit_cast<float>(number << 12));
        }

        value_bin within_range(value_bin bin) const
        {
            return { std::max(bin.lower, static_cast<double>(range_.min)),
                     std::min(bin.upper, static_cast<double>(range_.max)), bin.count };
        }

        /// Adds a count between two positions, in bins, evenly to the bins there; what is beyond them is lost.
        static void spread(double count, double first, double last, std::vector<double>& counts)
        {
            const auto bins = static_cast<double>(counts.size());
            const double begin = std::clamp(std::floor(first), 0.0, bins - 1.0);
            if (last - first <= 0.0 || (first >= begin && last <= begin + 1.0))
            {
                counts[static_cast<std::size_t>(begin)] += count;
                return;
            }
            const double density = count / (last - first);
            for (double bin = begin; bin < std::min(last, bins); ++bin)
                counts[static_cast<std::size_t>(bin)] +=
                    detail::rounded_product(density, std::min(last, bin + 1.0) - std::max(first, bin));
        }

        /// A bin, and how many values are below it.
        struct found_bin
        {
            value_bin bin;
            std::uint64_t below = 0;
        };

        found_bin found(std::uint64_t rank) const
        {
            require(rank < count(), "there is no value of rank ", rank, " among ", count());
            constexpr double infinity = std::numeric_limits<double>::infinity();
            found_bin found { { -infinity, -infinity, negative_infinities() } };
            std::uint64_t up_to_here = found.bin.count;
            for_each_bin(
                [&](const value_bin& bin)
                {
                    if (up_to_here <= rank)
                        found = { bin, up_to_here };
                    up_to_here += bin.count;
                });
            return rank < up_to_here ? found : found_bin { { infinity, infinity, positive_infinities() }, up_to_here };
        }

        std::uint64_t nans_in(std::uint32_t page) const
        {
            std::uint64_t count = 0;
            for (std::uint32_t bin = 1; bin < bins_in(page); ++bin)
                count += counters_.count(page, bin);
            return count;
        }

        value_counters counters_;
        std::uint64_t total_ = 0; ///< all values, NaN too
        real_range range_ = nothing_observed;
    };
    static_assert(mergeable_observer<value_histogram>);
}
