// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What attention does between its projections: softmax(q k^T / sqrt(d_head)) v, one head of one sample at a time.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/gemm/float_epilogue.hpp>
#include <quantkit/kernels/gemm/float_panels.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select_float.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Both products of one head, in float.
    class attention_head
    {
        static constexpr auto format = kernels::operand_format::f32_f32;
        using plain_epilogue = kernels::float_epilogue<kernels::epilogue_of<kernels::store_to<float>>>;

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
            const auto step = static_cast<std::ptrdiff_t>(stride);
            const kernels::real_rows queries { { q, step, 1 } };
            const kernels::matrix_view<const float> keys { k, step, 1 }, values { v, 1, step };
            memory_pieces memory { thread_workspace(bytes(queries)) };
            float* scores = memory.take<float>(time_ * time_);
            std::byte* panels = memory.take<std::byte>(panel_bytes());
            auto* order = memory.take<std::size_t>(time_);
            auto* sparsity = memory.take<float>(time_);
            std::byte* workspace = memory.take<std::byte>(0);

            const kernels::real_rows weights { { scores, static_cast<std::ptrdiff_t>(time_), 1 } };
            multiply(queries, keys, { time_, time_, d_head_ }, scores, time_, panels, workspace);
            if (sparse_queries_ > 0 && sparse_queries_ < time_)
                weigh_sparsely(scores, order, sparsity);
            else
                weigh(scores, time_);
            multiply(weights, values, { time_, d_head_, time_ }, context, context_stride, panels, workspace);
        }

    private:
        std::size_t panel_bytes() const
        {
            return std::max(kernels::packed_b_bytes(format, time_, d_head_),
                            kernels::packed_b_bytes(format, d_head_, time_));
        }

        std::size_t bytes(const kernels::real_rows& rows) const
        {
            const auto& kernel = kernels::best_float_kernel<format>();
            return memory_pieces::bytes<float>(time_ * time_) + memory_pieces::bytes<std::byte>(panel_bytes())
                   + memory_pieces::bytes<std::size_t>(time_) + memory_pieces::bytes<float>(time_)
                   + std::max(kernels::gemm_workspace_bytes(kernel, { time_, time_, d_head_ }, rows),
                              kernels::gemm_workspace_bytes(kernel, { time_, d_head_, time_ }, rows));
        }

        void multiply(const kernels::real_rows& a, kernels::matrix_view<const float> b, kernels::gemm_extents size,
                      float* c, std::size_t c_stride, std::byte* panels, std::byte* workspace) const
        {
            kernels::pack_weights(b, size.n, size.k, format, panels);
            const plain_epilogue store { { {}, { { c, static_cast<std::ptrdiff_t>(c_stride), 1 } } } };
            kernels::gemm(kernels::best_float_kernel<format>(), size, a,
                          kernels::packed_b { format, size.n, size.k, panels, nullptr }, store, nullptr, workspace);
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

    /// Informer's number of queries: factor * ceil(ln(time)), at most all.
    inline std::size_t sparse_query_count(std::size_t factor, std::size_t time)
    {
        const double logarithm = std::ceil(std::log(static_cast<double>(time)));
        return std::min(factor * static_cast<std::size_t>(logarithm), time);
    }
}
