// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The command line of qat_mlp.
#pragma once

#include "support/command_line.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <thread>

namespace demo
{
    inline constexpr std::string_view usage =
        R"(usage: qat_mlp [--data DIR] [--epochs N] [--qat-epochs N] [--threads N] [--seed N] [--quick]
               [--csv FILE] [--svg FILE] [--check] [--help]

Trains a 784-100-100-10 network on Fashion-MNIST in float, then quantizes it to 8, 4, 3 and 2 bits: after training, and
with training that knows of it. Every quantized network runs in integers.

  --data DIR      folder with {train,t10k}-{images-idx3,labels-idx1}-ubyte.gz
                  (default: datasets/fashion-mnist in XDG_DATA_DIRS, else the sample of quantize_mlp)
  --epochs N      of training in float (default 10)
  --qat-epochs N  of quantization-aware training after that (default 3)
  --threads N     that work on a batch; they change no bit of any result (default: all that the machine has)
  --seed N        of first weights and of the order of images (default 1)
  --quick         up to 6,000 images, 160 and 80 steps of training, 8 and 2 bits: some seconds
  --csv FILE      writes the table as comma-separated values
  --svg FILE      draws accuracy over bits
  --check         exit with 1 if the network does not keep what README.md says of it
  --help          this text
)";

    struct options
    {
        std::filesystem::path data, csv, svg;
        std::size_t epochs = 10, qat_epochs = 3, seed = 1;
        std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
        bool quick = false, check = false, help = false;
    };

    inline std::size_t parsed_count(argument_reader& argument, std::size_t least, std::size_t most)
    {
        const std::string name = argument.name(), text = argument.value();
        const bool digits = !text.empty() && text.size() <= 6 && text.find_first_not_of("0123456789") == text.npos;
        const std::size_t count = digits ? std::stoul(text) : most + 1;
        if (count < least || count > most)
            throw usage_error(name + " wants a number from " + std::to_string(least) + " to " + std::to_string(most)
                              + ", not '" + text + "'");
        return count;
    }

    /// Whether the argument is one of those with a number.
    inline bool take_count(argument_reader& argument, options& result)
    {
        if (argument.name() == "--epochs")
            result.epochs = parsed_count(argument, 1, 1000);
        else if (argument.name() == "--qat-epochs")
            result.qat_epochs = parsed_count(argument, 1, 1000);
        else if (argument.name() == "--threads")
            result.threads = parsed_count(argument, 1, 256);
        else if (argument.name() == "--seed")
            result.seed = parsed_count(argument, 0, 999999);
        else
            return false;
        return true;
    }

    inline options parsed_options(std::span<char*> arguments)
    {
        options result;
        for (argument_reader argument(arguments); argument.next();)
            if (argument.name() == "--data")
                result.data = argument.value();
            else if (argument.name() == "--csv")
                result.csv = argument.value();
            else if (argument.name() == "--svg")
                result.svg = argument.value();
            else if (argument.name() == "--quick")
                result.quick = true;
            else if (argument.name() == "--check")
                result.check = true;
            else if (argument.name() == "--help" || argument.name() == "-h")
                result.help = true;
            else if (!take_count(argument, result))
                refuse(argument);
        if (!result.data.empty() && !std::filesystem::is_directory(result.data))
            throw usage_error("--data: no folder " + result.data.string());
        return result;
    }
}
