// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What training changes: named tensors with their values and gradients.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/weight_set.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::training
{
    /// What a parameter belongs to.
    enum class parameter_role
    {
        weight,   ///< of the model, trained
        constant, ///< of the model, but nothing that is trained: a table of positions
        quantizer ///< of a fake-quantizer, trained: a learned scale or zero point; no weight of the model
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// values, gradient  row-major, as many as the shape says; a constant has no gradient
    template <class Scalar>
    struct basic_parameter
    {
        std::string name;
        tensor_shape shape;
        parameter_role role = parameter_role::weight; ///< what it belongs to
        std::vector<Scalar> values;
        std::vector<Scalar> gradient;

        std::size_t size() const { return values.size(); }
        /// Whether an optimizer changes it.
        bool is_trained() const { return role != parameter_role::constant; }
    };

    /// Parameters in a fixed order, each with a name of its own. An index stays valid as long as the set.
    template <class Scalar>
    class basic_parameter_set
    {
    public:
        /// What the set holds.
        using parameter = basic_parameter<Scalar>;

        basic_parameter_set() = default;

        /// The weights of a model in the order of their names, with gradients of 0.
        explicit basic_parameter_set(const model& network)
        {
            for (const auto& [name, tensor] : network.weights())
                add(name, tensor.shape, { tensor.values.begin(), tensor.values.end() });
            for (const layer& each : network.layers())
                if (const auto* encoding = std::get_if<positional_encoding_operation>(&each.operation))
                    make_constant((*this)[encoding->table]);
        }

        /// Returns the index. Throws where the name is taken or the values do not fill the shape.
        std::size_t add(std::string name, const tensor_shape& shape, std::vector<Scalar> values,
                        parameter_role role = parameter_role::weight)
        {
            require(element_count(shape) == static_cast<std::ptrdiff_t>(values.size()), "the parameter '", name,
                    "' of shape ", shape, " has ", values.size(), " values");
            require(indices_.try_emplace(name, parameters_.size()).second, "there are two parameters '", name, "'");
            parameter added { std::move(name), shape, role, std::move(values), {} };
            if (added.is_trained())
                added.gradient.resize(added.size());
            parameters_.push_back(std::move(added));
            return parameters_.size() - 1;
        }

        /// Throws with the name if there is none.
        std::size_t index_of(std::string_view name) const
        {
            const auto found = indices_.find(name);
            require(found != indices_.end(), "there is no parameter '", name, "'");
            return found->second;
        }

        bool contains(std::string_view name) const { return indices_.contains(name); }
        parameter& operator[](std::string_view name) { return parameters_[index_of(name)]; }
        const parameter& operator[](std::string_view name) const { return parameters_[index_of(name)]; }
        parameter& operator[](std::size_t index) { return parameters_[index]; }
        const parameter& operator[](std::size_t index) const { return parameters_[index]; }

        std::size_t size() const { return parameters_.size(); }
        auto begin() { return parameters_.begin(); }
        auto end() { return parameters_.end(); }
        auto begin() const { return parameters_.begin(); }
        auto end() const { return parameters_.end(); }

        /// Sets all gradients to 0.
        void zero_gradients()
        {
            for (parameter& each : parameters_)
                std::fill(each.gradient.begin(), each.gradient.end(), Scalar { 0 });
        }

        /// The model's weights and constants as they are now; values are rounded to float.
        weight_set weights() const
        {
            weight_set result;
            for (const parameter& each : parameters_)
                if (each.role != parameter_role::quantizer)
                    result.add(each.name, each.shape, floats(each.values));
            return result;
        }

    private:
        static void make_constant(parameter& table)
        {
            table.role = parameter_role::constant;
            table.gradient.clear();
        }

        static std::vector<float> floats(const std::vector<Scalar>& values)
        {
            std::vector<float> result(values.size());
            std::transform(values.begin(), values.end(), result.begin(),
                           [](Scalar value) { return static_cast<float>(value); });
            return result;
        }

        std::vector<parameter> parameters_;
        std::map<std::string, std::size_t, std::less<>> indices_;
    };

    /// As a network of floats has them.
    using parameter = basic_parameter<float>;
    using parameter_set = basic_parameter_set<float>;
}
