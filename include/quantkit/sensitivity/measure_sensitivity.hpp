// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Measures a whole table: every allowed candidate of every layer, on every block of samples, or on as many as it takes
/// to be sure.
///
/// Blocks are independent. An executor divides them among threads or processes, an interrupted measurement goes on with
/// the blocks that its file has, and the table is the same bits in all cases.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/sensitivity/block_bootstrap.hpp>
#include <quantkit/sensitivity/block_measurement.hpp>
#include <quantkit/sensitivity/block_results.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>
#include <quantkit/sensitivity/measurement_rounds.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/perturbation.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/stopping_rule.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace quantkit
{
    /// An executor of several processes, each of which does its share of the pieces.
    ///
    /// share(rows, row_size)  afterwards row i is in every process what it is in the one that did piece i. Called by
    ///                        all processes at the same time.
    template <class Executor>
    concept sharing_executor = executor<Executor> && requires(const Executor& processes, std::span<double> rows,
                                                              std::size_t row_size)
    {
        processes.share(rows, row_size);
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Somebody's progress function said to stop.
    class measurement_cancelled : public std::runtime_error
    {
    public:
        using std::runtime_error::runtime_error;
    };

    /// first, samples  which of the model's samples are measured; 0 samples are all from the first on
    /// block           samples measured together: their values should fit into a cache
    /// round           after so many blocks, entries that the stopping rule calls settled are left out of what follows,
    ///                 and the measurement ends when all of them are; the blocks of each round are spread over all
    ///                 samples (rounds_of). By default, 0, every entry is measured on every block. Intervals that
    ///                 decide when to stop miss the true error a little more often than they say.
    /// file            keeps finished blocks, and has those of an interrupted measurement; none if empty. Each process
    ///                 needs its own.
    /// progress        called after each block with those finished and all, by one thread at a time; false cancels
    struct measurement_options
    {
        std::size_t first = 0, samples = 0;
        std::size_t block = 8;
        std::size_t round = 0;
        std::filesystem::path file {};
        std::function<bool(std::size_t finished, std::size_t blocks)> progress {};
        bootstrap_options bootstrap {};
        stopping_rule stopping {};
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <evaluated_model Model, perturbation_of<Model> Perturbation, output_metric Metric>
    class measurement
    {
    public:
        measurement(const Model& model, const Perturbation& perturbation, const Metric& metric,
                    const measurement_options& options)
            : model_(model)
            , perturbation_(perturbation)
            , metric_(metric)
            , options_(options)
            , rounds_(rounds_of(blocks_of(model, options), options.round))
            , layers_(model.layers().size())
            , candidates_(model.candidates().size())
            , results_(rounds_.blocks.size(), layers_ * candidates_)
            , entries_(layers_ * candidates_)
            , open_(entries_.size())
        {
            for (std::size_t i = 0; i < entries_.size(); ++i)
            {
                const std::size_t layer = i / candidates_, choice = i % candidates_;
                entries_[i].allowed = choice == reference_candidate || model_.allows(layer, choice);
                entries_[i].bytes = entries_[i].allowed ? model_.bytes(layer, choice) : 0;
                open_[i] = entries_[i].allowed;
            }
        }

        template <executor Executor>
        sensitivity_table run(const Executor& executor)
        {
            const std::string key = options_.file.empty() ? std::string() : key_of_measurement();
            if (!options_.file.empty())
                read_block_results(options_.file, key, results_);
            std::size_t measured = 0;
            for (std::size_t round = 0; round < rounds_.ends.size() && is_any_open(); ++round)
            {
                const std::size_t end = rounds_.ends[round];
                measure_round(measured, end, key, executor);
                settle(measured, end);
                measured = end;
            }
            return table(measured);
        }

    private:
        static std::vector<sample_block> blocks_of(const Model& model, const measurement_options& options)
        {
            const std::size_t all = model.samples();
            require(options.first < all && options.samples <= all - options.first, "samples [", options.first, ", ",
                    options.first + options.samples, ") are not among the ", all, " that there are");
            require(options.block > 0, "a block of samples must not be empty");
            const std::size_t end = options.samples == 0 ? all : options.first + options.samples;
            std::vector<sample_block> blocks;
            for (std::size_t first = options.first; first < end; first += options.block)
                blocks.push_back({ first, std::min(options.block, end - first), model.output_size() });
            return blocks;
        }

        bool is_any_open() const { return std::find(open_.begin(), open_.end(), true) != open_.end(); }

        /// Names and sizes, and the reference's outputs of one sample, which tell the weights apart.
        std::string key_of_measurement() const
        {
            std::string key = concat(metric_.name(), "; ", perturbation_.name(), "; samples ", options_.first, " + ",
                                     options_.samples, " by ", options_.block, ";");
            if (options_.round > 0)
                key += concat(" rounds of ", options_.round, " until ", options_.stopping.relative, " ",
                              options_.stopping.absolute, " ", options_.stopping.blocks, " by ",
                              options_.bootstrap.resamples, " ", options_.bootstrap.confidence, " ",
                              options_.bootstrap.seed, ";");
            for (const layer_facts& layer : model_.layers())
                key += concat(" ", layer.name);
            key += ";";
            for (const candidate& each : model_.candidates())
                key += concat(" ", each.name, ",");
            std::vector<float> outputs(model_.output_size());
            model_.run(choices(layers_, reference_candidate), options_.first, 1, outputs);
            outputs.resize(std::min<std::size_t>(outputs.size(), 8));
            return key + concat("; ", outputs);
        }

        /// Blocks [first, end); saves them, also where it throws.
        template <executor Executor>
        void measure_round(std::size_t first, std::size_t end, const std::string& key, const Executor& executor)
        {
            executor.run(end - first, [&](std::size_t i) { measure(first + i, key); });
            if constexpr (sharing_executor<Executor>)
                executor.share(
                    results_.rows().subspan(first * results_.row_size(), (end - first) * results_.row_size()),
                    results_.row_size());
            if (!options_.file.empty())
                write_block_results(options_.file, key, results_);
            if (failure_)
                std::rethrow_exception(failure_);
            for (std::size_t block = first; block < end; ++block)
                if (!results_.is_finished(block))
                    throw measurement_cancelled(concat("quantkit: cancelled after ", results_.finished(), " of ",
                                                       results_.blocks(), " blocks"));
        }

        /// Never throws: what went wrong is kept.
        void measure(std::size_t block, const std::string& key) noexcept
        {
            if (stopped_ || results_.is_finished(block))
                return;
            try
            {
                std::vector<double> errors(results_.width());
                measure_block(model_, perturbation_, metric_, rounds_.blocks[block], open_, errors);
                const std::lock_guard lock(mutex_);
                std::copy(errors.begin(), errors.end(), results_.errors(block).begin());
                results_.set_finished(block);
                const std::size_t finished = results_.finished();
                if (!options_.file.empty() && finished % std::max<std::size_t>(1, results_.blocks() / 16) == 0)
                    write_block_results(options_.file, key, results_);
                if (options_.progress && !options_.progress(finished, results_.blocks()))
                    stopped_ = true;
            }
            catch (...)
            {
                const std::lock_guard lock(mutex_);
                stopped_ = true;
                if (!failure_)
                    failure_ = std::current_exception();
            }
        }

        /// [count] of the first blocks.
        std::vector<std::size_t> block_samples(std::size_t count) const
        {
            std::vector<std::size_t> samples;
            for (std::size_t block = 0; block < count; ++block)
                samples.push_back(rounds_.blocks[block].count);
            return samples;
        }

        /// Gives open entries the errors of blocks [first, end), and closes those that are settled then.
        void settle(std::size_t first, std::size_t end)
        {
            const std::vector<std::size_t> samples = block_samples(end);
            const block_bootstrap confidence(samples, options_.bootstrap);
            for (std::size_t i = 0; i < entries_.size(); ++i)
            {
                if (!open_[i])
                    continue;
                for (std::size_t block = first; block < end; ++block)
                    entries_[i].block_errors.push_back(results_.errors(block)[i]);
                set_interval(entries_[i], samples, confidence, options_.stopping);
                open_[i] = !entries_[i].settled;
            }
        }

        sensitivity_table table(std::size_t measured)
        {
            sensitivity_table table(metric_.name(), model_.layers(), model_.candidates(), block_samples(measured));
            for (std::size_t i = 0; i < entries_.size(); ++i)
                table.at(i / candidates_, i % candidates_) = std::move(entries_[i]);
            return table;
        }

        const Model& model_;
        const Perturbation& perturbation_;
        const Metric& metric_;
        const measurement_options& options_;
        measurement_rounds rounds_;
        std::size_t layers_, candidates_;
        block_results results_;
        std::vector<sensitivity_entry> entries_; ///< [layers, candidates], as measured so far
        std::vector<bool> open_;                 ///< [layers, candidates] those that the next round measures
        std::mutex mutex_;
        std::atomic<bool> stopped_ = false;
        std::exception_ptr failure_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Measures with intervals. What the model, the metric or the progress function throws comes out here, after the
    /// finished blocks are saved; measurement_cancelled if progress or another process stopped it.
    template <evaluated_model Model, perturbation_of<Model> Perturbation = one_at_a_time,
              output_metric Metric = output_mse, executor Executor = sequential>
    sensitivity_table measure_sensitivity(const Model& model, const Perturbation& perturbation = {},
                                          const Metric& metric = {}, const Executor& executor = {},
                                          const measurement_options& options = {})
    {
        return detail::measurement<Model, Perturbation, Metric>(model, perturbation, metric, options).run(executor);
    }
}
