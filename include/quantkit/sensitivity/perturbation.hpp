// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What is run to learn what one layer does as one candidate.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace quantkit
{
    /// name()               for results
    /// base(model, choice)  the plan that one layer of is changed, for entries of this candidate
    /// changed(choice)      the candidate that the layer takes then
    /// error(base, changed) the entry, from the errors of the outputs of both plans against the reference
    template <class Perturbation, class Model>
    concept perturbation_of = requires(const Perturbation& perturbation, const Model& model, std::size_t choice,
                                       double error)
    {
        {
            perturbation.name()
            } -> std::convertible_to<std::string_view>;
        {
            perturbation.base(model, choice)
            } -> std::same_as<choices>;
        {
            perturbation.changed(choice)
            } -> std::same_as<std::size_t>;
        {
            perturbation.error(error, error)
            } -> std::same_as<double>;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One layer computes as the candidate, all others as the reference.
    struct one_at_a_time
    {
        std::string_view name() const { return "one at a time"; }

        template <evaluated_model Model>
        choices base(const Model& model, std::size_t) const
        {
            return choices(model.layers().size(), reference_candidate);
        }

        std::size_t changed(std::size_t choice) const { return choice; }
        double error(double, double changed_error) const { return changed_error; }
    };

    /// Every layer that can computes as the candidate, and one of them as the reference: the error that sparing it
    /// saves. Negative where sparing it makes things worse, because errors had cancelled out.
    struct leave_one_out
    {
        std::string_view name() const { return "leave one out"; }

        template <evaluated_model Model>
        choices base(const Model& model, std::size_t choice) const
        {
            choices plan(model.layers().size(), reference_candidate);
            for (std::size_t layer = 0; layer < plan.size(); ++layer)
                if (model.allows(layer, choice))
                    plan[layer] = choice;
            return plan;
        }

        std::size_t changed(std::size_t) const { return reference_candidate; }
        double error(double base_error, double changed_error) const { return base_error - changed_error; }
    };
}
