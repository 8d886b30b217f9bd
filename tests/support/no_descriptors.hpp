// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A system that can open nothing any more, as long as the object lives.
#pragma once

#include <doctest/doctest.h>

#include <sys/resource.h>

namespace quantkit::test
{
    /// This process may have no more files than it has: what opens one fails with EMFILE, for root, too.
    class no_descriptors
    {
    public:
        no_descriptors()
        {
            REQUIRE(::getrlimit(RLIMIT_NOFILE, &old_) == 0);
            const rlimit none { 0, old_.rlim_max };
            REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        }
        no_descriptors(const no_descriptors&) = delete;
        no_descriptors& operator=(const no_descriptors&) = delete;
        ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &old_); }

    private:
        rlimit old_ = {};
    };
}
