// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Where a network rounds to codes while it is trained, and how: a map from points to settings.
///
///     "fc1.weight"                   the weight of that name
///     "fc1.input", "ffn.fc2.input"   what a product reads: the layer, its part if it has several (qkv, out, fc1, fc2)
///     "relu1.output"                 a layer's result, for all that read it
///
/// A session rounds weights and the inputs of products.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/observers/any_observer.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/moving_average.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit::training
{
    /// Which qparams become parameters, trained by LSQ's gradients, as soon as a first batch has given them a value.
    enum class learned_qparams
    {
        none, ///< they follow the observed range
        scale,
        scale_and_zero_point
    };

    /// The range of the last batch alone: what weights have, which are all there at each step.
    struct latest_range_observer
    {
        real_range observed = nothing_observed;

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            const real_range range = measured_range<Tensor, Arch>(batch);
            observed = range == nothing_observed ? observed : range;
        }

        QUANTKIT_INLINE void reset() { observed = nothing_observed; }
        QUANTKIT_INLINE real_range range() const { return observed; }
    };
    static_assert(batch_observer<latest_range_observer>);
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// axis      one pair of qparams for each of its indices; nothing: one for all. Activations have one.
    /// observer  copied for each pair
    /// scheme    from the observed range to qparams
    struct fake_quant_settings
    {
        quant_bounds bounds { 0, 255 };
        std::optional<std::ptrdiff_t> axis {};
        any_observer observer = moving_average_observer {};
        any_scheme scheme = affine {};
        learned_qparams learned = learned_qparams::none;
    };

    /// Points to settings.
    using fake_quant_plan = std::map<std::string, fake_quant_settings, std::less<>>;

    /// What fake-quantization has to know of a product: which layer it belongs to, and its points.
    struct product_points
    {
        std::size_t layer;
        std::string_view part;
        std::string input;
        std::vector<std::string> weights;
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::int32_t code_count(int bits)
    {
        require(bits >= 2 && bits <= 8, "codes in training have 2 to 8 bits, but not ", bits);
        return std::int32_t { 1 } << bits;
    }

    inline std::string input_point(const std::string& layer, std::string_view part)
    {
        return layer + (part.empty() ? "" : ".") + std::string(part) + ".input";
    }
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Symmetric in [-(2^(bits-1) - 1), 2^(bits-1) - 1], by the weights' range at each step. 2 to 8 bits, else throws.
    ///
    /// axis  0: one scale for each output; nothing: one for all
    inline fake_quant_settings weight_fake_quant(int bits, std::optional<std::ptrdiff_t> axis = 0)
    {
        const std::int32_t highest = detail::code_count(bits) / 2 - 1;
        return { { -highest, highest }, axis, latest_range_observer {}, symmetric { .eps = 0x1p-100f } };
    }

    /// Affine in [0, 2^bits - 1], by a moving average of the batches' ranges. 2 to 8 bits, else throws.
    inline fake_quant_settings activation_fake_quant(int bits) { return { { 0, detail::code_count(bits) - 1 } }; }

    /// Of every product of a model, layer by layer.
    inline std::vector<product_points> points_of_products(const model& network)
    {
        std::vector<product_points> points;
        for (std::size_t i = 0; i < network.layers().size(); ++i)
            for (const layer_product& product : products_of(network.layers()[i].operation))
            {
                points.push_back({ i, product.part, detail::input_point(network.layers()[i].name, product.part), {} });
                for (const projection& weights : product.weights)
                    points.back().weights.push_back(weights.weight);
            }
        return points;
    }
}
