// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/atomic_file.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#if defined(__unix__)
#include "support/no_descriptors.hpp"

#include <csignal>
#include <sys/resource.h>
#endif

using namespace quantkit;
using namespace quantkit::test;

TEST_CASE("a new file has all that was written")
{
    const temporary_folder folder;
    atomic_file file(folder / "new");
    file.write(to_bytes("one "));
    file.write({});
    file.write(to_bytes("two"));
    CHECK_FALSE(std::filesystem::exists(folder / "new"));
    file.commit();
    CHECK(content(folder / "new") == "one two");
    CHECK(folder.entries() == 1);
}

TEST_CASE("an old file is replaced, and its permissions stay")
{
    using std::filesystem::perms;
    const temporary_folder folder;
    put(folder / "old", "old");
    std::filesystem::permissions(folder / "old", perms::owner_read | perms::owner_write);
    write_file(folder / "old", to_bytes("new content"));
    CHECK(content(folder / "old") == "new content");
    CHECK(std::filesystem::status(folder / "old").permissions() == (perms::owner_read | perms::owner_write));
    CHECK(folder.entries() == 1);
}

TEST_CASE("an empty file can be written")
{
    const temporary_folder folder;
    write_file(folder / "empty", {});
    CHECK(std::filesystem::file_size(folder / "empty") == 0);
}

TEST_CASE("without a commit nothing changes")
{
    const temporary_folder folder;
    put(folder / "old", "old");
    {
        atomic_file file(folder / "old");
        file.write(to_bytes("half of the n"));
        CHECK(folder.entries() == 2);
    }
    CHECK(content(folder / "old") == "old");
    CHECK(folder.entries() == 1);
}

TEST_CASE("two writers of one file do not mix")
{
    const temporary_folder folder;
    atomic_file first(folder / "file"), second(folder / "file");
    first.write(to_bytes("first"));
    second.write(to_bytes("second"));
    second.commit();
    first.commit();
    CHECK(content(folder / "file") == "first");
    CHECK(folder.entries() == 1);
}

TEST_CASE("a path that cannot be written is named, with the reason")
{
    const temporary_folder folder;
    put(folder / "data", "x");
    std::filesystem::create_directory(folder / "sub");
    const auto write = [](const std::filesystem::path& path)
    { return error_of([&] { write_file(path, to_bytes("new")); }); };
    CHECK(write(folder / "missing/file").find("No such file or directory") != std::string::npos);
    CHECK(write(folder / "missing/file").starts_with("quantkit: cannot create '"));
    CHECK(write(folder / "data/file").find("Not a directory") != std::string::npos);
    CHECK(write(folder / "sub").find("not a regular file") != std::string::npos);
    CHECK(write(folder / "sub/").find("not a regular file") != std::string::npos);
    CHECK(write("").find("not a regular file") != std::string::npos);
    CHECK(write(folder / std::string(5000, 'x')).find("name too long") != std::string::npos);
    CHECK_THROWS_AS(write_file(folder / "missing/file", {}), io_error);
    CHECK(content(folder / "data") == "x");
    CHECK(folder.entries() == 2);
}

#if defined(__unix__)
TEST_CASE("a link keeps pointing to the file, which is replaced")
{
    const temporary_folder folder;
    put(folder / "real", "old");
    std::filesystem::create_symlink("real", folder / "link");
    write_file(folder / "link", to_bytes("new"));
    CHECK(std::filesystem::is_symlink(folder / "link"));
    CHECK(content(folder / "real") == "new");
}

