// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which codes of a range a quantized tensor uses, and how many saturate: counted code by code, batch by batch.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/count_codes.hpp>
#include <quantkit/metrics/metric.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One counter per code of the bounds, added to `counts`; throws, without effect, for a code outside of them.
    template <class Code, class Arch>
    void add_code_counts(const tensor_view<const Code>& codes, quant_bounds bounds, std::vector<std::uint64_t>& counts)
    {
        std::vector<std::uint64_t> of_values(kernels::code_values<Code>);
        const tensor_strides no_output = steps_of(codes.shape(), per_tensor {}).strides;
        for_each_run(codes.shape(), codes.strides(), no_output, per_tensor {}, walk_order::memory,
                     [&](const tensor_run& run)
                     {
                         Code buffer[max_strided_run];
                         const Code* const in =
                             gathered(codes.data() + run.start.input, run.step.input, run.count, buffer);
                         kernels::count_codes(in, static_cast<std::size_t>(run.count), of_values.data(), Arch {});
                     });
        constexpr std::int32_t lowest = std::numeric_limits<Code>::min();
        for (std::size_t i = 0; i < of_values.size(); ++i)
        {
            const std::int32_t code = lowest + static_cast<std::int32_t>(i);
            require(of_values[i] == 0 || (code >= bounds.quant_min && code <= bounds.quant_max), "code ", code,
                    " lies outside [", bounds.quant_min, ", ", bounds.quant_max, "]");
        }
        for (std::size_t i = 0; i < counts.size(); ++i)
        {
            const std::int64_t value = std::int64_t { bounds.quant_min } + static_cast<std::int64_t>(i) - lowest;
            if (value >= 0 && value < static_cast<std::int64_t>(of_values.size()))
                counts[i] += of_values[static_cast<std::size_t>(value)];
        }
    }

    inline std::vector<std::uint64_t> new_code_counts(quant_bounds bounds)
    {
        const std::int64_t codes = std::int64_t { bounds.quant_max } - bounds.quant_min + 1;
        require(codes >= 2 && codes <= 65'536, "codes are counted for ranges of 2 to 65536 codes, not for [",
                bounds.quant_min, ", ", bounds.quant_max, "]");
        return std::vector<std::uint64_t>(static_cast<std::size_t>(codes));
    }
}

namespace quantkit
{
    /// How often each code of a range was seen. The division into batches and their order cannot be seen.
    class code_usage
    {
    public:
        /// Throws for ranges of more than 2^16 codes.
        QUANTKIT_INLINE explicit code_usage(quant_bounds bounds)
            : bounds_(bounds)
            , counts_(detail::new_code_counts(bounds))
        {
        }

        /// codes   of any layout, one code per element, of 8 or 16 bits; throws for a code outside the bounds
        template <tensor_like Codes, class Arch = kernels::default_arch>
        QUANTKIT_INLINE void observe(const Codes& codes)
        {
            using code_type = typename decltype(view_of(codes))::value_type;
            static_assert(kernels::countable_code<code_type>, "codes of 8 or 16 bits can be counted");
            detail::add_code_counts<code_type, Arch>(view_of(codes), bounds_, counts_);
        }

        /// As if this one had seen the other's codes too; throws if their bounds differ.
        QUANTKIT_INLINE void merge(const code_usage& other)
        {
            require(bounds_ == other.bounds_, "codes of [", other.bounds_.quant_min, ", ", other.bounds_.quant_max,
                    "] cannot be merged with those of [", bounds_.quant_min, ", ", bounds_.quant_max, "]");
            for (std::size_t i = 0; i < counts_.size(); ++i)
                counts_[i] += other.counts_[i];
        }

        QUANTKIT_INLINE quant_bounds bounds() const { return bounds_; }

        /// One per code, from quant_min on.
        QUANTKIT_INLINE const std::vector<std::uint64_t>& counts() const { return counts_; }
        /// How many values have the least code.
        QUANTKIT_INLINE std::uint64_t at_quant_min() const { return counts_.front(); }
        /// How many values have the greatest code.
        QUANTKIT_INLINE std::uint64_t at_quant_max() const { return counts_.back(); }
        /// How many values were seen.
        QUANTKIT_INLINE std::uint64_t total() const
        {
            std::uint64_t sum = 0;
            for (const std::uint64_t count : counts_)
                sum += count;
            return sum;
        }

        /// How many codes of the range were never seen.
        QUANTKIT_INLINE std::size_t dead_codes() const
        {
            std::size_t dead = 0;
            for (const std::uint64_t count : counts_)
                dead += count == 0 ? 1 : 0;
            return dead;
        }

        /// Of a count among all codes seen; 0 if there are none.
        QUANTKIT_INLINE double share(std::uint64_t count) const
        {
            const std::uint64_t all = total();
            return all == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(all);
        }

        friend bool operator==(const code_usage&, const code_usage&) = default;

    private:
        quant_bounds bounds_;
        std::vector<std::uint64_t> counts_;
    };

    /// Share of codes at quant_min, where values below the range end (and those that belong there).
    struct low_saturation_rate
    {
        using accumulator = code_usage;
        static constexpr std::string_view name = "codes at quant_min";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const code_usage& seen) const { return seen.share(seen.at_quant_min()); }
    };

    /// Share of codes at quant_max.
    struct high_saturation_rate
    {
        using accumulator = code_usage;
        static constexpr std::string_view name = "codes at quant_max";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const code_usage& seen) const { return seen.share(seen.at_quant_max()); }
    };

    /// Share of codes at either end.
    struct saturation_rate
    {
        using accumulator = code_usage;
        static constexpr std::string_view name = "saturation rate";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const code_usage& seen) const
        {
            return seen.share(seen.at_quant_min() + seen.at_quant_max());
        }
    };

    /// Share of the range's codes that were never used: 1 before anything was seen.
    struct dead_code_rate
    {
        using accumulator = code_usage;
        static constexpr std::string_view name = "dead codes";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const code_usage& seen) const
        {
            return static_cast<double>(seen.dead_codes()) / static_cast<double>(seen.counts().size());
        }
    };

    static_assert(metric<low_saturation_rate> && metric<high_saturation_rate> && metric<saturation_rate>);
    static_assert(metric<dead_code_rate> && !pair_metric<dead_code_rate>);
}
