// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A progress bar on a terminal; silent where the output goes to a file or a pipe.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

namespace demo
{
    class progress
    {
    public:
        explicit progress(int steps)
            : steps_(steps)
            , visible_(isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
        {
        }

        progress(const progress&) = delete;
        progress& operator=(const progress&) = delete;

        ~progress() { erase(); }

        /// Shows that the next step has begun.
        void step(std::string_view what)
        {
            if (!visible_)
                return;
            constexpr int width = 30;
            const int filled = width * std::min(done_++, steps_) / steps_;
            const std::string bar = std::string(static_cast<std::size_t>(filled), '#')
                                    + std::string(static_cast<std::size_t>(width - filled), '.');
            erase();
            std::fprintf(stderr, "[%s] %.*s", bar.c_str(), static_cast<int>(what.size()), what.data());
            std::fflush(stderr);
        }

        /// Clears the line, so that something else can be printed.
        void erase() const
        {
            if (visible_)
                std::fputs("\r\033[K", stderr);
        }

    private:
        int steps_;
        int done_ = 0;
        bool visible_;
    };
}
