// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the command lines of the examples share: --turns, --check, --help, and what happens when something is wrong.
#pragma once

#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace demo
{
    /// Something is wrong with the command line.
    struct usage_error : std::runtime_error
    {
        using std::runtime_error::runtime_error;
    };

    /// Reads arguments one after another, without the program's name.
    class argument_reader
    {
    public:
        explicit argument_reader(std::span<char*> arguments)
            : arguments_(arguments)
        {
        }

        /// Goes to the next argument; false behind the last one.
        bool next()
        {
            if (position_ + 1 >= arguments_.size())
                return false;
            name_ = arguments_[++position_];
            return true;
        }

        const std::string& name() const { return name_; }

        /// The argument behind this one, which belongs to it.
        std::string value()
        {
            const std::string option = name_;
            if (!next())
                throw usage_error(option + " wants a value");
            return name_;
        }

    private:
        std::span<char*> arguments_;
        std::size_t position_ = 0;
        std::string name_;
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

    struct common_options
    {
        int turns = 51;
        bool check = false;
        bool help = false;

        /// Takes the argument if it is one of these.
        bool take(argument_reader& argument)
        {
            if (argument.name() == "--turns")
                turns = parsed_turns(argument.value());
            else if (argument.name() == "--check")
                check = true;
            else if (argument.name() == "--help" || argument.name() == "-h")
                help = true;
            else
                return false;
            return true;
        }
    };

    [[noreturn]] inline void refuse(const argument_reader& argument)
    {
        throw usage_error("unknown argument '" + argument.name() + "'");
    }

    /// Of a program that has no options but these.
    inline common_options parsed_common_options(std::span<char*> arguments)
    {
        common_options result;
        for (argument_reader argument(arguments); argument.next();)
            if (!result.take(argument))
                refuse(argument);
        return result;
    }

    /// The exit status of run(parse(arguments)): 2 for a wrong command line, 1 for any other error, which it prints.
    template <class Parse, class Run>
    int run_program(std::string_view name, std::string_view usage, std::span<char*> arguments, Parse parse, Run run)
    {
        try
        {
            const auto options = parse(arguments);
            if (!options.help)
                return run(options);
            std::cout << usage;
            return 0;
        }
        catch (const usage_error& error)
        {
            std::cerr << name << ": " << error.what() << "\n\n" << usage;
            return 2;
        }
        catch (const std::exception& error)
        {
            std::cerr << name << ": " << error.what() << '\n';
            return 1;
        }
    }
}
