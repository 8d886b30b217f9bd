// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The order in which an epoch sees samples, and its division into batches.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The samples [0, count), each once, in an order that only seed and epoch decide, on every platform.
    ///
    /// source  Durstenfeld's form of the Fisher-Yates shuffle
    inline std::vector<std::size_t> shuffled_samples(std::size_t count, std::uint64_t seed, std::size_t epoch)
    {
        std::vector<std::size_t> samples(count);
        std::iota(samples.begin(), samples.end(), std::size_t { 0 });
        // Generators whose seeds differ by 1 give numbers without relation.
        splitmix64 random(splitmix64(seed).next() + epoch);
        for (std::size_t left = count; left > 1; --left)
            std::swap(samples[left - 1], samples[static_cast<std::size_t>(random.below(left))]);
        return samples;
    }

    /// Consecutive parts of `size` samples; the last one may be shorter.
    class mini_batches
    {
    public:
        mini_batches(std::span<const std::size_t> samples, std::size_t size)
            : samples_(samples)
            , size_(size)
        {
            require(size > 0, "a batch cannot have 0 samples");
        }

        /// Batches of an epoch; the last may be smaller.
        std::size_t count() const { return (samples_.size() + size_ - 1) / size_; }

        std::span<const std::size_t> operator[](std::size_t batch) const
        {
            const std::size_t first = batch * size_;
            return samples_.subspan(first, std::min(size_, samples_.size() - first));
        }

    private:
        std::span<const std::size_t> samples_;
        std::size_t size_;
    };
}
