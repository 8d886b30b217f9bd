// SPDX-License-Identifier: BSD-3-Clause
// Memory that runs out at any allocation of a conversion: std::bad_alloc comes out, and all is as it was before.
#include "support/failing_allocation.hpp"

#include <quantkit/io/safetensors.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/quantized_file.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/observers/percentile.hpp>

#include "io/temporary_folder.hpp"
#include "support/sample_models.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    prepared_model calibrated(const model& network)
    {
        prepared_model prepared = prepare(network);
        calibrate(prepared, random_input(network, 5));
        return prepared;
    }

    std::vector<real_range> ranges_of(const prepared_model& prepared)
    {
        std::vector<real_range> ranges;
        for (const any_observer& observer : prepared.observers)
            ranges.push_back(observer.range());
        return ranges;
    }

    struct refusing_observer
    {
        void observe(const tensor_view<const float>&) { throw std::runtime_error("refused"); }
        void reset() {}
        real_range range() const { return nothing_observed; }
    };

    std::string saved(const quantized_model& quantized)
    {
        const temporary_folder folder;
        save_quantized(folder / "model", quantized);
        return to_string(file_bytes(folder / "model").bytes());
    }

    // Fails every step-th allocation of the action by turns, until it comes to its end; returns how often it failed.
    template <class Action>
    std::size_t fail_everywhere(std::ptrdiff_t step, Action action)
    {
        std::size_t failures = 0;
        for (std::ptrdiff_t n = 0;; n += step)
        {
            CAPTURE(n);
            allocation_outcome outcome = allocation_outcome::succeeded;
            REQUIRE_NOTHROW(outcome = with_failing_allocation(n, action));
            if (outcome == allocation_outcome::succeeded)
                return failures;
            failures += outcome == allocation_outcome::failed;
        }
    }
}

TEST_CASE("convert: memory that runs out leaves the prepared model as it was")
{
    for (const model& network : { sample_mlp(), sample_encoder() })
    {
        const prepared_model prepared = calibrated(network);
        const std::string want = saved(convert(prepared));
        CHECK(fail_everywhere(network.input_shape().time > 1 ? 7 : 1, [&] { convert(prepared); }) > 50);
        CHECK(saved(convert(prepared)) == want);
    }
}

TEST_CASE("calibrate: memory that runs out leaves the observers as they were")
{
    for (const model& network : { sample_mlp(), sample_encoder() })
    {
        prepared_model prepared =
            prepare(network, { .activations = percentile_observer {} }); // allocates as it observes
        calibrate(prepared, random_input(network, 2));
        const matrix_f wider = 3.0f * random_input(network, 3, 11);
        const std::vector<real_range> before = ranges_of(prepared);
        prepared_model complete = prepared;
        calibrate(complete, wider);
        const std::vector<real_range> after = ranges_of(complete);
        REQUIRE(before != after);

        std::size_t failures = 0;
        auto outcome = allocation_outcome::failed;
        for (std::ptrdiff_t n = 0; outcome != allocation_outcome::succeeded; ++n)
        {
            CAPTURE(n);
            prepared_model trial = prepared;
            outcome = with_failing_allocation(n, [&] { calibrate(trial, wider); });
            const bool has_failed = outcome == allocation_outcome::failed;
            REQUIRE(ranges_of(trial) == (has_failed ? before : after));
            failures += has_failed;
        }
        CHECK(failures > 20);
    }
}

TEST_CASE("calibrate: observers that throw leave all observers as they were")
{
    const model network = sample_mlp();
    prepared_model prepared = prepare(network);
    calibrate(prepared, random_input(network, 2));
    prepared.observers.back() = refusing_observer {};
    const std::vector<real_range> before = ranges_of(prepared);
    CHECK_THROWS_WITH_AS(calibrate(prepared, random_input(network, 3, 11)), "refused", std::runtime_error);
    CHECK(ranges_of(prepared) == before);
}

TEST_CASE("session: memory that runs out leaves the quantized model as it was, and a workspace usable")
{
    const model network = sample_mlp();
    const quantized_model quantized = convert(calibrated(network));
    const std::string want = saved(quantized);
    CHECK(fail_everywhere(1, [&] { session { quantized }; }) > 50);
    CHECK(saved(quantized) == want);

    const session int8(quantized);
    const matrix_f x = random_input(network, 3), expected = int8(x);
    matrix_f y = matrix_f::Zero(expected.rows(), expected.cols());
    session_workspace workspace;
    const auto grow = [&]
    {
        session_workspace fresh;
        int8.run(x, y, fresh);
        int8.run(x, y, workspace);
    };
    CHECK(fail_everywhere(1, grow) > 0);
    y.setZero();
    int8.run(x, y, workspace);
    CHECK(y == expected);
}

TEST_CASE("files: memory that runs out leaves the old file and no temporary one")
{
    const temporary_folder folder;
    const std::vector<std::byte> bytes(60);
    const std::vector<named_tensor> tensors {
        { "weight", data_type::float32, { 3, 5 }, bytes },
        { "a name too long for a short string", data_type::int8, { 60 }, bytes }
    };
    write_safetensors(folder / "model", tensors, { { "format", "any" } });
    const std::string want = to_string(file_bytes(folder / "model").bytes());

    write_file(folder / "model", to_bytes("old"));
    const auto write = [&]
    {
        try
        {
            write_safetensors(folder / "model", tensors, { { "format", "any" } });
        }
        catch (const io_error&) // what std::filesystem makes of a path that it has no memory for
        {
            throw std::bad_alloc();
        }
    };
    std::size_t failures = 0;
    for (std::ptrdiff_t n = 0;; ++n)
    {
        CAPTURE(n);
        const auto outcome = with_failing_allocation(n, write);
        REQUIRE(folder.entries() == 1);
        if (outcome == allocation_outcome::succeeded)
            break;
        // one that fails after the file has its name changes nothing any more
        const std::string content = to_string(file_bytes(folder / "model").bytes());
        REQUIRE((content == "old" || content == want));
        ++failures;
    }
    CHECK(failures > 20);
    CHECK(to_string(file_bytes(folder / "model").bytes()) == want);
}
