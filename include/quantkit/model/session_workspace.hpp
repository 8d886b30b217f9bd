// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The memory in which a session runs: one for each thread that runs it.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/memory_plan.hpp>

#include <cstddef>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Grows to the largest batch that it has served, and then stays.
    class session_workspace
    {
    public:
        /// Memory for this many samples of what the plan needs.
        void prepare(const memory_plan& plan, std::size_t batch)
        {
            plan.find_offsets(batch, offsets_);
            if (memory_.size() < offsets_.back())
            {
                memory_ = {}; // the old memory goes before the new comes
                memory_ = aligned_buffer<std::byte>(offsets_.back());
            }
        }

        /// The memory of a slot, for as many samples as prepare() was told.
        std::byte* slot(std::size_t index) { return memory_.data() + offsets_[index]; }
        std::size_t bytes() const { return memory_.size(); }

    private:
        std::vector<std::size_t> offsets_;
        aligned_buffer<std::byte> memory_;
    };
}
