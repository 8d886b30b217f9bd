// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the element metrics are read off: the exact sums over pairs of values, batch by batch.
///
/// The sums are never rounded. So what was observed decides every bit, and nothing else does: neither the order of the
/// values, nor their layout, nor the division into batches or among threads, nor the instruction set.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/exact_error_sums.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/metrics/metric.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit
{
    namespace detail
    {
        /// Adds pairs to the sums; those of short or strided runs are collected first.
        template <class Arch>
        class error_summation
        {
        public:
            error_summation(const float* reference, const float* approximation, exact_error_sums& sums)
                : reference_(reference)
                , approximation_(approximation)
                , sums_(sums)
            {
            }

            void add(const tensor_run& run)
            {
                const float* const reference = reference_ + run.start.input;
                const float* const approximation = approximation_ + run.start.output;
                const bool is_contiguous = run.step.input == 1 && run.step.output == 1;
                if (is_contiguous && run.count >= capacity)
                    return kernels_.sum_errors_exactly(reference, approximation, static_cast<std::size_t>(run.count),
                                                       sums_);
                for (std::ptrdiff_t done = 0; done < run.count;)
                {
                    const std::ptrdiff_t now = std::min(run.count - done, capacity - collected_);
                    for (std::ptrdiff_t i = 0; i < now; ++i)
                    {
                        collected_reference_[collected_ + i] = reference[(done + i) * run.step.input];
                        collected_approximation_[collected_ + i] = approximation[(done + i) * run.step.output];
                    }
                    collected_ += now;
                    done += now;
                    if (collected_ == capacity)
                        add_collected();
                }
            }

            void add_collected()
            {
                kernels_.sum_errors_exactly(collected_reference_, collected_approximation_,
                                            static_cast<std::size_t>(collected_), sums_);
                collected_ = 0;
            }

        private:
            static constexpr std::ptrdiff_t capacity = kernels::detail::exact_block;
            const float* reference_;
            const float* approximation_;
            exact_error_sums& sums_;
            std::ptrdiff_t collected_ = 0;
            float collected_reference_[capacity], collected_approximation_[capacity];
            kernels::active_kernels_of<Arch> kernels_ = kernels::active_kernels<Arch>();
        };

        template <class Arch>
        void add_errors(const tensor_view<const float>& reference, const tensor_view<const float>& approximation,
                        exact_error_sums& sums)
        {
            require(reference.shape() == approximation.shape(), "the reference has the shape ", reference.shape(),
                    ", but its approximation has ", approximation.shape());
            error_summation<Arch> summation(reference.data(), approximation.data(), sums);
            for_each_run(reference.shape(), reference.strides(), approximation.strides(), per_tensor {},
                         walk_order::memory, [&](const tensor_run& run) { summation.add(run); });
            summation.add_collected();
        }
    }

    /// The sums over all pairs (r, a) of a reference and its approximation, with the error e = r - a.
    ///
    /// Infinities and NaN count: sums that they take part in are infinite or NaN. Only max_error and the range of the
    /// reference skip NaN. A batch without elements changes nothing.
    class error_metrics
    {
    public:
        /// reference, approximation  of any layout; throws unless the shapes agree
        template <tensor_of<float> Reference, tensor_of<float> Approximation, class Arch = kernels::active_arch>
        void observe(const Reference& reference, const Approximation& approximation)
        {
            detail::add_errors<Arch>(view_of(reference), view_of(approximation), sums_);
        }

        /// As if this one had seen the other's batches too.
        QUANTKIT_INLINE void merge(const error_metrics& other) { sums_ += other.sums_; }
        QUANTKIT_INLINE void reset() { sums_ = {}; }

        QUANTKIT_INLINE const exact_error_sums& sums() const { return sums_; }
        QUANTKIT_INLINE std::uint64_t count() const { return sums_.count; }

        /// The sum of e * e, rounded once.
        QUANTKIT_INLINE double squared_error() const { return sums_.squared_error(); }

        /// By the number of pairs; 0 where there are none.
        QUANTKIT_INLINE double mean(double sum) const
        {
            return count() == 0 ? 0.0 : sum / static_cast<double>(count());
        }

        friend bool operator==(const error_metrics&, const error_metrics&) = default;

    private:
        exact_error_sums sums_;
    };
    static_assert(pair_accumulator<error_metrics>);
}
