// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Quantization-aware training: prepare_qat, train, convert.
///
///     network net = prepare_qat(model, { { .weight_bits = 4, .activation_bits = 4 } });
///     fit(net, images, cross_entropy_of(labels), optimizer, options, freezing_after(net, 2));
///     const session integer(convert(net));
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/convert_qat.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/fit.hpp>
#include <quantkit/training/least_error_observer.hpp>
#include <quantkit/training/network.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace quantkit::training
{
    /// Which range a fake-quantizer takes from what it sees.
    enum class qat_range
    {
        min_max,    ///< all of it
        least_error ///< the one with the least squared error: what few bits need
    };

    /// How the products of a layer are rounded.
    ///
    /// weight_bits      2 to 8: symmetric codes in [-(2^(bits-1) - 1), 2^(bits-1) - 1]
    /// activation_bits  2 to 8: affine codes in [0, 2^bits - 1]; nothing: activations stay floats
    /// per_channel      one scale for each output instead of one for all
    /// learned          scales (and zero points of activations) that are trained; they begin with the first batch's
    ///                  range. Otherwise weights have the range that they have at each step, activations a moving
    ///                  average
    struct qat_precision
    {
        int weight_bits = 8;
        std::optional<int> activation_bits = 8;
        bool per_channel = true;
        qat_range range = qat_range::min_max;
        learned_qparams learned = learned_qparams::none;
    };

}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Layers by name, and all others. Nothing: they stay in float.
    struct qat_plan
    {
        std::optional<qat_precision> otherwise = qat_precision {};
        std::map<std::string, std::optional<qat_precision>, std::less<>> layers {};

        const std::optional<qat_precision>& operator[](std::string_view name) const
        {
            const auto found = layers.find(name);
            return found == layers.end() ? otherwise : found->second;
        }
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void choose_range(fake_quant_settings& settings, qat_range range, float averaging_constant)
    {
        if (range == qat_range::least_error)
            settings.observer = least_error_observer { settings.bounds, settings.scheme, { averaging_constant } };
    }

    inline fake_quant_settings weight_settings(const qat_precision& precision)
    {
        fake_quant_settings settings = weight_fake_quant(
            precision.weight_bits, precision.per_channel ? std::optional<std::ptrdiff_t>(0) : std::nullopt);
        choose_range(settings, precision.range, 1.0f);
        // Zero points of weights would cost the integer product another correction.
        if (precision.learned != learned_qparams::none)
            settings.learned = learned_qparams::scale;
        return settings;
    }

    inline fake_quant_settings activation_settings(const qat_precision& precision)
    {
        fake_quant_settings settings = activation_fake_quant(*precision.activation_bits);
        choose_range(settings, precision.range, moving_average_observer {}.averaging_constant);
        settings.learned = precision.learned;
        return settings;
    }
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The points that a plan rounds at: weights and inputs of products, what a session rounds. Throws for layers that
    /// the model does not have, and for bits beyond 2 to 8.
    inline fake_quant_plan fake_quant_plan_of(const model& source, const qat_plan& plan)
    {
        for (const auto& [name, precision] : plan.layers)
            static_cast<void>(source.index_of(name));
        fake_quant_plan points;
        for (const product_points& product : points_of_products(source))
        {
            const std::optional<qat_precision>& precision = plan[source.layers()[product.layer].name];
            if (!precision)
                continue;
            for (const std::string& weight : product.weights)
                points.emplace(weight, detail::weight_settings(*precision));
            if (precision->activation_bits)
                points.emplace(product.input, detail::activation_settings(*precision));
        }
        return points;
    }

    /// The model in training with fake-quantizers, by default 8 bits everywhere.
    inline network prepare_qat(const model& source, const qat_plan& plan = {}, const network_settings& settings = {})
    {
        return network(source, settings, fake_quant_plan_of(source, plan));
    }

    /// Shows a batch to all fake-quantizers, which let it pass without rounding: converted then, the network is one
    /// that was quantized after training. Dropout works as in training. Where it fails, they round again as before, but
    /// some of them may have seen the batch.
    inline void calibrate(network& net, const matrix_f& batch, const any_executor& threads = {})
    {
        struct pass_through
        {
            explicit pass_through(network& its_net)
                : net(its_net)
            {
                enable(false);
            }
            pass_through(const pass_through&) = delete;
            pass_through& operator=(const pass_through&) = delete;
            ~pass_through() { enable(true); }

            void enable(bool is_enabled)
            {
                for (const std::unique_ptr<fake_quant_node>& each : net.quantizers())
                    each->enable(is_enabled);
            }

            network& net;
        } const rounding_nothing(net);
        net.forward(batch, run_mode::training, 0, threads);
    }

    /// A callback for fit that freezes all ranges, learned ones as well, after so many epochs; then it asks `next`.
    inline fit_callback freezing_after(network& net, std::size_t epochs, fit_callback next = {})
    {
        return [&net, epochs, next = std::move(next)](const fit_progress& progress)
        {
            if (progress.ends_epoch() && progress.epoch + 1 == epochs)
                net.follow_ranges(false);
            return !next || next(progress);
        };
    }
}
