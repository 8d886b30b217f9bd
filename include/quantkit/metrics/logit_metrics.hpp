// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What quantization does to the predictions of a classifier: rows of logits [rows, classes] of a reference and of its
/// approximation, batch by batch.
///
/// Divergences are means of values per row, whose sum is exact; ranks are counted. So the division into batches, their
/// order and the number of threads cannot be seen in a result.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/metrics/metric.hpp>
#include <quantkit/metrics/softmax_divergence.hpp>
#include <quantkit/metrics/top_ranks.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quantkit
{
    /// What was seen of all rows.
    struct logit_sums
    {
        exact_double_sum kl; ///< of each row's KL(p | q), p the softmax of the reference, q of the approximation
        exact_double_sum js; ///< of each row's Jensen-Shannon divergence
        /// How often the reference's best class had this rank in the approximation.
        std::array<std::uint64_t, max_top_k> rank_of_best {};
        /// How many classes were among the best rank + 1 of both, and not among the best rank of both.
        std::array<std::uint64_t, max_top_k> common {};
        std::uint64_t rows = 0;
        std::ptrdiff_t classes = 0; ///< 0 before the first batch

        friend bool operator==(const logit_sums&, const logit_sums&) = default;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void count_ranks(const top_ranks& reference, const top_ranks& approximation, logit_sums& sums)
    {
        for (std::size_t rank = 0; rank < reference.count; ++rank)
        {
            const std::size_t other = rank_of(reference.classes[rank], approximation);
            if (other == max_top_k)
                continue;
            ++sums.common[std::max(rank, other)];
            if (rank == 0)
                ++sums.rank_of_best[other];
        }
    }

    inline void add_logits(const tensor_view<const float>& reference, const tensor_view<const float>& approximation,
                           logit_sums& sums)
    {
        require(reference.shape() == approximation.shape(), "the reference has the shape ", reference.shape(),
                ", but its approximation has ", approximation.shape());
        require(reference.rank() == 2, "logits must have the shape [rows, classes], but have ", reference.shape());
        const std::ptrdiff_t rows = reference.shape()[0], classes = reference.shape()[1];
        if (rows == 0)
            return;
        require(classes > 0 && (sums.classes == 0 || classes == sums.classes), "logits of shape ", reference.shape(),
                " do not fit earlier ones with ", sums.classes, " classes");
        sums.classes = classes;
        sums.rows += static_cast<std::uint64_t>(rows);
        std::vector<double> log_p, log_q;
        for (std::ptrdiff_t row = 0; row < rows; ++row)
        {
            const float* const r = reference.data() + row * reference.strides()[0];
            const float* const a = approximation.data() + row * approximation.strides()[0];
            log_softmax(r, classes, reference.strides()[1], log_p);
            log_softmax(a, classes, approximation.strides()[1], log_q);
            sums.kl.add(kl_divergence_of_logs(log_p, log_q));
            sums.js.add(js_divergence_of_logs(log_p, log_q));
            count_ranks(ranked(r, classes, reference.strides()[1]), ranked(a, classes, approximation.strides()[1]),
                        sums);
        }
    }

    inline void merge_logits(logit_sums& sums, const logit_sums& other)
    {
        require(sums.classes == 0 || other.classes == 0 || sums.classes == other.classes, "logits of ", other.classes,
                " classes cannot be merged with those of ", sums.classes);
        sums.kl += other.kl;
        sums.js += other.js;
        for (std::size_t rank = 0; rank < max_top_k; ++rank)
        {
            sums.rank_of_best[rank] += other.rank_of_best[rank];
            sums.common[rank] += other.common[rank];
        }
        sums.rows += other.rows;
        sums.classes = std::max(sums.classes, other.classes);
    }

    /// The sum of the first K counts by `total`; 1 where there was nothing to disagree on.
    inline double agreement(const std::array<std::uint64_t, max_top_k>& counts, std::size_t k, std::uint64_t total)
    {
        std::uint64_t sum = 0;
        for (std::size_t rank = 0; rank < k; ++rank)
            sum += counts[rank];
        return total == 0 ? 1.0 : static_cast<double>(sum) / static_cast<double>(total);
    }
}

namespace quantkit
{
    namespace detail
    {
        inline constexpr std::string_view agreement_text = " agreement", overlap_text = " overlap";

        /// "top-5" and what follows.
        template <std::size_t K, const std::string_view& Suffix>
        struct top_k_text
        {
            std::array<char, 24> characters { 't', 'o', 'p', '-' };
            std::size_t length = 4;

            constexpr top_k_text()
            {
                if (K >= 10)
                    characters[length++] = static_cast<char>('0' + K / 10);
                characters[length++] = static_cast<char>('0' + K % 10);
                for (const char character : Suffix)
                    characters[length++] = character;
            }

            constexpr std::string_view view() const { return { characters.data(), length }; }
        };

        template <std::size_t K, const std::string_view& Suffix>
        inline constexpr top_k_text<K, Suffix> top_k_name;
    }

    /// NaN logits rank last, and make the divergences NaN; logits of +inf do the latter, too.
    class logit_metrics
    {
    public:
        /// reference, approximation  [rows, classes] of any layout; throws unless the shapes agree with each other and
        /// the classes with those of earlier batches. No rows change nothing.
        template <tensor_of<float> Reference, tensor_of<float> Approximation>
        QUANTKIT_INLINE void observe(const Reference& reference, const Approximation& approximation)
        {
            detail::add_logits(view_of(reference), view_of(approximation), sums_);
        }

        /// As if this one had seen the other's batches too; throws if their classes differ.
        QUANTKIT_INLINE void merge(const logit_metrics& other) { detail::merge_logits(sums_, other.sums_); }
        QUANTKIT_INLINE void reset() { sums_ = {}; }
        /// Sums over rows.
        QUANTKIT_INLINE const logit_sums& sums() const { return sums_; }

        /// Of a sum over rows; 0 without rows.
        QUANTKIT_INLINE double mean(const exact_double_sum& sum) const
        {
            return sums_.rows == 0 ? 0.0 : sum.value() / static_cast<double>(sums_.rows);
        }

    private:
        logit_sums sums_;
    };

    /// Mean over rows of sum p log(p / q), natural logarithm, p the softmax of the reference. +inf where q = 0 < p.
    struct kl_divergence
    {
        using accumulator = logit_metrics;
        static constexpr std::string_view name = "KL divergence [nat]";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const logit_metrics& seen) const { return seen.mean(seen.sums().kl); }
    };

    /// Mean over rows of (KL(p | m) + KL(q | m)) / 2, m = (p + q) / 2: from 0 to log 2.
    struct js_divergence
    {
        using accumulator = logit_metrics;
        static constexpr std::string_view name = "Jensen-Shannon divergence [nat]";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const logit_metrics& seen) const { return seen.mean(seen.sums().js); }
    };

    /// Share of rows in which the reference's best class is among the K best of the approximation; 1 without rows.
    template <std::size_t K>
    struct top_k_agreement
    {
        static_assert(K >= 1 && K <= max_top_k, "ranks are kept up to max_top_k");
        using accumulator = logit_metrics;
        static constexpr std::string_view name = detail::top_k_name<K, detail::agreement_text>.view();
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const logit_metrics& seen) const
        {
            return detail::agreement(seen.sums().rank_of_best, K, seen.sums().rows);
        }
    };

    /// Mean over rows of the share of the reference's K best classes (all, if there are fewer) that are among the K
    /// best of the approximation; 1 without rows.
    template <std::size_t K>
    struct top_k_overlap
    {
        static_assert(K >= 1 && K <= max_top_k, "ranks are kept up to max_top_k");
        using accumulator = logit_metrics;
        static constexpr std::string_view name = detail::top_k_name<K, detail::overlap_text>.view();
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const logit_metrics& seen) const
        {
            const auto best = std::min<std::uint64_t>(K, static_cast<std::uint64_t>(seen.sums().classes));
            return detail::agreement(seen.sums().common, K, best * seen.sums().rows);
        }
    };

    /// The usual ones.
    using top1_agreement = top_k_agreement<1>;
    using top5_agreement = top_k_agreement<5>;
    using top5_overlap = top_k_overlap<5>;

    static_assert(pair_metric<kl_divergence> && pair_metric<js_divergence>);
    static_assert(pair_metric<top1_agreement> && pair_metric<top5_agreement> && pair_metric<top5_overlap>);
}
