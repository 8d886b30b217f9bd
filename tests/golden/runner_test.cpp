// SPDX-License-Identifier: BSD-3-Clause
#include "runner.hpp"

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace quantkit;
using namespace quantkit::golden;

namespace
{
    constexpr std::array<float, 2> stored { 1, 2 };

    /// A family "f" with one case "c" of op "double": x [1, 2], y [1, 2] exactly, z [1, 2], aux m [1, 0].
    class vectors
    {
    public:
        vectors()
        {
            std::filesystem::create_directory(folder / "f");
            for (const char* const name : { "f/x.npy", "f/y.npy", "f/z.npy" })
                write_npy(folder / name, make_npy_array<float>(stored, { 2 }));
            write_npy(folder / "f/m.npy", make_npy_array<std::uint8_t>(std::array<std::uint8_t, 2> { 1, 0 }, { 2 }));
            manifest = nlohmann::json::parse(R"({"format": 1, "family": "f", "count": 1, "cases": [{
                "name": "c", "op": "double", "attrs": {},
                "inputs": {"x": {"file": "x.npy", "dtype": "float32", "shape": [2]}},
                "outputs": {
                    "y": {"file": "y.npy", "dtype": "float32", "shape": [2], "tolerance": {"kind": "exact"}},
                    "z": {"file": "z.npy", "dtype": "float32", "shape": [2],
                          "tolerance": {"kind": "close", "atol": 0.5, "rtol": 0.0, "mask": "m"}}},
                "aux": {"m": {"file": "m.npy", "dtype": "uint8", "shape": [2]}}}]})");
        }

        golden::family family() const
        {
            test::put(folder / "f/manifest.json", manifest.dump());
            return golden::family("f", folder / "");
        }

        nlohmann::json& the_case() { return manifest["cases"][0]; }

        test::temporary_folder folder;
        nlohmann::json manifest;
    };

    void compare_well(case_run& run)
    {
        run.compare("y", stored);
        run.compare("z", std::array { 1.5, 99.0 });
    }

    template <class Action>
    std::string failure_of(const vectors& vectors, Action action, const std::set<std::string>& later = {})
    {
        const auto failures = run_cases(vectors.family().cases("double"), action, later).failures;
        return failures.empty() ? "" : failures.front();
    }
}

TEST_CASE("a case that agrees is counted with its outputs")
{
    const vectors vectors;
    const op_result result = run_cases(vectors.family().cases("double"), compare_well);
    CHECK(result.failures.empty());
    CHECK(result.cases == 1);
    CHECK(result.outputs == 2);
    CHECK(result.not_covered == 0);
}

TEST_CASE("wrong values are failures")
{
    const vectors vectors;
    const auto with_y = [&](const std::vector<float>& y)
    {
        return failure_of(vectors,
                          [&](case_run& run)
                          {
                              compare_well(run);
                              run.compare("y", y);
                          });
    };
    CHECK(with_y({ 1, 2 }).empty());
    CHECK(with_y({ 1, 3 }) == "c: y: [1] is 3, expected 2; 1 of 2 elements fail exact");
    CHECK(with_y({ 1 }) == "c: y: has 1 elements, expected 2");
    CHECK(failure_of(vectors,
                     [](case_run& run) {
                         run.compare("z", std::array { 1.6, 2.0 });
                     })
              .starts_with("c: z: [0]"));
    CHECK(failure_of(vectors,
                     [](case_run& run) {
                         run.compare_aux("m", std::array { 1, 1 });
                     })
              .starts_with("c: m: [1]"));
    CHECK(failure_of(vectors, [](case_run& run) { run.expect(false, "no"); }) == "c: no");
}

TEST_CASE("outputs that are not compared, or more than announced, are failures")
{
    const vectors vectors;
    const auto only_y = [](case_run& run) { run.compare("y", stored); };
    CHECK(failure_of(vectors, only_y) == "c: z: not compared");
    CHECK(failure_of(vectors, only_y, { "z" }).empty());
    CHECK(failure_of(vectors, compare_well, { "z" }) == "c: z: compared, yet listed as later");
}

TEST_CASE("an exception is a failure of its case")
{
    const vectors vectors;
    CHECK(failure_of(vectors, [](case_run&) { throw std::runtime_error("broken"); }) == "c: broken");
    CHECK(failure_of(vectors, [](case_run& run) { run.compare("w", stored); }).starts_with("c: "));
}

TEST_CASE("ops that no test knows, and tests without cases, are failures")
{
    const vectors vectors;
    CHECK(wrong_ops(vectors.family(), { "double" }, {}).empty());
    CHECK(wrong_ops(vectors.family(), {}, { "double", "triple" }).empty());
    CHECK(wrong_ops(vectors.family(), {}, {}).front() == "double: no test knows this op");
    CHECK(wrong_ops(vectors.family(), { "double", "triple" }, {}).front() == "triple: no cases");
}

TEST_CASE("a family that is missing or does not match its manifest throws")
{
    vectors vectors;
    CHECK_THROWS_AS(family("f", vectors.folder / "elsewhere"), std::runtime_error);
    vectors.manifest["count"] = 2;
    CHECK_THROWS_AS(vectors.family(), std::runtime_error);
    vectors.manifest["count"] = 1;
    vectors.the_case()["inputs"]["x"]["shape"] = { 1, 2 };
    CHECK_THROWS_AS(vectors.family().cases("double")[0].input("x"), std::runtime_error);
    vectors.the_case()["inputs"]["x"] = { { "file", "x.npy" }, { "dtype", "int32" }, { "shape", { 2 } } };
    CHECK_THROWS_AS(vectors.family().cases("double")[0].input("x"), std::runtime_error);
    vectors.the_case()["inputs"]["x"]["file"] = "missing.npy";
    CHECK_THROWS_AS(vectors.family().cases("double")[0].input("x"), io_error);
}

TEST_CASE("a check of an op without cases fails" * doctest::should_fail())
{
    check_cases("half", "no such op", [](case_run&) {});
}
