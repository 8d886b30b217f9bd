// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What an optimizer is: it moves the values of one parameter after the other along their gradients.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

namespace quantkit::training
{
    /// update(index, values, gradient, rate)
    ///
    /// index             of the parameter: what the optimizer remembers of it is kept under that
    /// values, gradient  of the same size in every call for that parameter
    /// rate              the learning rate of this step
    ///
    /// A value depends on its own history only, so updates may come in any order. NaN gradients make NaN values.
    template <class Optimizer>
    concept optimizer = requires(Optimizer& optimizer, std::size_t index, std::span<float> values,
                                 std::span<const float> gradient, double rate)
    {
        optimizer.update(index, values, gradient, rate);
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    using array_f = Eigen::ArrayXf;

    inline Eigen::Map<array_f> array_of(std::span<float> values)
    {
        return { values.data(), static_cast<Eigen::Index>(values.size()) };
    }
    inline Eigen::Map<const array_f> array_of(std::span<const float> values)
    {
        return { values.data(), static_cast<Eigen::Index>(values.size()) };
    }

    inline void check_update(std::size_t index, std::span<float> values, std::span<const float> gradient)
    {
        require(values.size() == gradient.size(), "parameter ", index, " has ", values.size(),
                " values, but a gradient of ", gradient.size());
    }

    /// What an optimizer remembers of parameter number `index`; made when it is first asked for.
    template <class State>
    State& state_of(std::vector<State>& states, std::size_t index)
    {
        if (index >= states.size())
            states.resize(index + 1);
        return states[index];
    }
}
