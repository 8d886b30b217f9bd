// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What was measured: for each layer and candidate, what it does to the outputs, how sure that is, and what it takes.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// From low to high, both included, in the unit of what it is an interval of.
    struct error_interval
    {
        double low = 0.0;
        double high = 0.0;

        friend constexpr bool operator==(const error_interval&, const error_interval&) = default;
    };

    /// One layer computing as one candidate, all others as the reference; without numbers where that is not allowed.
    ///
    /// block_errors  mean error of the samples of each of the first blocks: of all of them, or of those until the entry
    ///               was settled; kept, because intervals are made from them
    /// error         mean over the samples of these blocks: lower is better, 0 for the reference
    /// interval      confidence interval of the error
    /// settled       the interval is narrow enough: more samples would not change what follows from the error
    /// bytes         of the layer's weights
    /// microseconds  of the layer, where somebody measured or estimated it
    /// microseconds_error  half of a 95 % interval of that, where it was measured
    struct sensitivity_entry
    {
        bool allowed = false;
        std::vector<double> block_errors;
        double error = 0.0;
        error_interval interval {};
        bool settled = false;
        std::size_t bytes = 0;
        std::optional<double> microseconds {};
        std::optional<double> microseconds_error {};

        friend bool operator==(const sensitivity_entry&, const sensitivity_entry&) = default;
    };

    /// Entries [layers, candidates].
    class sensitivity_table
    {
    public:
        sensitivity_table() = default;

        /// All entries are there and not allowed.
        ///
        /// metric         of the errors, with its unit, "logits MSE" for example
        /// block_samples  [blocks] samples of each block, the same blocks for all entries
        sensitivity_table(std::string metric, std::vector<layer_facts> layers, std::vector<candidate> candidates,
                          std::vector<std::size_t> block_samples)
            : metric_(std::move(metric))
            , layers_(std::move(layers))
            , candidates_(std::move(candidates))
            , block_samples_(std::move(block_samples))
            , entries_(layers_.size() * candidates_.size())
        {
            require(!candidates_.empty(), "a table needs a candidate: the reference");
        }

        /// Of the errors, with its unit.
        const std::string& metric() const { return metric_; }
        const std::vector<layer_facts>& layers() const { return layers_; }
        const std::vector<candidate>& candidates() const { return candidates_; }
        /// Samples of each block.
        const std::vector<std::size_t>& block_samples() const { return block_samples_; }

        /// An entry. Throws where there is no such layer or candidate.
        const sensitivity_entry& at(std::size_t layer, std::size_t choice) const
        {
            return entries_[checked_index(layer, choice)];
        }
        /// An entry. Throws where there is no such layer or candidate.
        sensitivity_entry& at(std::size_t layer, std::size_t choice) { return entries_[checked_index(layer, choice)]; }

        friend bool operator==(const sensitivity_table&, const sensitivity_table&) = default;

    private:
        std::size_t checked_index(std::size_t layer, std::size_t choice) const
        {
            require(layer < layers_.size() && choice < candidates_.size(), "a table of ", layers_.size(),
                    " layers and ", candidates_.size(), " candidates has no entry [", layer, ", ", choice, "]");
            return layer * candidates_.size() + choice;
        }

        std::string metric_;
        std::vector<layer_facts> layers_;
        std::vector<candidate> candidates_;
        std::vector<std::size_t> block_samples_;
        std::vector<sensitivity_entry> entries_;
    };
}
