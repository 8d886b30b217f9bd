// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The command line of quantize_mlp.
#pragma once

#include "support/command_line.hpp"

#include <filesystem>
#include <span>
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

    struct options : common_options
    {
        std::filesystem::path data;
    };

    inline options parsed_options(std::span<char*> arguments)
    {
        options result;
        for (argument_reader argument(arguments); argument.next();)
            if (argument.name() == "--data")
                result.data = argument.value();
            else if (!result.take(argument))
                refuse(argument);
        if (!result.data.empty() && !std::filesystem::is_directory(result.data))
            throw usage_error("--data: no folder " + result.data.string());
        return result;
    }
}
