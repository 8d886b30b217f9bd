// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/measure_sensitivity.hpp>

#include "../support/toy_evaluated_model.hpp"

#include <quantkit/core/any_executor.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

using namespace quantkit;
using quantkit::test::toy_evaluated_model;
namespace fs = std::filesystem;

namespace
{
    /// The definition: the mean over samples of the mean squared difference of the outputs of two plans.
    double plain_mse(const toy_evaluated_model& subject, const choices& plan)
    {
        std::vector<float> want(2 * subject.samples()), y(want.size());
        subject.run(choices(subject.layers().size()), 0, subject.samples(), want);
        subject.run(plan, 0, subject.samples(), y);
        double sum = 0;
        for (std::size_t i = 0; i < y.size(); ++i)
            sum += std::pow(static_cast<double>(want[i]) - static_cast<double>(y[i]), 2);
        return sum / static_cast<double>(y.size());
    }

    measurement_options with_block(std::size_t block)
    {
        measurement_options options;
        options.block = block;
        return options;
    }

    sensitivity_table table_of(const toy_evaluated_model& subject, const measurement_options& options)
    {
        return measure_sensitivity(subject, one_at_a_time {}, output_mse {}, sequential {}, options);
    }

    /// A file of its own for each test case, gone afterwards.
    struct temporary_file
    {
        fs::path path = fs::temp_directory_path() / ("quantkit_blocks_" + std::to_string(::getpid()) + ".txt");
        temporary_file() { fs::remove(path); }
        ~temporary_file() { fs::remove(path); }
    };

    std::string text_of(const fs::path& path)
    {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }

    /// Does nothing but fail the caller's policy: the greatest difference of the first output, never a mean.
    struct foreign_metric
    {
        std::string name() const { return "foreign"; }
        double error(std::span<const float> reference, std::span<const float> changed, sample_block block) const
        {
            REQUIRE_EQ(reference.size(), block.count * block.outputs);
            double largest = 0;
            for (std::size_t i = 0; i < reference.size(); i += block.outputs)
                largest = std::max(largest, std::abs(static_cast<double>(reference[i] - changed[i])));
            return largest;
        }
    };

    /// The layer and all layers before it.
    struct first_layers
    {
        std::string_view name() const { return "first layers"; }
        choices base(const toy_evaluated_model& model, std::size_t choice) const
        {
            choices plan(model.layers().size(), reference_candidate);
            plan[0] = choice;
            return plan;
        }
        std::size_t changed(std::size_t choice) const { return choice; }
        double error(double base_error, double changed_error) const { return base_error + changed_error; }
    };
    static_assert(output_metric<foreign_metric> && perturbation_of<first_layers, toy_evaluated_model>);
}

TEST_CASE("measure_sensitivity: a model in a few lines, one layer at a time")
{
    const toy_evaluated_model subject;
    const sensitivity_table table = measure_sensitivity(subject);
    CHECK_EQ(table.metric(), "output MSE");
    CHECK_EQ(table.block_samples(), std::vector<std::size_t> { 8, 8, 5 });
    for (std::size_t layer = 0; layer < 4; ++layer)
        for (std::size_t choice = 0; choice < 3; ++choice)
        {
            const sensitivity_entry& entry = table.at(layer, choice);
            CHECK_EQ(entry.allowed, subject.allows(layer, choice));
            CHECK_EQ(entry.bytes, entry.allowed ? subject.bytes(layer, choice) : 0);
            if (!entry.allowed)
                continue;
            choices plan(4);
            plan[layer] = choice;
            CHECK_EQ(entry.error, doctest::Approx(plain_mse(subject, plan)).epsilon(1e-12));
            CHECK_LE(entry.interval.low, entry.error);
            CHECK_GE(entry.interval.high, entry.error);
        }
    CHECK_GT(table.at(0, 2).error, 0.0);
    CHECK_EQ(table.at(2, 0).error, 0.0);
}

