// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Codes together with what they mean: real = scale * (q - zero_point).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit
{
    /// A granularity that is known at run time only.
    using any_granularity = std::variant<per_tensor, per_axis, per_group>;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The shape of scales and zero points: how many channels or groups there are.
    inline tensor_shape parameter_shape(const tensor_shape& shape, const any_granularity& granularity)
    {
        if (const auto* axis = std::get_if<per_axis>(&granularity))
            return parameter_shape(shape, *axis);
        if (const auto* group = std::get_if<per_group>(&granularity))
            return parameter_shape(shape, *group);
        return parameter_shape(shape, per_tensor {});
    }

    /// Throws unless there is one valid pair for each parameter of a tensor of this shape.
    inline void check_qparams(const qparams_list& params, quant_bounds bounds, const tensor_shape& shape,
                              const any_granularity& granularity)
    {
        const tensor_shape expected = parameter_shape(shape, granularity);
        require(static_cast<std::ptrdiff_t>(params.size()) == element_count(expected), "a tensor of shape ", shape,
                " needs ", element_count(expected), " pairs of scale and zero_point (parameter shape ", expected,
                "), but has ", params.size());
        check_qparams(params, bounds);
    }
}

namespace quantkit
{
    /// Says that the codes lie in the range, so that they need no check (as std::sorted_unique says for sorted values).
    struct codes_in_range_t
    {
        explicit codes_in_range_t() = default;
    };
    /// Says that the caller vouches for the codes, which are then not checked.
    inline constexpr codes_in_range_t codes_in_range {};

    /// A tensor of codes in logical row-major order, one Range::code_type each (4-bit codes are not packed).
    template <quantized_range Range>
    class quantized_tensor
    {
    public:
        using range_type = Range;
        using code_type = typename Range::code_type;

        /// codes   [product of shape] row-major
        /// params  one pair per parameter, row-major in parameter_shape(shape, granularity)
        /// Throws std::invalid_argument with the values unless all of this fits together and every code lies in Range.
        quantized_tensor(const tensor_shape& shape, std::vector<code_type> codes, qparams_list params,
                         any_granularity granularity = per_tensor {})
            : quantized_tensor(codes_in_range, shape, std::move(codes), std::move(params), granularity)
        {
            if constexpr (!range_fills_code_type)
                for (const code_type code : codes_)
                    require(code >= Range::quant_min && code <= Range::quant_max, "code ", code, " lies outside [",
                            Range::quant_min, ", ", Range::quant_max, "]");
        }

        quantized_tensor(codes_in_range_t, const tensor_shape& shape, std::vector<code_type> codes, qparams_list params,
                         any_granularity granularity = per_tensor {})
            : shape_(shape)
            , codes_(std::move(codes))
            , params_(std::move(params))
            , granularity_(granularity)
        {
            check_qparams(params_, Range::bounds, shape_, granularity_);
            require(static_cast<std::ptrdiff_t>(codes_.size()) == element_count(shape_), "a tensor of shape ", shape_,
                    " needs ", element_count(shape_), " codes, but has ", codes_.size());
        }

        const tensor_shape& shape() const { return shape_; }
        std::size_t rank() const { return shape_.rank(); }
        std::ptrdiff_t size() const { return element_count(shape_); }

        std::span<const code_type> codes() const { return codes_; }
        QUANTKIT_INLINE tensor_view<const code_type> view() const { return { codes_.data(), shape_ }; }

        const any_granularity& granularity() const { return granularity_; }
        const qparams_list& params() const { return params_; }
        const std::vector<float>& scales() const { return params_.scales(); }
        const std::vector<std::int32_t>& zero_points() const { return params_.zero_points(); }

        friend bool operator==(const quantized_tensor&, const quantized_tensor&) = default;

    private:
        static constexpr bool range_fills_code_type =
            Range::quant_min == std::int64_t { std::numeric_limits<code_type>::min() }
            && Range::quant_max == std::int64_t { std::numeric_limits<code_type>::max() };

        tensor_shape shape_;
        std::vector<code_type> codes_;
        qparams_list params_;
        any_granularity granularity_;
    };
}
