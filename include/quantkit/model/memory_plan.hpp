// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which values of a program share memory: each lives from the step that makes it to the last one that reads it.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/program.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Slots of memory, each as large as the largest of those that take turns in it.
    struct memory_plan
    {
        /// Of what needs no memory.
        static constexpr std::size_t no_slot = std::numeric_limits<std::size_t>::max();

        std::vector<std::size_t> slot_bytes;    ///< of one sample
        std::vector<std::size_t> value_slots;   ///< no_slot for values that live elsewhere
        std::vector<std::size_t> scratch_slots; ///< of each step; no_slot for those that need none

        /// Bytes from the start to each slot for this many samples, and to the end; multiples of a cache line.
        void find_offsets(std::size_t batch, std::vector<std::size_t>& offsets) const
        {
            offsets.assign(1, 0);
            offsets.reserve(slot_bytes.size() + 1);
            for (const std::size_t bytes : slot_bytes)
                offsets.push_back(offsets.back()
                                  + (bytes * batch + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes);
        }
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    class memory_planner
    {
        static constexpr std::size_t no_slot = memory_plan::no_slot;

    public:
        memory_planner(const program& steps, const std::vector<std::size_t>& value_bytes,
                       const std::vector<std::size_t>& scratch_bytes)
            : program_(steps)
            , value_bytes_(value_bytes)
            , plan_ { {},
                      std::vector<std::size_t>(value_bytes.size(), no_slot),
                      std::vector<std::size_t>(scratch_bytes.size(), no_slot) }
        {
            find_last_reads();
            for (std::size_t step = 0; step < steps.steps.size(); ++step)
            {
                const value_id output = steps.steps[step].output;
                const std::optional<value_id> updated = updated_in_place(step);
                if (updated)
                    plan_.value_slots[output] = plan_.value_slots[*updated];
                else if (value_bytes[output] > 0)
                    plan_.value_slots[output] = take(value_bytes[output]);
                if (scratch_bytes[step] > 0)
                    is_free_[plan_.scratch_slots[step] = take(scratch_bytes[step])] = true;
                give_back_after(step, updated);
            }
        }

        memory_plan take() { return std::move(plan_); }

    private:
        void find_last_reads()
        {
            last_reads_.assign(value_bytes_.size(), no_slot);
            for (std::size_t step = 0; step < program_.steps.size(); ++step)
                for (const value_id value : program_.steps[step].inputs)
                    last_reads_[value] = step;
        }

        /// The residual of a product that is read here for the last time, and not by the product itself: the product
        /// adds to it where it is.
        std::optional<value_id> updated_in_place(std::size_t step) const
        {
            const program_step& here = program_.steps[step];
            const auto* product = std::get_if<product_step>(&here.operation);
            if (product == nullptr || !product->residual || *product->residual == here.inputs[0])
                return std::nullopt;
            const value_id residual = *product->residual;
            const bool possible = last_reads_[residual] == step && plan_.value_slots[residual] != no_slot
                                  && value_bytes_[residual] == value_bytes_[here.output];
            return possible ? std::optional(residual) : std::nullopt;
        }

        void give_back_after(std::size_t step, std::optional<value_id> updated)
        {
            for (value_id value = 0; value < last_reads_.size(); ++value)
                if (last_reads_[value] == step && value != updated && plan_.value_slots[value] != no_slot)
                    is_free_[plan_.value_slots[value]] = true;
        }

        /// The smallest free slot that is large enough, else the largest one, enlarged, else a new one.
        std::size_t take(std::size_t bytes)
        {
            std::size_t best = no_slot;
            for (std::size_t i = 0; i < is_free_.size(); ++i)
                if (is_free_[i] && (best == no_slot || fits_better(plan_.slot_bytes[i], plan_.slot_bytes[best], bytes)))
                    best = i;
            if (best == no_slot)
            {
                best = is_free_.size();
                is_free_.push_back(true);
                plan_.slot_bytes.push_back(0);
            }
            plan_.slot_bytes[best] = std::max(plan_.slot_bytes[best], bytes);
            is_free_[best] = false;
            return best;
        }

        static bool fits_better(std::size_t extent, std::size_t other, std::size_t bytes)
        {
            if (other < bytes || extent < bytes)
                return extent > other;
            return extent < other;
        }

        const program& program_;
        const std::vector<std::size_t>& value_bytes_;
        std::vector<std::size_t> last_reads_;
        std::vector<bool> is_free_;
        memory_plan plan_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// value_bytes    of one sample of each value; 0 for those that live elsewhere (input and output)
    /// scratch_bytes  of one sample, that each step needs besides
    inline memory_plan plan_memory(const program& steps, const std::vector<std::size_t>& value_bytes,
                                   const std::vector<std::size_t>& scratch_bytes)
    {
        return detail::memory_planner(steps, value_bytes, scratch_bytes).take();
    }
}