TEST_CASE("measure_sensitivity: leave one out is what sparing a layer saves")
{
    const toy_evaluated_model subject;
    const sensitivity_table table = measure_sensitivity(subject, leave_one_out {});
    for (std::size_t layer = 0; layer < 4; ++layer)
        for (std::size_t choice = 1; choice < 3; ++choice)
        {
            if (!subject.allows(layer, choice))
                continue;
            choices all { choice, choice, choice, subject.allows(3, choice) ? choice : 0 }, spared = all;
            spared[layer] = 0;
            CHECK_EQ(table.at(layer, choice).error,
                     doctest::Approx(plain_mse(subject, all) - plain_mse(subject, spared)).epsilon(1e-9));
        }
}

TEST_CASE("measure_sensitivity: policies that the library does not know")
{
    const toy_evaluated_model subject;
    const sensitivity_table table = measure_sensitivity(subject, first_layers {}, foreign_metric {});
    CHECK_EQ(table.metric(), "foreign");
    CHECK_GT(table.at(1, 2).error, table.at(0, 2).error / 2);
    const task_metric far { "far", [](std::size_t sample, std::span<const float> y)
                            { return y[0] > 0.3f && sample > 3 ? 1.0 : 0.0; } };
    CHECK_EQ(measure_sensitivity(subject, one_at_a_time {}, far).at(0, 0).error, 0.0);
    const std::vector<std::int32_t> labels(subject.samples(), 1);
    const task_metric wrong { "accuracy lost", wrong_label { labels } };
    const std::vector<float> right { 0.0f, 1.0f }, other { 1.0f, 0.0f };
    CHECK_EQ(wrong.error(right, other, { 0, 1, 2 }), 1.0);
    CHECK_EQ(wrong.error(other, right, { 0, 1, 2 }), -1.0);
    CHECK_THROWS_WITH_AS(wrong.error(other, right, { 21, 1, 2 }), "quantkit: sample 21 has no label, there are 21",
                         std::invalid_argument);
}

TEST_CASE("measure_sensitivity: metrics of metrics/ are means, shares become errors")
{
    const std::vector<float> reference { 1.0f, 0.0f, 0.0f, 1.0f }, changed { 1.0f, 0.0f, 1.0f, 0.0f };
    CHECK_EQ(output_mse {}.error(reference, changed, { 0, 2, 2 }), 0.5);
    CHECK_EQ(output_disagreement {}.error(reference, changed, { 0, 2, 2 }), 0.5);
    CHECK_EQ(output_disagreement {}.name(), "1 - output top-1 agreement");
    CHECK_EQ(output_kl {}.error(reference, reference, { 0, 2, 2 }), 0.0);
    CHECK_GT(output_kl {}.error(reference, changed, { 0, 2, 2 }), 0.1);
    CHECK_EQ(decibels_of(0.01, 1.0), doctest::Approx(20.0));
}

TEST_CASE("measure_sensitivity: the same bits for every executor")
{
    const toy_evaluated_model subject;
    const sensitivity_table want = table_of(subject, with_block(2));
    Eigen::ThreadPool pool(3);
    const thread_pool threads(pool);
    CHECK(measure_sensitivity(subject, one_at_a_time {}, output_mse {}, threads, with_block(2)) == want);
    CHECK(measure_sensitivity(subject, one_at_a_time {}, output_mse {}, any_executor(threads), with_block(2)) == want);
    CHECK(table_of(subject, with_block(3)) != want); // other blocks, other intervals
    CHECK_EQ(table_of(subject, with_block(3)).at(1, 2).error, doctest::Approx(want.at(1, 2).error).epsilon(1e-12));
}

