// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a process prints that starts with another QUANTKIT_ISA: the library reads it once, so one process cannot tell.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace quantkit::test
{
    /// The text that make_text() returns, or "threw: " and what(), in a child process with this QUANTKIT_ISA (null:
    /// without). The caller must not have asked for isa_cap() before, nor anything that does.
    template <class MakeText>
    std::string under_isa(const char* isa, MakeText make_text)
    {
        std::array<int, 2> ends {};
        REQUIRE(::pipe(ends.data()) == 0);
        const ::pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0)
        {
            std::string text;
            try
            {
                if (isa == nullptr)
                    ::unsetenv("QUANTKIT_ISA");
                else
                    ::setenv("QUANTKIT_ISA", isa, 1);
                text = make_text();
            }
            catch (const std::exception& error)
            {
                text = std::string("threw: ") + error.what();
            }
            const char* next = text.data();
            for (std::size_t left = text.size(); left > 0;)
            {
                const ::ssize_t written = ::write(ends[1], next, left);
                if (written <= 0)
                    ::_exit(2);
                next += written;
                left -= static_cast<std::size_t>(written);
            }
            ::_exit(0);
        }
        ::close(ends[1]);
        std::string text;
        std::array<char, 4096> buffer; // NOLINT: filled before it is read
        for (::ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(got));
        ::close(ends[0]);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE_MESSAGE((WIFEXITED(status) && WEXITSTATUS(status) == 0), "the child process failed, status ", status);
        return text;
    }
}
