// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/npy_batches.hpp>

#include <quantkit/observers/minmax.hpp>

#include "io/temporary_folder.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#if defined(__unix__)
#include "support/no_descriptors.hpp"
#endif

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    static_assert(std::input_iterator<npy_batches::iterator> && std::ranges::input_range<npy_batches>);

    /// A file with this array of random values, which are returned.
    std::vector<float> put_floats(const std::filesystem::path& path, const tensor_shape& shape, npy_layout layout = {})
    {
        const auto values = random_floats(static_cast<std::size_t>(element_count(shape)), 8);
        write_npy(path, make_npy_array(std::span<const float>(values), shape), layout);
        return values;
    }

    bool mentions(const std::string& error, std::string_view words)
    {
        INFO(error);
        return error.starts_with("quantkit: ") && error.find(words) != std::string::npos;
    }
}

TEST_CASE("batches hold all rows in order, the last one what is left")
{
    const temporary_folder folder;
    for (const tensor_shape& shape :
         { tensor_shape { 10 }, tensor_shape { 10, 3 }, tensor_shape { 10, 2, 4 }, tensor_shape { 1, 5 } })
    {
        const std::vector<float> values = put_floats(folder / "x.npy", shape);
        for (const std::ptrdiff_t rows : { 1, 3, 5, 10, 1000 })
        {
            npy_batches batches(folder / "x.npy", rows);
            CHECK(batches.shape() == shape);
            std::vector<float> read;
            for (const auto& batch : batches)
            {
                const auto read_rows = static_cast<std::ptrdiff_t>(read.size()) / (element_count(shape) / shape[0]);
                tensor_shape expected = shape;
                expected[0] = std::min(rows, shape[0] - read_rows);
                REQUIRE(batch.shape() == expected);
                read.insert(read.end(), batch.data(), batch.data() + batch.size());
            }
            CHECK(read == values);
        }
    }
}

TEST_CASE("a range can be walked again, and a temporary one")
{
    const temporary_folder folder;
    put_floats(folder / "x.npy", { 7, 2 });
    npy_batches batches(folder / "x.npy", 4);
    for (int walk = 0; walk < 3; ++walk)
    {
        std::vector<std::ptrdiff_t> rows;
        for (const auto& batch : batches)
            rows.push_back(batch.shape()[0]);
        CHECK(rows == std::vector<std::ptrdiff_t> { 4, 3 });
    }
    minmax_observer in_batches, at_once;
    for (const auto& batch : npy_batches(folder / "x.npy", 4))
        in_batches.observe(batch);
    at_once.observe(read_npy(folder / "x.npy").view<float>());
    CHECK(in_batches.range() == at_once.range());
}

TEST_CASE("arrays without rows have no batches, rows without values have empty ones")
{
    const temporary_folder folder;
    put_floats(folder / "none.npy", { 0, 3 });
    npy_batches none(folder / "none.npy", 2);
    CHECK(none.begin() == none.end());
    put_floats(folder / "empty.npy", { 3, 0 });
    npy_batches empty(folder / "empty.npy", 2);
    CHECK(std::ranges::distance(empty) == 2);
}

TEST_CASE("every version is read, and Fortran order where it makes no difference")
{
    const temporary_folder folder;
    for (const int version : { 1, 2, 3 })
    {
        const std::vector<float> values = put_floats(folder / "x.npy", { 6 }, { version, true });
        npy_batches batches(folder / "x.npy", 6);
        const auto first = *batches.begin();
        CHECK(std::vector<float>(first.data(), first.data() + first.size()) == values);
    }
}

TEST_CASE("what holds no rows of float32 is refused")
{
    const temporary_folder folder;
    const auto error = [&](const char* name, std::ptrdiff_t rows = 1)
    { return error_of([&] { npy_batches(folder / name, rows); }); };
    const std::vector<double> doubles(4);
    write_npy(folder / "double.npy", make_npy_array(std::span<const double>(doubles), { 4 }));
    CHECK(mentions(error("double.npy"), "double.npy' holds float64, but batches are read as float32"));
    CHECK_THROWS_AS(npy_batches(folder / "double.npy", 1), std::invalid_argument);
    put_floats(folder / "scalar.npy", {});
    CHECK(mentions(error("scalar.npy"), "scalar.npy' holds a single value, no rows"));
    put_floats(folder / "fortran.npy", { 2, 3 }, { 1, true });
    CHECK(mentions(error("fortran.npy"), "has the shape [2, 3] in Fortran order"));
    put_floats(folder / "x.npy", { 4 });
    CHECK(error("x.npy", 0) == "quantkit: a batch needs at least one row, but has 0");
}

TEST_CASE("missing, malformed and truncated files are refused")
{
    const temporary_folder folder;
    const auto error = [&](const char* name) { return error_of([&] { npy_batches(folder / name, 1); }); };
    CHECK(mentions(error("missing.npy"), "No such file"));
    put(folder / "text.npy", "not an array");
    CHECK(mentions(error("text.npy"), "not a .npy file"));
    put(folder / "empty.npy", "");
    CHECK(mentions(error("empty.npy"), "truncated"));
    put_floats(folder / "x.npy", { 100, 3 });
    const std::string whole = content(folder / "x.npy");
    put(folder / "short.npy", whole.substr(0, whole.size() - 1));
    CHECK(mentions(error("short.npy"), "takes 1200 bytes, but 1199 follow the header"));
    put(folder / "long.npy", whole + "!");
    CHECK(mentions(error("long.npy"), "takes 1200 bytes, but 1201 follow the header"));
    put(folder / "header.npy", whole.substr(0, 50));
    CHECK(mentions(error("header.npy"), "truncated: the header takes 118 bytes, but only 40 are left"));
    CHECK_THROWS_AS(npy_batches(folder / "header.npy", 1), io_error);
    std::string huge = whole;
    const std::string_view shape = "(100, 3), }                ", too_large = "(4294967296, 4294967296), }";
    REQUIRE(huge.find(shape) != std::string::npos);
    put(folder / "huge.npy", huge.replace(huge.find(shape), shape.size(), too_large));
    CHECK(mentions(error("huge.npy"), "the shape [4294967296, 4294967296] has too many elements"));
}

#if defined(__unix__)
TEST_CASE("a file that cannot be opened is named")
{
    const temporary_folder folder;
    put_floats(folder / "x.npy", { 4 });
    const no_descriptors nothing_opens;
    CHECK(mentions(error_of([&] { npy_batches(folder / "x.npy", 1); }), "x.npy'"));
}
#endif

TEST_CASE("batches are told apart by the iterator, whichever way it steps")
{
    const temporary_folder folder;
    const auto values = put_floats(folder / "x.npy", { 3, 2 });
    npy_batches batches(folder / "x.npy", 1);
    auto batch = batches.begin();
    batch++;
    CHECK((*batch).data()[0] == values[2]);
    ++batch;
    CHECK((*batch).data()[0] == values[4]);
    batch++;
    CHECK(batch == batches.end());
}

TEST_CASE("a file that shrinks meanwhile is reported, not read as zeros")
{
    const temporary_folder folder;
    put_floats(folder / "x.npy", { 100'000, 3 });
    npy_batches batches(folder / "x.npy", 50'000);
    auto batch = batches.begin();
    std::filesystem::resize_file(folder / "x.npy", 700'000);
    const std::string error = error_of([&] { ++batch; });
    CHECK(mentions(error, "it ended after"));
    CHECK(mentions(error, "of the 600000 bytes from row 50000 on"));
}
