// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What attention does between its projections, softmax(q k^T / sqrt(d_head)) v for each head (Vaswani et al. 2017,
/// arXiv:1706.03762), and its gradients.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/sparse_queries.hpp>
#include <quantkit/training/layers/softmax.hpp>
#include <quantkit/training/operation.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Inputs q, k, v [time, d_model], the heads side by side; no parameters.
    ///
    /// With ProbSparse attention (Zhou et al. 2021, arXiv:2012.07436) only the queries whose scores stand out most see
    /// the keys, the others get the mean of the values. Which these are counts as constant for the gradients.
    template <class Scalar>
    class attention_heads_operation final : public operation<Scalar>
    {
    public:
        /// sparse_factor  c > 0: c ceil(ln(time)) queries, as sessions choose them; 0: all
        attention_heads_operation(sample_shape shape, std::size_t heads, std::size_t sparse_factor)
            : time_(static_cast<Eigen::Index>(shape.time))
            , heads_(static_cast<Eigen::Index>(heads))
            , d_head_(static_cast<Eigen::Index>(shape.features / heads))
            , factor_(1 / std::sqrt(static_cast<Scalar>(d_head_)))
        {
            const std::size_t queries = quantkit::detail::sparse_query_count(sparse_factor, shape.time);
            chosen_queries_ = queries > 0 ? static_cast<Eigen::Index>(queries) : time_;
        }

        /// The weights of each head [time, time], and for each query whether it was chosen.
        std::size_t saved_per_sample() const override { return static_cast<std::size_t>(heads_ * time_ * (time_ + 1)); }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            for (std::size_t i = 0; i < piece.output.samples; ++i)
                for (Eigen::Index head = 0; head < heads_; ++head)
                {
                    mutable_rows<Scalar> weights(saved_at(piece.saved, i, head), time_, time_);
                    Scalar* const chosen = saved_at(piece.saved, i, head) + time_ * time_;
                    weights.noalias() =
                        columns(piece.inputs[0], i, head) * columns(piece.inputs[1], i, head).transpose();
                    choose(weights, chosen);
                    softmax_forward(weights, factor_, weights);
                    for (Eigen::Index query = 0; query < time_; ++query)
                        if (chosen[query] == 0)
                            weights.row(query).setConstant(Scalar { 1 } / static_cast<Scalar>(time_));
                    columns(piece.output, i, head).noalias() = weights * columns(piece.inputs[2], i, head);
                }
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            matrix<Scalar> d_weights, d_scores;
            for (std::size_t i = 0; i < piece.output.samples; ++i)
                for (Eigen::Index head = 0; head < heads_; ++head)
                {
                    const const_rows<Scalar> weights(saved_at(piece.saved, i, head), time_, time_);
                    const Scalar* const chosen = saved_at(piece.saved, i, head) + time_ * time_;
                    const auto d_context = columns(piece.d_output, i, head);
                    d_weights.noalias() = d_context * columns(piece.inputs[2], i, head).transpose();
                    d_scores.setZero(time_, time_);
                    softmax_backward(weights, d_weights, d_scores);
                    for (Eigen::Index query = 0; query < time_; ++query)
                        d_scores.row(query) *= factor_ * chosen[query];
                    if (piece.d_inputs[0].data != nullptr)
                        columns(piece.d_inputs[0], i, head).noalias() += d_scores * columns(piece.inputs[1], i, head);
                    if (piece.d_inputs[1].data != nullptr)
                        columns(piece.d_inputs[1], i, head).noalias() +=
                            d_scores.transpose() * columns(piece.inputs[0], i, head);
                    if (piece.d_inputs[2].data != nullptr)
                        columns(piece.d_inputs[2], i, head).noalias() += weights.transpose() * d_context;
                }
        }

    private:
        /// One head of one sample, [time, d_head].
        template <class Element>
        auto columns(const value_piece<Element>& value, std::size_t sample, Eigen::Index head) const
        {
            using map = typename value_piece<Element>::map;
            using strided = Eigen::Map<typename map::PlainObject, 0, Eigen::OuterStride<>>;
            using strided_const = Eigen::Map<const typename map::PlainObject, 0, Eigen::OuterStride<>>;
            using result = std::conditional_t<std::is_const_v<Element>, strided_const, strided>;
            return result(value.data + sample * value.shape.size() + static_cast<std::size_t>(head * d_head_), time_,
                          d_head_, Eigen::OuterStride<>(heads_ * d_head_));
        }

        template <class Element>
        Element* saved_at(Element* saved, std::size_t sample, Eigen::Index head) const
        {
            return saved + (static_cast<Eigen::Index>(sample) * heads_ + head) * time_ * (time_ + 1);
        }

        /// chosen[query] = 1 for the queries with the largest difference of their largest and their mean score, of
        /// equal ones the first; 0 for the others.
        void choose(const mutable_rows<Scalar>& scores, Scalar* chosen) const
        {
            std::fill_n(chosen, time_, static_cast<Scalar>(chosen_queries_ == time_));
            if (chosen_queries_ == time_)
                return;
            std::vector<Scalar> sparsity;
            for (Eigen::Index query = 0; query < time_; ++query)
                sparsity.push_back(scores.row(query).maxCoeff() - scores.row(query).mean());
            std::vector<std::size_t> order(sparsity.size());
            std::iota(order.begin(), order.end(), std::size_t { 0 });
            std::stable_sort(order.begin(), order.end(),
                             [&](std::size_t a, std::size_t b) { return sparsity[a] > sparsity[b]; });
            for (Eigen::Index i = 0; i < chosen_queries_; ++i)
                chosen[order[static_cast<std::size_t>(i)]] = 1;
        }

        Eigen::Index time_, heads_, d_head_;
        Eigen::Index chosen_queries_ = 0;
        Scalar factor_;
    };
}
