// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A fake-quantizer in training: it follows the range of what it rounds, or learns its scale, until it is frozen.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/any_observer.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/fake_quantize.hpp>
#include <quantkit/training/parameter.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Gradients by learned qparams, one number for each channel, to be added to; null where none is learned.
    struct learned_gradients
    {
        float* scale = nullptr;
        float* zero_point = nullptr;
    };

    class fake_quant_node
    {
    public:
        /// channels            pairs of qparams
        /// values_per_channel  that share a pair, for the factor of learned qparams; of an activation those of a sample
        fake_quant_node(std::string name, fake_quant_settings settings, std::size_t channels,
                        std::size_t values_per_channel)
            : name_(std::move(name))
            , settings_(std::move(settings))
            , observers_(channels, settings_.observer)
            , factor_(lsq_gradient_factor(std::max<std::size_t>(values_per_channel, 1), settings_.bounds))
        {
            require(settings_.bounds.quant_min < settings_.bounds.quant_max, "'", name_, "' has codes from ",
                    settings_.bounds.quant_min, " to ", settings_.bounds.quant_max);
        }

        const std::string& name() const { return name_; }
        /// As given.
        const fake_quant_settings& settings() const { return settings_; }
        /// How many have a scale of their own; 1 per tensor.
        std::size_t channels() const { return observers_.size(); }

        /// Whether batches in training move the range; learned qparams get no gradient while it does not.
        bool follows() const { return follows_; }
        /// Whether the range follows the data.
        void follow(bool follows) { follows_ = follows; }

        /// Whether it rounds; else values pass as they are, and only the range is followed.
        bool is_enabled() const { return is_enabled_; }
        /// Whether it rounds; otherwise values pass as they are.
        void enable(bool is_enabled) { is_enabled_ = is_enabled; }

        /// Whether there are qparams: a batch has been seen.
        bool is_ready() const { return params_.size() != 0; }

        /// In use. Throws before the first batch.
        const qparams_list& params() const
        {
            require(is_ready(), "'", name_, "' has seen no data: run a batch in training first");
            return params_;
        }

        /// Before x is rounded: follows its range, or takes over what was learned.
        ///
        /// learned  the parameters scale and zero_point, as far as they are learned
        /// Throws where x has infinite values, and in inference before anything was seen.
        void update(const float* x, const channel_layout& layout, bool may_follow,
                    std::span<basic_parameter<float>* const> learned)
        {
            const bool is_learned = settings_.learned != learned_qparams::none;
            if (layout.size() > 0 && follows_ && may_follow && !(is_learned && is_ready()))
            {
                observe(x, layout);
                if (is_learned && is_ready())
                    begin_learning(learned);
            }
            if (is_learned && is_ready())
                take_over(learned);
            require(layout.size() == 0 || is_ready(), "'", name_, "' has seen no data: run a batch in training first");
        }

        /// x, y  [layout.size()]
        void forward(const float* x, float* y, const channel_layout& layout) const
        {
            if (is_enabled_)
                fake_quantize(x, y, layout, params_, settings_.bounds);
            else
                std::copy_n(x, layout.size(), y);
        }

        /// d_x += what passes of d_y; d_x may be null.
        void backward(const quantized_values& values, float* d_x, const channel_layout& layout,
                      const learned_gradients& learned) const
        {
            if (d_x != nullptr && is_enabled_)
                fake_quantize_backward(values.x, values.d_y, d_x, layout, params_, settings_.bounds);
            else if (d_x != nullptr)
                std::transform(d_x, d_x + layout.size(), values.d_y, d_x, std::plus<> {});
            if (!is_enabled_ || !follows_ || learned.scale == nullptr)
                return;
            const auto gradients = fake_quantize_qparams_backward(values, layout, params_, settings_.bounds);
            for (std::size_t c = 0; c < gradients.size(); ++c)
            {
                learned.scale[c] += static_cast<float>(gradients[c].scale * factor_);
                if (learned.zero_point != nullptr)
                    learned.zero_point[c] += static_cast<float>(gradients[c].zero_point * factor_);
            }
        }

    private:
        /// Below it a scale's reciprocal would not be finite.
        static constexpr float least_scale = 0x1p-100f;

        void observe(const float* x, const channel_layout& layout)
        {
            std::vector<real_range> ranges;
            for (std::size_t c = 0; c < layout.channels; ++c)
            {
                const auto stride = static_cast<std::ptrdiff_t>(layout.channels * layout.inner);
                observers_[c].observe(tensor_view<const float>(
                    x + layout.offset(0, c),
                    { static_cast<std::ptrdiff_t>(layout.outer), static_cast<std::ptrdiff_t>(layout.inner) },
                    { stride, 1 }));
                ranges.push_back(observers_[c].range());
                require(ranges.back() == nothing_observed
                            || (std::isfinite(ranges.back().min) && std::isfinite(ranges.back().max)),
                        "'", name_, "' saw values from ", ranges.back().min, " to ", ranges.back().max);
            }
            params_ = choose_qparams(ranges, settings_.bounds, settings_.scheme);
            check_channels(layout, params_, settings_.bounds);
        }

        void begin_learning(std::span<basic_parameter<float>* const> learned) const
        {
            for (std::size_t c = 0; c < params_.size(); ++c)
            {
                learned[0]->values[c] = params_[c].scale;
                if (learned.size() > 1)
                    learned[1]->values[c] = static_cast<float>(params_[c].zero_point);
            }
        }

        /// A scale that has become too small or negative starts again from the least.
        void take_over(std::span<basic_parameter<float>* const> learned)
        {
            qparams_list params;
            for (std::size_t c = 0; c < params_.size(); ++c)
            {
                for (const basic_parameter<float>* each : learned)
                    require(std::isfinite(each->values[c]), "'", each->name, "' has become ", each->values[c]);
                float& scale = learned[0]->values[c];
                scale = std::max(scale, least_scale);
                const std::int32_t zero_point = learned.size() > 1
                                                    ? code_of_zero_point(learned[1]->values[c], settings_.bounds)
                                                    : params_[c].zero_point;
                params.push_back({ scale, zero_point });
            }
            params_ = std::move(params);
        }

        std::string name_;
        fake_quant_settings settings_;
        std::vector<any_observer> observers_;
        qparams_list params_;
        double factor_;
        bool follows_ = true;
        bool is_enabled_ = true;
    };
}
