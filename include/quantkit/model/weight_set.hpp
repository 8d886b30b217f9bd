// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model's weights by name, in float.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Row-major.
    struct weight_tensor
    {
        tensor_shape shape;
        std::vector<float> values;

        tensor_view<const float> view() const { return { values.data(), shape }; }
    };

    class weight_set
    {
    public:
        weight_set() = default;

        /// Throws where the name is taken or the values do not fill the shape.
        void add(std::string name, const tensor_shape& shape, std::vector<float> values)
        {
            require(element_count(shape) == static_cast<std::ptrdiff_t>(values.size()), "the weight '", name,
                    "' of shape ", shape, " has ", values.size(), " values");
            const auto [place, is_new] = tensors_.try_emplace(std::move(name), weight_tensor { shape, {} });
            require(is_new, "there are two weights '", place->first, "'");
            place->second.values = std::move(values);
        }

        bool contains(std::string_view name) const { return tensors_.contains(name); }

        /// Throws with the name if there is none.
        const weight_tensor& operator[](std::string_view name) const
        {
            const auto found = tensors_.find(name);
            require(found != tensors_.end(), "there is no weight '", name, "'");
            return found->second;
        }

        auto begin() const { return tensors_.begin(); }
        auto end() const { return tensors_.end(); }
        std::size_t size() const { return tensors_.size(); }

    private:
        std::map<std::string, weight_tensor, std::less<>> tensors_;
    };
}