TEST_CASE("a device is refused, not replaced by a file")
{
    CHECK(error_of([] { write_file("/dev/null", to_bytes("x")); }).find("not a regular file") != std::string::npos);
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

namespace
{
    /// Root may write anywhere: until the end of the scope, it is somebody who may not.
    class ordinary_user
    {
    public:
        ordinary_user()
        {
            constexpr uid_t nobody = 65534;
            if (is_root_ && ::seteuid(nobody) != 0)
                MESSAGE("root cannot become another user");
        }
        ordinary_user(const ordinary_user&) = delete;
        ordinary_user& operator=(const ordinary_user&) = delete;
        ~ordinary_user()
        {
            if (is_root_)
                CHECK(::seteuid(0) == 0);
        }

    private:
        bool is_root_ = ::geteuid() == 0;
    };
}

TEST_CASE("a folder without write permission leaves the old file, writable or not, as it was")
{
    using std::filesystem::perms;
    const perms all_read = perms::owner_read | perms::group_read | perms::others_read;
    const perms all_enter = perms::owner_exec | perms::group_exec | perms::others_exec;
    const temporary_folder folder;
    std::filesystem::create_directory(folder / "locked");
    put(folder / "locked/file", "old");
    std::filesystem::permissions(folder / "locked/file", perms::all);
    std::filesystem::permissions(folder / "locked", all_read | all_enter);
    std::string error;
    {
        const ordinary_user user;
        error = error_of([&] { write_file(folder / "locked/file", to_bytes("new")); });
    }
    std::filesystem::permissions(folder / "locked", perms::owner_all);
    CHECK(error.starts_with("quantkit: cannot create '"));
    CHECK(error.ends_with("': Permission denied"));
    CHECK(content(folder / "locked/file") == "old");
}

TEST_CASE("what cannot be replaced when all is written stays, and is named")
{
    const temporary_folder folder;
    put(folder / "target", "old");
    std::string error;
    {
        atomic_file file(folder / "target");
        file.write(to_bytes("new"));
        std::filesystem::remove(folder / "target");
        std::filesystem::create_directory(folder / "target");
        error = error_of([&] { file.commit(); });
    }
    CHECK(error.starts_with("quantkit: cannot replace '"));
    CHECK(error.ends_with("target': Is a directory"));
    CHECK(std::filesystem::is_directory(folder / "target"));
    CHECK(folder.entries() == 1);
}

TEST_CASE("a process that has too many files open leaves the old file")
{
    const temporary_folder folder;
    put(folder / "data", "old");
    std::string error;
    {
        const no_descriptors nothing_opens;
        error = error_of([&] { atomic_file file(folder / "data"); });
    }
    CHECK(error.starts_with("quantkit: cannot create '"));
    CHECK(error.ends_with("': Too many open files"));
    CHECK(content(folder / "data") == "old");
}

TEST_CASE("a full disk is reported when written to")
{
    detail::output_file file(detail::descriptor(::open("/dev/full", O_WRONLY)), "/dev/full");
    const std::string error = error_of([&] { file.write(to_bytes("does not fit")); });
    CHECK(error == "quantkit: cannot write '/dev/full': No space left on device");
}

namespace
{
    /// No file of this process grows beyond `bytes`: to write more fails as on a full disk.
    class file_size_limit
    {
    public:
        explicit file_size_limit(rlim_t bytes)
            : handler_(std::signal(SIGXFSZ, SIG_IGN))
        {
            ::getrlimit(RLIMIT_FSIZE, &old_);
            rlimit limit = old_;
            limit.rlim_cur = bytes;
            ::setrlimit(RLIMIT_FSIZE, &limit);
        }
        file_size_limit(const file_size_limit&) = delete;
        file_size_limit& operator=(const file_size_limit&) = delete;
        ~file_size_limit()
        {
            ::setrlimit(RLIMIT_FSIZE, &old_);
            std::signal(SIGXFSZ, handler_);
        }

    private:
        rlimit old_ = {};
        void (*handler_)(int);
    };
}

TEST_CASE("a write that fails half-way leaves the old file and no temporary")
{
    const temporary_folder folder;
    put(folder / "old", "old");
    std::string error;
    {
        const file_size_limit limit(10'000);
        error = error_of([&] { write_file(folder / "old", std::vector<std::byte>(20'000)); });
    }
    CHECK(error.find("File too large") != std::string::npos);
    CHECK(content(folder / "old") == "old");
    CHECK(folder.entries() == 1);
}
#endif
