// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a range of uint8 codes does to a stream of values: the error of clipping and of rounding, values beyond the
/// range, codes that nobody uses.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/metrics/code_usage.hpp>
#include <quantkit/metrics/error_decomposition.hpp>
#include <quantkit/observers/value_histogram.hpp>
#include <quantkit/report/report_data.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The division into parts and their order change nothing. NaN makes the errors NaN; infinities make them infinite.
    class quantized_values
    {
    public:
        explicit quantized_values(qparams params)
            : params_(params)
        {
            check_qparams(params, bounds);
        }

        void observe(std::span<const float> values)
        {
            const tensor_view<const float> view(values.data(), { static_cast<std::ptrdiff_t>(values.size()) });
            histogram_.observe(view);
            errors_ += decompose_error(view, qparams_list { params_ }, bounds).whole;
            codes_.resize(values.size());
            kernels::active_kernels().codes<std::uint8_t>().quantize(values.data(), codes_.data(), values.size(),
                                                                     params_, bounds);
            usage_.observe(tensor_view<const std::uint8_t>(codes_.data(), view.shape()));
            const real_range range = clip();
            beyond_ += static_cast<std::uint64_t>(std::count_if(
                values.begin(), values.end(), [&](float value) { return value < range.min || value > range.max; }));
        }

        /// What the first and the last code stand for.
        real_range clip() const
        {
            return { dequantize_value(bounds.quant_min, params_), dequantize_value(bounds.quant_max, params_) };
        }

        /// Of all values seen.
        const value_histogram& histogram() const { return histogram_; }

        /// Mean squares; 0 before anything was seen.
        report_error_parts error_parts() const
        {
            const double count = static_cast<double>(std::max<std::uint64_t>(errors_.count(), 1));
            return { errors_.squared_clipping_error() / count, errors_.squared_rounding_error() / count };
        }

        /// Share of values that lie beyond the range; 0 before anything was seen.
        double saturation_rate() const { return usage_.share(beyond_); }

        /// Share of the 256 codes that no value has.
        double dead_codes() const { return dead_code_rate {}(usage_); }

    private:
        static constexpr quant_bounds bounds = uint8_full::bounds;

        qparams params_;
        value_histogram histogram_;
        error_decomposition errors_;
        code_usage usage_ { bounds };
        std::uint64_t beyond_ = 0;
        std::vector<std::uint8_t> codes_;
    };
}