TEST_CASE("measure_sensitivity: a part of the samples")
{
    const toy_evaluated_model subject;
    measurement_options options = with_block(4);
    options.first = 10, options.samples = 6;
    CHECK_EQ(table_of(subject, options).block_samples(), std::vector<std::size_t> { 4, 2 });
    options.first = 16;
    CHECK_THROWS_WITH_AS(table_of(subject, options), "quantkit: samples [16, 22) are not among the 21 that there are",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(table_of(subject, with_block(0)), "quantkit: a block of samples must not be empty",
                         std::invalid_argument);
}

TEST_CASE("measure_sensitivity: rounds are spread over all blocks")
{
    std::vector<sample_block> blocks;
    for (std::size_t i = 0; i < 7; ++i)
        blocks.push_back({ 10 * i, 10, 1 });
    const auto firsts_of = [](const measurement_rounds& rounds)
    {
        std::vector<std::size_t> firsts;
        for (const sample_block& block : rounds.blocks)
            firsts.push_back(block.first);
        return firsts;
    };
    const measurement_rounds one = rounds_of(blocks, 0), three = rounds_of(blocks, 3), all = rounds_of(blocks, 7);
    CHECK_EQ(firsts_of(one), std::vector<std::size_t> { 0, 10, 20, 30, 40, 50, 60 });
    CHECK_EQ(one.ends, std::vector<std::size_t> { 7 });
    CHECK_EQ(firsts_of(all), firsts_of(one));
    CHECK_EQ(firsts_of(three), std::vector<std::size_t> { 0, 30, 60, 10, 40, 20, 50 });
    CHECK_EQ(three.ends, std::vector<std::size_t> { 3, 5, 7 });
    CHECK_EQ(rounds_of(blocks, 1).ends.size(), 7u);
    CHECK_THROWS_WITH_AS(rounds_of({}, 1), "quantkit: there are no blocks to measure", std::invalid_argument);
}

TEST_CASE("measure_sensitivity: rounds leave out what is settled, and end with that")
{
    toy_evaluated_model subject;
    subject.sample_count = 200;
    const auto with_rounds = [](double relative)
    {
        measurement_options options = with_block(4);
        options.round = 10, options.stopping.relative = relative;
        return options;
    };
    const sensitivity_table whole = table_of(subject, with_block(4));
    *subject.runs = 0;
    const sensitivity_table never = table_of(subject, with_rounds(0.0));
    const std::size_t all_runs = *subject.runs;
    CHECK_EQ(never.block_samples().size(), 50u);
    CHECK_EQ(all_runs, 50u * (1 + 7)); // the reference, which is the base, and every allowed entry

    *subject.runs = 0;
    const sensitivity_table table = table_of(subject, with_rounds(0.3));
    CHECK_LT(*subject.runs, all_runs);
    std::size_t most = 0, fewest = 50;
    for (std::size_t layer = 0; layer < 4; ++layer)
        for (std::size_t choice = 0; choice < 3; ++choice)
        {
            const sensitivity_entry &entry = table.at(layer, choice), &longer = never.at(layer, choice);
            if (!entry.allowed)
                continue;
            const std::size_t blocks = entry.block_errors.size();
            most = std::max(most, blocks), fewest = std::min(fewest, blocks);
            INFO(layer << ", " << choice << ": " << blocks);
            CHECK_EQ(blocks % 10, 0u);
            CHECK(std::equal(entry.block_errors.begin(), entry.block_errors.end(), longer.block_errors.begin()));
            // settled at the end of this round, and not before
            const std::vector<std::size_t> samples(blocks, 4), fewer(blocks - 10, 4);
            sensitivity_entry now = entry, before = entry;
            set_interval(now, samples, block_bootstrap(samples), { 0.3 });
            CHECK_EQ(now, entry);
            CHECK_EQ(entry.settled, blocks < 50 || is_settled(entry.error, entry.interval, 50, { 0.3 }));
            if (blocks == 10)
                continue;
            before.block_errors.resize(blocks - 10);
            set_interval(before, fewer, block_bootstrap(fewer), { 0.3 });
            CHECK_FALSE(before.settled);
        }
    CHECK_EQ(table.block_samples().size(), most);
    CHECK_EQ(fewest, 10u);                          // the reference at least
    for (std::size_t layer = 0; layer < 4; ++layer) // without a stop, only the order of the sum differs
        CHECK_EQ(never.at(layer, 1).error, doctest::Approx(whole.at(layer, 1).error).epsilon(1e-12));
}

TEST_CASE("measure_sensitivity: rounds are the same bits for every executor, and after an interruption")
{
    toy_evaluated_model subject;
    subject.sample_count = 200;
    measurement_options options = with_block(4);
    options.round = 10, options.stopping.relative = 0.3;
    const sensitivity_table want = table_of(subject, options);
    Eigen::ThreadPool pool(3);
    CHECK(measure_sensitivity(subject, one_at_a_time {}, output_mse {}, thread_pool(pool), options) == want);
    CHECK(measure_sensitivity(subject, leave_one_out {}, output_mse {}, thread_pool(pool), options)
          == measure_sensitivity(subject, leave_one_out {}, output_mse {}, sequential {}, options));

    const temporary_file file;
    options.file = file.path;
    options.progress = [](std::size_t finished, std::size_t) { return finished < 13; };
    CHECK_THROWS_WITH_AS(table_of(subject, options), "quantkit: cancelled after 13 of 50 blocks",
                         measurement_cancelled);
    options.progress = {};
    CHECK(table_of(subject, options) == want);
    options.stopping.relative = 0.2; // other entries are settled: another measurement
    CHECK_THROWS_AS(table_of(subject, options), io_error);
}

TEST_CASE("measure_sensitivity: an interrupted measurement goes on where it was")
{
    const toy_evaluated_model subject;
    const sensitivity_table want = table_of(subject, with_block(2));
    const temporary_file file;
    measurement_options options = with_block(2);
    options.file = file.path;
    std::vector<std::size_t> seen;
    options.progress = [&](std::size_t finished, std::size_t blocks)
    {
        CHECK_EQ(blocks, 11u);
        seen.push_back(finished);
        return finished < 7;
    };
    CHECK_THROWS_WITH_AS(table_of(subject, options), "quantkit: cancelled after 7 of 11 blocks", measurement_cancelled);
    CHECK_EQ(seen, std::vector<std::size_t> { 1, 2, 3, 4, 5, 6, 7 });

    options.progress = {};
    *subject.runs = 0;
    CHECK(table_of(subject, options) == want);
    const std::size_t runs_of_block = 1 + 7;        // the reference, which is the base, and every allowed entry
    CHECK_EQ(*subject.runs, 1 + 4 * runs_of_block); // and one for the key
    *subject.runs = 0;
    CHECK(table_of(subject, options) == want);
    CHECK_EQ(*subject.runs, 1u);
}

TEST_CASE("measure_sensitivity: files of other measurements and broken ones are refused")
{
    const toy_evaluated_model subject;
    const temporary_file file;
    measurement_options options = with_block(8);
    options.file = file.path;
    table_of(subject, options);
    const auto refused_with = [&](const std::string& part)
    {
        try
        {
            table_of(subject, options);
        }
        catch (const io_error& error)
        {
            INFO(error.what());
            CHECK(std::string(error.what()).find(part) != std::string::npos);
            return;
        }
        FAIL("was read");
    };
    toy_evaluated_model other = subject;
    other.weights[0] = 1.0;
    CHECK_THROWS_AS(table_of(other, options), io_error);

    const std::string whole = text_of(file.path);
    std::ofstream(file.path) << whole.substr(0, whole.size() - 4);
    refused_with("is damaged or cut off at");
    const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1, digest = whole.rfind(' ') + 1;
    const std::string fourth = "3" + whole.substr(last + 1, digest - last - 1);
    std::ofstream(file.path) << whole << fourth << detail::line_digest(fourth) << "\n";
    refused_with("has a block 3 of 3");
    std::ofstream(file.path) << "something else\n";
    refused_with("has another format: 'something else'");
}

TEST_CASE("measure_sensitivity: what a model throws comes out, and finished blocks are kept")
{
    toy_evaluated_model subject;
    const temporary_file file;
    measurement_options options = with_block(2);
    options.file = file.path;
    subject.broken_sample = 13;
    CHECK_THROWS_WITH_AS(table_of(subject, options), "a broken sample", std::runtime_error);
    subject.broken_sample = static_cast<std::size_t>(-1);
    CHECK(table_of(subject, options) == table_of(subject, with_block(2)));
}
