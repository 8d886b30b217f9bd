// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range with the least mean squared error, for values that are seen once.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/few_values.hpp>
#include <quantkit/observers/finite_range.hpp>
#include <quantkit/observers/histogram_error.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/mse_optimal_range.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/observers/range_search.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <cstddef>
#include <utility>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <quantization_scheme Scheme>
        real_range mse_range(const value_histogram& seen, quant_bounds bounds, const Scheme& scheme)
        {
            const real_range observed = finite_range(seen);
            if (observed == nothing_observed)
                return observed;
            const histogram_error error(seen, bounds);
            range_search search(observed, bounds, scheme, error);
            search.run(16, [](auto& at, moved_ends ends, factor_interval interval) { at.scan(ends, interval, 32); });
            return search.best();
        }
    }

    /// What mse_optimal_range finds for all the values together: exactly that, but for the last bits of its sums, while
    /// there are at most 4096 of them; from their histogram, when there are more.
    ///
    /// There the error is that of values spread evenly over the bins. Each end of the observed range is multiplied by a
    /// factor: all of 16 factors in every halving, then 31 between the neighbours of the best one. Schemes that use
    /// both ends get them one after the other.
    ///
    /// Any division of the data into batches, threads and merges gives the same range. NaN and infinities are left out:
    /// they saturate whatever the range. Without any other value it is nothing_observed; of constant values it is their
    /// range. range() takes some milliseconds, and throws what the scheme throws.
    template <quantized_range Range, quantization_scheme Scheme = default_scheme<Range>>
    class mse_observer
    {
    public:
        /// At so few values their places inside the bins matter: they are kept, in 16 KB.
        static constexpr std::size_t exact_count = 4096;

        explicit mse_observer(Scheme scheme = {})
            : scheme_(std::move(scheme))
        {
        }

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            seen_.observe<Tensor, Arch>(batch);
            first_.observe<Tensor, Arch>(batch);
        }

        QUANTKIT_INLINE void merge(const mse_observer& other)
        {
            seen_.merge(other.seen_);
            first_.merge(other.first_);
        }

        QUANTKIT_INLINE void reset() { *this = mse_observer(scheme_); }

        template <class Arch = kernels::active_arch>
        real_range range() const
        {
            if (!first_.are_all())
                return detail::mse_range(seen_, Range::bounds, scheme_);
            return detail::mse_range_of<Arch>(detail::finite_values(view_of(first_.sorted<Arch>())), Range::bounds,
                                              scheme_);
        }

        /// What was observed.
        const value_histogram& histogram() const { return seen_; }

    private:
        [[no_unique_address]] Scheme scheme_;
        value_histogram seen_;
        few_values first_ { exact_count };
    };
    static_assert(mergeable_observer<mse_observer<int8_narrow>>);
}
