// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What attention does between its projections: softmax(q k^T / sqrt(d_head)) v, one head of one sample at a time.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>
#include <quantkit/model/attention_products.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Products  float_attention_products<Format> or int8_attention_products<>
    template <class Products>
    class attention_head
    {
    public:
        /// sparse_queries  ProbSparse attention with so many queries; 0 for all
        attention_head(std::size_t time, std::size_t d_head, std::size_t sparse_queries)
            : time_(time)
            , d_head_(d_head)
            , sparse_queries_(sparse_queries)
        {
        }

        /// q, k, v  [time, d_head], rows `stride` floats apart
        /// context  [time, d_head], rows `context_stride` floats apart
        void operator()(const float* q, const float* k, const float* v, std::size_t stride, float* context,
                        std::size_t context_stride) const
        {
            const kernels::gemm_extents score_size { time_, time_, d_head_ }, context_size { time_, d_head_, time_ };
            const std::size_t product_bytes = std::max(Products::bytes(score_size), Products::bytes(context_size));
            memory_pieces memory { thread_workspace(own_bytes() + product_bytes) };
            auto* scores = memory.take<float>(time_ * time_);
            auto* order = memory.take<std::size_t>(time_);
            auto* sparsity = memory.take<float>(time_);

            Products::multiply({ { q, stride }, { k, stride }, false, score_size, scores, time_ }, memory);
            if (sparse_queries_ > 0 && sparse_queries_ < time_)
                weigh_sparsely(scores, order, sparsity);
            else
                weigh(scores, time_);
            Products::multiply({ { scores, time_ },
                                 { v, stride },
                                 true,
                                 context_size,
                                 context,
                                 context_stride,
                                 qparams { 1.0f / 255.0f, 0 } },
                               memory);
        }

    private:
        std::size_t own_bytes() const
        {
            return memory_pieces::bytes<float>(time_ * time_) + memory_pieces::bytes<std::size_t>(time_)
                   + memory_pieces::bytes<float>(time_);
        }

        /// Rows of scores to rows of weights, in place.
        void weigh(float* scores, std::size_t rows) const
        {
            const float factor = 1.0f / std::sqrt(static_cast<float>(d_head_));
            const auto stride = static_cast<std::ptrdiff_t>(time_);
            kernels::best_row_functions().softmax({ scores, stride }, factor, { scores, stride }, { rows, time_ });
        }

        /// Only the queries whose scores are least alike see the keys; the others get the mean of the values. Which
        /// these are, is measured on all keys (Informer measures on a random sample of them), so that the result is
        /// the same for each call.
        void weigh_sparsely(float* scores, std::size_t* order, float* sparsity) const
        {
            const auto length = static_cast<std::ptrdiff_t>(time_);
            for (std::size_t i = 0; i < time_; ++i)
            {
                const float* row = scores + i * time_;
                sparsity[i] = *std::max_element(row, row + length)
                              - std::accumulate(row, row + length, 0.0f) / static_cast<float>(time_);
            }
            std::iota(order, order + length, std::size_t { 0 });
            std::nth_element(order, order + sparse_queries_, order + length,
                             [&](std::size_t a, std::size_t b)
                             { return sparsity[a] != sparsity[b] ? sparsity[a] > sparsity[b] : a < b; });
            for (std::size_t i = 0; i < time_; ++i)
                if (i < sparse_queries_)
                    weigh(scores + order[i] * time_, 1);
                else
                    std::fill_n(scores + order[i] * time_, time_, 1.0f / static_cast<float>(time_));
        }

        std::size_t time_, d_head_, sparse_queries_;
    };
}
