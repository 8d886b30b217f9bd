// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Operations that read a table: positions that are added, rows that indices choose.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/training/operation.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = x + table[0, time). The table [rows, features] is a constant.
    template <class Scalar>
    class positional_encoding_layer_operation final : public operation<Scalar>
    {
    public:
        void forward(const forward_piece<Scalar>& piece) const override
        {
            const auto time = static_cast<Eigen::Index>(piece.output.shape.time),
                       features = static_cast<Eigen::Index>(piece.output.shape.features);
            const const_rows<Scalar> table(piece.parameters[0], time, features);
            for (std::size_t i = 0; i < piece.output.samples; ++i)
                piece.output.sample(i) = piece.inputs[0].sample(i) + table;
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            if (piece.d_inputs[0].data != nullptr)
                piece.d_inputs[0].rows() += piece.d_output.rows();
        }
    };

    /// y[t] = table[x[t]], x being indices [time, 1], the table [entries, features]. An index has no gradient.
    template <class Scalar>
    class embedding_layer_operation final : public operation<Scalar>
    {
    public:
        embedding_layer_operation(std::string name, std::size_t entries, std::size_t features)
            : name_(std::move(name))
            , entries_(entries)
            , features_(features)
        {
        }

        /// Throws for a value that is no index; what lies between two of them stands for the lower one.
        void prepare(const batch_piece<Scalar>& batch) override
        {
            const value_piece<const Scalar>& x = batch.inputs[0];
            for (std::size_t i = 0; i < x.size(); ++i)
                require(x.data[i] >= 0 && x.data[i] < static_cast<Scalar>(entries_), "'", name_, "' has ", entries_,
                        " entries, but value ", i, " of its input is ", x.data[i]);
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            for (std::size_t i = 0; i < piece.inputs[0].size(); ++i)
                std::copy_n(piece.parameters[0] + entry(piece.inputs[0], i), features_,
                            piece.output.data + i * features_);
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            for (std::size_t i = 0; i < piece.inputs[0].size(); ++i)
            {
                Scalar* to = piece.d_parameters[0] + entry(piece.inputs[0], i);
                const Scalar* from = piece.d_output.data + i * features_;
                std::transform(from, from + features_, to, to, std::plus<> {});
            }
        }

    private:
        /// Where the row that value i chooses begins.
        std::size_t entry(const value_piece<const Scalar>& x, std::size_t i) const
        {
            return static_cast<std::size_t>(x.data[i]) * features_;
        }

        std::string name_;
        std::size_t entries_, features_;
    };
}
