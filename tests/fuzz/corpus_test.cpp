// SPDX-License-Identifier: BSD-3-Clause
// The fuzzers' corpora without a fuzzer, for every compiler: each file as it is, and changed in hundreds of ways that
// are the same in every run.
#include "fuzz/gemm_target.hpp"
#include "fuzz/model_target.hpp"
#include "fuzz/npy_target.hpp"
#include "fuzz/plan_target.hpp"
#include "fuzz/qparams_target.hpp"
#include "fuzz/quantized_file_target.hpp"
#include "fuzz/report_target.hpp"
#include "fuzz/safetensors_target.hpp"
#include "fuzz/sensitivity_json_target.hpp"
#include "fuzz/session_target.hpp"

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/io/file.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace
{
    using bytes = std::vector<std::byte>;
    using target = void (*)(std::span<const std::byte>);

    struct corpus_file
    {
        std::string name;
        bytes content;
    };

    std::vector<corpus_file> corpus(const std::string& name)
    {
        std::vector<corpus_file> files;
        const auto folder = std::filesystem::path(__FILE__).parent_path() / "corpus" / name;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
        {
            const quantkit::file_bytes file(entry.path());
            files.push_back({ entry.path().filename().string(), { file.bytes().begin(), file.bytes().end() } });
        }
        std::sort(files.begin(), files.end(),
                  [](const corpus_file& left, const corpus_file& right) { return left.name < right.name; });
        return files;
    }

    // One to four changes: a byte flipped, replaced, repeated or copied, or the end cut off.
    bytes changed(bytes input, quantkit::splitmix64& random)
    {
        const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random.next() % count); };
        for (std::size_t changes = 1 + below(4); changes-- > 0 && !input.empty();)
        {
            const std::size_t at = below(input.size());
            const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
            switch (below(5))
            {
            case 0:
                input[at] ^= static_cast<std::byte>(1u << below(8));
                break;
            case 1:
                input[at] = static_cast<std::byte>(below(256));
                break;
            case 2:
                input.insert(place, 1 + below(3), input[at]);
                break;
            case 3:
                input.erase(place, input.end());
                break;
            default:
                input[at] = input[below(input.size())];
            }
        }
        return input;
    }

    void replay(const std::string& name, target run, int changes)
    {
        const std::vector<corpus_file> files = corpus(name);
        REQUIRE(!files.empty());
        quantkit::splitmix64 random(1);
        for (const corpus_file& file : files)
        {
            CAPTURE(file.name);
            REQUIRE_NOTHROW(run(file.content));
            for (int change = 0; change < changes; ++change)
            {
                CAPTURE(change);
                REQUIRE_NOTHROW(run(changed(file.content, random)));
            }
        }
    }
}

TEST_CASE("corpora: files are refused or read")
{
    using namespace quantkit::fuzz;
    replay("npy", try_npy, 1000);
    replay("safetensors", try_safetensors, 1000);
    replay("model", try_model, 500);
    replay("plan", try_plan, 500);
    replay("quantized_file", try_quantized_file, 300);
    replay("sensitivity_json", try_sensitivity_json, 500);
}

TEST_CASE("corpora: sessions of quantized files") { replay("session", quantkit::fuzz::try_session, 100); }

TEST_CASE("corpora: qparams of any range") { replay("qparams", quantkit::fuzz::try_qparams, 1000); }

TEST_CASE("corpora: integer products of any shape") { replay("gemm", quantkit::fuzz::try_gemm, 100); }

TEST_CASE("corpora: reports with any text in them") { replay("report", quantkit::fuzz::try_report, 300); }

TEST_CASE("corpora: each file of a quantized model is accepted, and each result has a digest that can be made right")
{
    using namespace quantkit::fuzz;
    for (const corpus_file& file : corpus("quantized_file"))
    {
        CAPTURE(file.name);
        CHECK_NOTHROW(read_in_memory(file_of(file.content).value()));
    }
    for (const corpus_file& file : corpus("sensitivity_json"))
        if (const std::string text(text_of(file.content)); text.starts_with('{'))
            CHECK_NOTHROW(quantkit::sensitivity_from_json(with_right_digest(text)));
}

TEST_CASE("corpora: each file for sessions has one, which runs")
{
    using namespace quantkit::fuzz;
    for (const corpus_file& file : corpus("session"))
    {
        CAPTURE(file.name);
        const quantkit::quantized_model quantized = read_in_memory(file_of(file.content).value());
        CHECK(is_small(quantized.steps));
        const quantkit::session compiled(quantized);
        CHECK_NOTHROW(compiled(fuzzed_input(compiled, chooses_from_table(quantized.steps))));
    }
}

TEST_CASE("corpora: a broken promise is found")
{
    using namespace quantkit::fuzz;
    CHECK_THROWS_AS(expect(false, "a promise"), finding);
    CHECK_THROWS_AS(html_checker("<p><script></p>").texts_of("p"), finding);
    CHECK_THROWS_AS(html_checker("<p title=\"a\" onload=\"b\"></p>").texts_of("p"), finding);
    CHECK_THROWS_AS(html_checker("<p>a > b</p>").texts_of("p"), finding);
    CHECK_THROWS_AS(html_checker("<p>a").texts_of("p"), finding);
}
