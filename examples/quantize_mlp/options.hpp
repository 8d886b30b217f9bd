// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The command line of quantize_mlp.
#pragma once

#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace demo
{
    inline constexpr std::string_view usage =
        R"(usage: quantize_mlp [--data DIR] [--turns N] [--check] [--help]

Quantizes a trained 784-100-100-10 network to INT8 and compares it with the float network on Fashion-MNIST.

  --data DIR   folder with t10k-{images-idx3,labels-idx1}-ubyte.gz and train-images-idx3-ubyte.gz
               (default: datasets/fashion-mnist in XDG_DATA_DIRS, else the bundled sample)
  --turns N    latency measurements of each network and batch size, 1 to 10000 (default 51)
  --check      exit with 1 if static INT8 with per-channel weights loses more than 0.3 points of accuracy,
               agrees with float on less than 98 % of the images, or is less than 3.9 times smaller
  --help       this text
)";

    /// Something is wrong with the command line.
    struct usage_error : std::runtime_error
    {
        using std::runtime_error::runtime_error;
    };

    struct options
    {
        std::filesystem::path data;
        int turns = 51;
        bool check = false;
        bool help = false;
    };

    inline int parsed_turns(const std::string& text)
    {
        constexpr int most = 10000;
        const bool digits = !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == text.npos;
        const int turns = digits ? std::stoi(text) : 0;
        if (turns < 1 || turns > most)
            throw usage_error("--turns wants a number from 1 to 10000, not '" + text + "'");
        return turns;
    }

    inline options parsed_options(std::span<char*> arguments)
    {
        options result;
        for (std::size_t i = 1; i < arguments.size(); ++i)
        {
            const std::string argument = arguments[i];
            const auto value = [&]() -> std::string
            {
                if (i + 1 == arguments.size())
                    throw usage_error(argument + " wants a value");
                return arguments[++i];
            };
            if (argument == "--data")
                result.data = value();
            else if (argument == "--turns")
                result.turns = parsed_turns(value());
            else if (argument == "--check")
                result.check = true;
            else if (argument == "--help" || argument == "-h")
                result.help = true;
            else
                throw usage_error("unknown argument '" + argument + "'");
        }
        if (!result.data.empty() && !std::filesystem::is_directory(result.data))
            throw usage_error("--data: no folder " + result.data.string());
        return result;
    }
}
