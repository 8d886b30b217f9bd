// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The network as one would first write it, to compare with: layer by layer with Eigen, a new matrix for each result.
#pragma once

#include <quantkit/model/weight_set.hpp>
#include <quantkit/tensor/types.hpp>

#include <string>
#include <vector>

namespace demo
{
    /// y = x W^T + b
    class naive_linear
    {
    public:
        naive_linear(const quantkit::weight_set& weights, const std::string& name)
            : weight_(matrix_of(weights[name + ".weight"]))
            , bias_(matrix_of(weights[name + ".bias"]))
        {
        }

        quantkit::matrix_f operator()(const quantkit::matrix_f& x) const
        {
            quantkit::matrix_f y = x * weight_.transpose();
            y.rowwise() += bias_.transpose();
            return y;
        }

    private:
        static quantkit::matrix_f matrix_of(const quantkit::weight_tensor& tensor)
        {
            const Eigen::Index columns = tensor.shape.rank() == 1 ? 1 : tensor.shape[1];
            return Eigen::Map<const quantkit::matrix_f>(tensor.values.data(), tensor.shape[0], columns);
        }

        quantkit::matrix_f weight_; // [out, in]
        quantkit::vector_f bias_;   // [out]
    };

    class naive_network
    {
    public:
        explicit naive_network(const quantkit::weight_set& weights)
            : stem_(weights, "stem")
            , head_(weights, "head")
        {
            for (std::string name = "block.0"; weights.contains(name + ".fc1.weight");
                 name = "block." + std::to_string(blocks_.size()))
                blocks_.push_back({ { weights, name + ".fc1" }, { weights, name + ".fc2" } });
        }

        /// x  [samples, 4]; returns logits [samples, 13]
        quantkit::matrix_f operator()(const quantkit::matrix_f& x) const
        {
            quantkit::matrix_f y = stem_(x);
            for (const block& each : blocks_)
            {
                const quantkit::matrix_f hidden = each.fc1(y).cwiseMax(0.0f);
                y = y + each.fc2(hidden);
            }
            return head_(y);
        }

    private:
        struct block
        {
            naive_linear fc1, fc2;
        };

        naive_linear stem_, head_;
        std::vector<block> blocks_;
    };
}
