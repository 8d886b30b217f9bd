// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model as it is trained: operations on values, one after the other, and their parameters.
///
/// graph_builder.hpp makes it, network.hpp runs it.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/operation.hpp>
#include <quantkit/training/parameter.hpp>
#include <quantkit/training/weight_quantizers.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// inputs, output  indices of values; parameters: indices in the graph's set
    template <class Scalar>
    struct graph_node
    {
        std::string name;
        std::unique_ptr<operation<Scalar>> work; ///< what the node computes
        std::vector<std::size_t> inputs;
        std::size_t output = 0;
        std::vector<std::size_t> parameters;
    };

    /// What a node leaves.
    struct graph_value
    {
        std::string name;
        sample_shape shape;
    };

    /// nodes             in an order in which each finds its inputs ready
    /// values            value 0 is the input
    /// parameters        of the model, then those of fake-quantizers
    /// quantizers        all of them: of activations, which nodes use, and of weights, which weight_quantizers use
    template <class Scalar>
    struct training_graph
    {
        std::vector<graph_value> values;
        std::vector<graph_node<Scalar>> nodes;
        std::size_t output = 0; ///< index of the value that the network returns
        basic_parameter_set<Scalar> parameters;
        std::vector<std::unique_ptr<fake_quant_node>> quantizers;
        training::weight_quantizers<Scalar> weight_quantizers; ///< by the index of the weight
    };
}
