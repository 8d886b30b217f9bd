// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/measure_sensitivity.hpp>

#include "../support/toy_evaluated_model.hpp"

#include <quantkit/core/any_executor.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

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
            CHECK_EQ(entry.bytes, subject.bytes(layer, choice));
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
    const std::size_t runs_of_block = 1 + 1 + 7;    // the reference, the base, every allowed entry
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
    refused_with("has no number at");
    std::ofstream(file.path) << whole << "3" << whole.substr(whole.rfind('\n', whole.size() - 2) + 2);
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
