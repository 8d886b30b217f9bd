// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The values themselves, as long as they are few.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/observers/value_runs.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace quantkit
{
    /// All values while there are at most `capacity`, none afterwards: what it tells depends on the values alone, not
    /// on their division into batches and merges. NaN is no value; infinities are.
    class few_values
    {
    public:
        QUANTKIT_INLINE explicit few_values(std::size_t capacity)
            : capacity_(capacity)
        {
        }

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            for_each_value_run(batch,
                               [&](const float* x, std::size_t count)
                               {
                                   if (!keep<Arch>(x, count))
                                       forget();
                               });
        }

        /// As if this one had seen the other's values, too; keeps its own capacity.
        QUANTKIT_INLINE void merge(const few_values& other)
        {
            const std::vector<float> others = other.values_; // which may be these
            if (!other.are_all_ || !keep<kernels::active_arch>(others.data(), others.size()))
                forget();
        }

        /// Keeps these values, too, and tells so; none if they are too many.
        template <class Arch = kernels::active_arch>
        bool keep(const float* x, std::size_t count)
        {
            if (!are_all_)
                return false;
            const auto is_value = [](float value) { return value == value; };
            const auto values = static_cast<std::size_t>(std::count_if(x, x + count, is_value));
            if (values > capacity_ - values_.size())
                return false;
            for (std::size_t i = 0; i < count; ++i)
                if (is_value(x[i]))
                    values_.push_back(x[i] + 0.0f); // -0 would be a second 0
            return true;
        }

        /// As if there had been too many.
        QUANTKIT_INLINE void forget()
        {
            are_all_ = false;
            values_ = {};
        }

        QUANTKIT_INLINE void reset() { *this = few_values(capacity_); }

        /// Whether there were no more than `capacity`.
        QUANTKIT_INLINE bool are_all() const { return are_all_; }

        /// In ascending order; none unless are_all().
        template <class Arch = kernels::active_arch>
        std::vector<float> sorted() const
        {
            std::vector<float> values = values_;
            std::sort(values.data(), values.data() + values.size());
            return values;
        }

        /// In the order in which they came; none unless are_all().
        QUANTKIT_INLINE const std::vector<float>& values() const { return values_; }

    private:
        std::size_t capacity_;
        bool are_all_ = true;
        std::vector<float> values_;
    };
}
