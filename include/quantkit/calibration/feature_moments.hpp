// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Mean and standard deviation of each feature, from batches of any size.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/arch.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quantkit
{
    /// What is known of one feature. Two of them can be merged: source Chan, Golub, LeVeque 1979, STAN-CS-79-773.
    struct feature_moment
    {
        std::int64_t count = 0; ///< of the values that are not NaN
        double mean = 0.0;
        double squares = 0.0; ///< sum of (x - mean)^2

        /// Of the whole population: sqrt(squares / count). 0 without values, and exactly 0 for equal ones.
        QUANTKIT_INLINE double deviation() const
        {
            return count == 0 ? 0.0 : std::sqrt(squares / static_cast<double>(count));
        }

        /// A division comes before each addition, so that no compiler contracts a product with it: the same bits for
        /// every instruction set.
        QUANTKIT_INLINE void merge(const feature_moment& other)
        {
            if (other.count == 0)
                return;
            if (count == 0)
            {
                *this = other;
                return;
            }
            const double a = static_cast<double>(count), b = static_cast<double>(other.count);
            const double distance = other.mean - mean;
            mean += distance * b / (a + b);
            squares += other.squares + distance * distance / (1.0 / a + 1.0 / b);
            count += other.count;
        }

        friend bool operator==(const feature_moment&, const feature_moment&) = default;
    };

    namespace detail
    {
        /// The moments of one batch in two passes over it, both relative to the first value of each feature: equal
        /// values have that mean, and no deviation.
        ///
        /// Differences are rounded to float before they are squared: the squares are exact in double then, so that
        /// contraction (FMA) changes no bit. That costs 2^-24 of the deviation at most.
        template <class Arch>
        class batch_moments
        {
        public:
            explicit batch_moments(const tensor_view<const float>& batch)
                : batch_(batch)
                , moments_(static_cast<std::size_t>(batch.shape()[batch.rank() - 1]))
                , first_(moments_.size(), std::numeric_limits<double>::quiet_NaN())
                , sums_(moments_.size(), 0.0)
            {
                for_each_value([this](std::size_t feature, double x) { add(feature, x); });
                for (std::size_t feature = 0; feature < moments_.size(); ++feature)
                    if (feature_moment& moment = moments_[feature]; moment.count > 0)
                        moment.mean = first_[feature] + sums_[feature] / static_cast<double>(moment.count);
                for_each_value([this](std::size_t feature, double x) { add_square(feature, x); });
            }

            const std::vector<feature_moment>& moments() const { return moments_; }

        private:
            /// In logical order, so that the layout changes no bit. NaN is left out.
            template <class Visitor>
            void for_each_value(Visitor visit) const
            {
                const per_axis features { static_cast<std::ptrdiff_t>(batch_.rank()) - 1 };
                const tensor_strides no_output = steps_of(batch_.shape(), per_tensor {}).strides;
                for_each_run(batch_.shape(), batch_.strides(), no_output, features, walk_order::logical,
                             [&](const tensor_run& run)
                             {
                                 for (std::ptrdiff_t i = 0; i < run.count; ++i)
                                 {
                                     const walk_offsets at = run.start + i * run.step;
                                     const float x = batch_.data()[at.input];
                                     if (x == x)
                                         visit(static_cast<std::size_t>(at.parameter), static_cast<double>(x));
                                 }
                             });
            }

            void add(std::size_t feature, double x)
            {
                if (moments_[feature].count++ == 0)
                    first_[feature] = x;
                sums_[feature] += x - first_[feature];
            }

            void add_square(std::size_t feature, double x)
            {
                const auto difference = static_cast<double>(static_cast<float>(x - moments_[feature].mean));
                moments_[feature].squares += difference * difference;
            }

            const tensor_view<const float>& batch_;
            std::vector<feature_moment> moments_;
            std::vector<double> first_, sums_;
        };
    }

    /// The moments of every feature of what was observed: the last axis of the batches is the features.
    ///
    /// NaN is a missing value and is skipped. An infinity makes the mean of its feature infinite or NaN, which
    /// standardizer refuses.
    class feature_moments
    {
    public:
        /// batch  [..., features], any layout. Throws where the number of features differs from that of the first
        /// batch.
        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            const tensor_view<const float> view = view_of(batch);
            require(view.rank() > 0, "a batch has the shape [..., features], but this tensor has rank 0");
            const detail::batch_moments<Arch> of_batch(view);
            merge_each<Arch>(of_batch.moments());
        }

        /// As if everything that the other one observed had been observed here, up to rounding.
        template <class Arch = kernels::active_arch>
        void merge(const feature_moments& other)
        {
            if (!other.moments_.empty())
                merge_each<Arch>(other.moments_);
        }

        /// One for each feature; empty before the first batch.
        const std::vector<feature_moment>& moments() const& { return moments_; }
        const std::vector<feature_moment>& moments() const&& = delete;

    private:
        template <class Arch>
        void merge_each(const std::vector<feature_moment>& others)
        {
            if (moments_.empty())
                moments_.resize(others.size());
            require(moments_.size() == others.size(), "a batch has ", others.size(), " features, but those before had ",
                    moments_.size());
            for (std::size_t feature = 0; feature < others.size(); ++feature)
                moments_[feature].merge(others[feature]);
        }

        std::vector<feature_moment> moments_;
    };
}
