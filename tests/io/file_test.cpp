// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/file.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#if defined(__unix__)
#include "support/no_descriptors.hpp"
#endif

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    constexpr file_access accesses[] = { file_access::mapped, file_access::streamed };
}

TEST_CASE("a file's bytes are the same mapped and streamed")
{
    const temporary_folder folder;
    for (const std::size_t size : { 0u, 1u, 4095u, 4096u, 4097u, 1u << 20, (1u << 20) + 1u }) // page and chunk bounds
        for (const file_access access : accesses)
        {
            std::string text(size, '\0');
            for (std::size_t i = 0; i < size; ++i)
                text[i] = static_cast<char>(i * 31 + i / 256);
            put(folder / "data", text);
            const file_bytes file(folder / "data", access);
            CHECK(to_string(file.bytes()) == text);
        }
}

TEST_CASE("moving leaves the bytes in place")
{
    const temporary_folder folder;
    put(folder / "data", "twelve bytes");
    for (const file_access access : accesses)
    {
        file_bytes first(folder / "data", access);
        const auto* const place = first.bytes().data();
        const file_bytes second = std::move(first);
        CHECK(second.bytes().data() == place);
        CHECK(to_string(second.bytes()) == "twelve bytes");
        file_bytes third;
        CHECK(third.bytes().empty());
        third = file_bytes(folder / "data", access);
        CHECK(to_string(third.bytes()) == "twelve bytes");
    }
}

TEST_CASE("bytes that are in memory already")
{
    const file_bytes file(to_bytes("abc"));
    CHECK(to_string(file.bytes()) == "abc");
}

TEST_CASE("a file that cannot be read is named, with the reason")
{
    const temporary_folder folder;
    put(folder / "data", "x");
    for (const file_access access : accesses)
    {
        const auto open = [&](const std::filesystem::path& path)
        { return error_of([&] { file_bytes file(path, access); }); };
        CHECK(open(folder / "missing").find("/missing': No such file or directory") != std::string::npos);
        CHECK(open(folder / "missing").starts_with("quantkit: cannot read '"));
        CHECK(open(folder / "data/below").find("cannot read") != std::string::npos);
        CHECK(open(folder / "").find("not a regular file") != std::string::npos);
        CHECK(open(folder / std::string(5000, 'x')).find("name too long") != std::string::npos);
        CHECK_THROWS_AS(file_bytes(folder / "missing", access), io_error);
#if defined(__unix__)
        CHECK(open("/dev/zero").find("not a regular file") != std::string::npos);
#endif
    }
}

#if defined(__unix__)
TEST_CASE("a process that has too many files open is told so")
{
    const temporary_folder folder;
    put(folder / "data", "x");
    const no_descriptors nothing_opens;
    for (const file_access access : accesses)
    {
        const std::string error = error_of([&] { file_bytes file(folder / "data", access); });
        CHECK(error.starts_with("quantkit: cannot open '"));
        CHECK(error.ends_with("/data': Too many open files"));
    }
}
#endif

#if defined(__linux__)
TEST_CASE("a file that opens but cannot be read is reported, not taken for an empty one")
{
    // a regular file whose first bytes, those at address 0, belong to nobody
    const std::string error = error_of([&] { file_bytes file("/proc/self/mem", file_access::streamed); });
    CHECK(error == "quantkit: cannot read '/proc/self/mem': Input/output error");
}
#endif
