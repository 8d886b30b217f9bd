// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The qparams of a whole tensor: an array of scales and an array of zero_points, as the kernels read them.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace quantkit
{
    class qparams_list
    {
    public:
        qparams_list() = default;

        /// One pair, as per_tensor needs it.
        qparams_list(qparams params)
            : scales_ { params.scale }
            , zero_points_ { params.zero_point }
        {
        }

        qparams_list(std::initializer_list<qparams> list)
        {
            for (const qparams& params : list)
                push_back(params);
        }

        /// Throws unless there are as many zero_points as scales.
        qparams_list(std::vector<float> scales, std::vector<std::int32_t> zero_points)
            : scales_(std::move(scales))
            , zero_points_(std::move(zero_points))
        {
            require(scales_.size() == zero_points_.size(), "there are ", scales_.size(), " scales, but ",
                    zero_points_.size(), " zero_points");
        }

        /// One more pair at the end.
        void push_back(qparams params)
        {
            scales_.push_back(params.scale);
            zero_points_.push_back(params.zero_point);
        }

        std::size_t size() const { return scales_.size(); }
        qparams operator[](std::size_t i) const { return { scales_[i], zero_points_[i] }; }
        /// As long as the list.
        const std::vector<float>& scales() const { return scales_; }
        /// One per scale.
        const std::vector<std::int32_t>& zero_points() const { return zero_points_; }

        friend bool operator==(const qparams_list&, const qparams_list&) = default;

    private:
        std::vector<float> scales_;
        std::vector<std::int32_t> zero_points_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless every pair passes check_qparams(qparams, quant_bounds).
    inline void check_qparams(const qparams_list& params, quant_bounds bounds)
    {
        for (std::size_t i = 0; i < params.size(); ++i)
            check_qparams(params[i], bounds);
    }
}
