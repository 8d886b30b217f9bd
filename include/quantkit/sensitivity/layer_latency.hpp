// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How long each layer takes as each candidate on this machine, measured, with how sure that is, and kept in a file for
/// the next time on the same machine.
///
/// A layer is timed alone, on the values that the reference leaves before it: what a session gains by fusing layers and
/// by passing codes from product to product is not in these numbers. They order candidates; a session says what a plan
/// takes.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/kernels/isa_report.hpp>
#include <quantkit/sensitivity/block_results.hpp>
#include <quantkit/sensitivity/layerwise_model.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace quantkit
{
    /// microseconds  the median over all turns, for a batch
    /// error         half of a 95 % interval of that median: 1.57 (upper - lower quartile) / sqrt(turns)
    ///
    /// source  McGill, Tukey, Larsen 1978, "Variations of box plots"
    struct measured_latency
    {
        double microseconds = 0.0, error = 0.0;

        friend constexpr bool operator==(const measured_latency&, const measured_latency&) = default;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// batch    samples at a time
    /// threads  among which a layer divides its work; how many they are belongs to what the file keeps. A model that
    ///          cannot divide it is refused with more than one
    /// turns    the candidates of a layer are timed by turns, so that they see the same load of the machine
    /// file     keeps the times; one of another machine, batch, number of threads or model is refused. None if empty.
    struct latency_options
    {
        std::size_t batch = 1;
        any_executor threads {};
        std::size_t turns = 31;
        std::filesystem::path file {};
    };

    /// Median of the times of one layer and its error. Throws if there are none.
    inline measured_latency median_latency(std::vector<double> microseconds)
    {
        require(!microseconds.empty(), "there is no median of no times");
        std::sort(microseconds.begin(), microseconds.end());
        const auto at = [&](double share)
        { return microseconds[static_cast<std::size_t>(share * static_cast<double>(microseconds.size() - 1))]; };
        return { at(0.5), 1.57 * (at(0.75) - at(0.25)) / std::sqrt(static_cast<double>(microseconds.size())) };
    }

    /// What times depend on besides the model: the processor's name, where the system tells it, its threads and the
    /// instruction sets in use.
    inline std::string machine_fingerprint()
    {
        std::string name = "unknown processor";
        std::ifstream processors("/proc/cpuinfo");
        for (std::string line; std::getline(processors, line);)
            if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
            {
                name = line.substr(line.find(": ") + 2);
                break;
            }
        const isa_report report = isa();
        return concat(name, ", ", std::thread::hardware_concurrency(), " threads, ", report.kernels, ", ",
                      report.micro_kernel);
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <layerwise_model Model>
    double microseconds_of(const Model& model, const typename Model::cached_run& cached, std::size_t layer,
                           std::size_t choice, std::span<float> result, const any_executor& threads)
    {
        const auto begin = std::chrono::steady_clock::now();
        if constexpr (threaded_layerwise_model<Model>)
            model.run_layer(cached, layer, choice, result, threads);
        else
            model.run_layer(cached, layer, choice, result);
        return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
    }

    /// times  [candidates][2] median and error; of what is not allowed 0
    template <layerwise_model Model>
    void time_layer(const Model& model, const typename Model::cached_run& cached, std::size_t layer,
                    const latency_options& options, std::span<double> times)
    {
        std::vector<float> result(options.batch * model.result_size(layer));
        std::vector<std::vector<double>> all(times.size() / 2);
        for (std::size_t turn = 0; turn <= options.turns; ++turn) // the first only warms up
            for (std::size_t choice = 0; choice < all.size(); ++choice)
                if (model.allows(layer, choice))
                {
                    const double time = microseconds_of(model, cached, layer, choice, result, options.threads);
                    if (turn > 0)
                        all[choice].push_back(time);
                }
        for (std::size_t choice = 0; choice < all.size(); ++choice)
        {
            const measured_latency latency = all[choice].empty() ? measured_latency {} : median_latency(all[choice]);
            times[2 * choice] = latency.microseconds;
            times[2 * choice + 1] = latency.error;
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// [layers][candidates] on the model's first samples; zero where a layer does not allow a candidate. Layers that
    /// the file has are not timed again.
    template <layerwise_model Model>
    std::vector<std::vector<measured_latency>> layer_latencies(const Model& model, const latency_options& options = {})
    {
        require(options.turns > 0, "times are measured at least once");
        require(options.batch > 0 && options.batch <= model.samples(), "a batch of ", options.batch,
                " samples cannot be taken from ", model.samples());
        const std::size_t threads = options.threads.concurrency();
        require(threads == 1 || threaded_layerwise_model<Model>, "layers of this model cannot be timed with ", threads,
                " threads: one thread runs them alone");
        const std::size_t layers = model.layers().size(), candidates = model.candidates().size();
        std::string key = concat(machine_fingerprint(), "; batch ", options.batch, ", ", threads,
                                 threads == 1 ? " thread;" : " threads;");
        for (const layer_facts& layer : model.layers())
            key += concat(" ", layer.name, " ", layer.multiplications);
        for (const candidate& each : model.candidates())
            key += concat(", ", each.name);
        block_results times(layers, 2 * candidates);
        if (!options.file.empty())
            read_block_results(options.file, key, times);
        const auto cached = model.cache(choices(layers, reference_candidate), 0, options.batch);
        std::vector<std::vector<measured_latency>> result(layers);
        for (std::size_t layer = 0; layer < layers; ++layer)
        {
            if (!times.is_finished(layer))
                detail::time_layer(model, cached, layer, options, times.errors(layer));
            times.set_finished(layer);
            for (std::size_t choice = 0; choice < candidates; ++choice)
                result[layer].push_back({ times.errors(layer)[2 * choice], times.errors(layer)[2 * choice + 1] });
        }
        if (!options.file.empty())
            write_block_results(options.file, key, times);
        return result;
    }

    /// Gives the allowed entries of a table their times and the errors of these. Throws unless there is one for each
    /// entry.
    inline void set_microseconds(sensitivity_table& table, const std::vector<std::vector<measured_latency>>& latencies)
    {
        require(latencies.size() == table.layers().size(), "times of ", latencies.size(), " layers do not fit ",
                table.layers().size());
        for (std::size_t layer = 0; layer < latencies.size(); ++layer)
        {
            require(latencies[layer].size() == table.candidates().size(), "layer ", layer, " has times of ",
                    latencies[layer].size(), " candidates, not ", table.candidates().size());
            for (std::size_t choice = 0; choice < latencies[layer].size(); ++choice)
                if (sensitivity_entry& entry = table.at(layer, choice); entry.allowed)
                {
                    entry.microseconds = latencies[layer][choice].microseconds;
                    entry.microseconds_error = latencies[layer][choice].error;
                }
        }
    }
}
