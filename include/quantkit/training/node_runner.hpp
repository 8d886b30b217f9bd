// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Runs one node of a network chunk by chunk, and adds up what the chunks say about its parameters.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/graph.hpp>
#include <quantkit/training/operation.hpp>
#include <quantkit/training/parameter.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace quantkit::training::detail
{
    /// One batch on its way through a network. first_sample of the place is 0.
    struct network_call
    {
        std::size_t samples = 0;
        std::size_t chunk_samples = 1;
        chunk_place place {};

        QUANTKIT_INLINE std::size_t chunks() const { return (samples + chunk_samples - 1) / chunk_samples; }
        QUANTKIT_INLINE std::size_t samples_in(std::size_t chunk) const
        {
            return std::min(chunk_samples, samples - chunk * chunk_samples);
        }
        QUANTKIT_INLINE chunk_place place_of(std::size_t chunk) const
        {
            return { chunk * chunk_samples, place.mode, place.seed };
        }
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// values, gradients  one for each value of the graph
    /// saved              one for each node
    /// sums               memory for the gradients of parameters, chunk after chunk
    template <class Scalar>
    struct network_memory
    {
        std::vector<matrix<Scalar>> values, gradients;
        std::vector<std::vector<Scalar>> saved;
        std::vector<Scalar> sums;
    };

    template <class Scalar>
    class node_runner
    {
    public:
        node_runner(training_graph<Scalar>& graph, network_memory<Scalar>& memory, const network_call& call,
                    const any_executor& threads)
            : graph_(graph)
            , values_(memory.values)
            , gradients_(memory.gradients)
            , saved_(memory.saved)
            , sums_(memory.sums)
            , call_(call)
            , threads_(threads)
        {
        }

        void forward(std::size_t index)
        {
            graph_node<Scalar>& node = graph_.nodes[index];
            prepare(node);
            const sample_shape shape = graph_.values[node.output].shape;
            values_[node.output].resize(static_cast<Eigen::Index>(call_.samples * shape.time),
                                        static_cast<Eigen::Index>(shape.features));
            saved_[index].resize(call_.samples * node.work->saved_per_sample());
            const std::vector<const Scalar*> parameters = parameter_values(node);
            threads_.run(call_.chunks(),
                         [&](std::size_t chunk)
                         {
                             const auto inputs = inputs_of(node, chunk);
                             node.work->forward({ call_.place_of(chunk), inputs,
                                                  piece_of<Scalar>(values_, node.output, chunk), parameters,
                                                  saved_of(index, chunk) });
                         });
        }

        /// wanted  of each value, whether its gradient is
        void backward(std::size_t index, const std::vector<bool>& wanted)
        {
            const graph_node<Scalar>& node = graph_.nodes[index];
            const std::size_t stride = gradient_size(node);
            sums_.resize(std::max(sums_.size(), call_.chunks() * stride));
            const std::vector<const Scalar*> parameters = parameter_values(node);
            threads_.run(call_.chunks(),
                         [&](std::size_t chunk)
                         {
                             const auto inputs = inputs_of(node, chunk);
                             const auto d_inputs = input_gradients(node, chunk, wanted);
                             Scalar* const sums = sums_.data() + chunk * stride;
                             std::fill_n(sums, stride, Scalar { 0 });
                             const auto d_parameters = parameter_gradients(node, sums);
                             node.work->backward({ call_.place_of(chunk), inputs,
                                                   piece_of<const Scalar>(values_, node.output, chunk),
                                                   piece_of<const Scalar>(gradients_, node.output, chunk), parameters,
                                                   saved_of(index, chunk), d_inputs, d_parameters });
                         });
            add_up(node, stride);
        }

    private:
        /// Sums of chunks are taken for so many numbers at a time.
        static constexpr std::size_t block = 8192;

        void prepare(graph_node<Scalar>& node)
        {
            std::vector<value_piece<const Scalar>> inputs;
            for (const std::size_t value : node.inputs)
                inputs.push_back({ values_[value].data(), call_.samples, graph_.values[value].shape });
            std::vector<basic_parameter<Scalar>*> parameters;
            for (const std::size_t parameter : node.parameters)
            {
                parameters.push_back(&graph_.parameters[parameter]);
                if (graph_.weight_quantizers.contains(parameter))
                    graph_.weight_quantizers.refresh(parameter, graph_.parameters, call_.place.mode);
            }
            node.work->prepare({ call_.place, inputs, parameters });
        }

        template <class Element>
        value_piece<Element> piece_of(std::vector<matrix<Scalar>>& matrices, std::size_t value, std::size_t chunk) const
        {
            const sample_shape shape = graph_.values[value].shape;
            return { matrices[value].data() + chunk * call_.chunk_samples * shape.size(), call_.samples_in(chunk),
                     shape };
        }

        std::vector<value_piece<const Scalar>> inputs_of(const graph_node<Scalar>& node, std::size_t chunk) const
        {
            std::vector<value_piece<const Scalar>> pieces;
            for (const std::size_t value : node.inputs)
                pieces.push_back(piece_of<const Scalar>(values_, value, chunk));
            return pieces;
        }

        std::vector<value_piece<Scalar>> input_gradients(const graph_node<Scalar>& node, std::size_t chunk,
                                                         const std::vector<bool>& wanted) const
        {
            std::vector<value_piece<Scalar>> pieces;
            for (const std::size_t value : node.inputs)
                pieces.push_back(wanted[value] ? piece_of<Scalar>(gradients_, value, chunk) : value_piece<Scalar> {});
            return pieces;
        }

        Scalar* saved_of(std::size_t index, std::size_t chunk) const
        {
            return saved_[index].data() + chunk * call_.chunk_samples * graph_.nodes[index].work->saved_per_sample();
        }

        std::vector<const Scalar*> parameter_values(const graph_node<Scalar>& node) const
        {
            std::vector<const Scalar*> values;
            for (const std::size_t parameter : node.parameters)
                values.push_back(graph_.weight_quantizers.contains(parameter)
                                     ? graph_.weight_quantizers.rounded(parameter).data()
                                     : graph_.parameters[parameter].values.data());
            return values;
        }

        std::size_t gradient_size(const graph_node<Scalar>& node) const
        {
            std::size_t size = 0;
            for (const std::size_t parameter : node.parameters)
                size += graph_.parameters[parameter].gradient.size();
            return size;
        }

        /// Where one chunk's gradients are, parameter after parameter.
        std::vector<Scalar*> parameter_gradients(const graph_node<Scalar>& node, Scalar* first) const
        {
            std::vector<Scalar*> gradients;
            for (const std::size_t parameter : node.parameters)
            {
                const basic_parameter<Scalar>& each = graph_.parameters[parameter];
                gradients.push_back(each.is_trained() ? first : nullptr);
                first += each.gradient.size();
            }
            return gradients;
        }

        void add_up(const graph_node<Scalar>& node, std::size_t stride)
        {
            const Scalar* first = sums_.data();
            for (const std::size_t parameter : node.parameters)
            {
                std::vector<Scalar>& gradient = graph_.parameters[parameter].gradient;
                if (graph_.weight_quantizers.contains(parameter))
                {
                    std::vector<Scalar> d_rounded(gradient.size());
                    add_chunks(first, stride, d_rounded);
                    graph_.weight_quantizers.backward(parameter, graph_.parameters, d_rounded);
                }
                else
                    add_chunks(first, stride, gradient);
                first += gradient.size();
            }
        }

        /// In the order of the chunks, whoever does it.
        void add_chunks(const Scalar* first, std::size_t stride, std::vector<Scalar>& sum) const
        {
            threads_.run((sum.size() + block - 1) / block,
                         [&](std::size_t i)
                         {
                             const std::size_t begin = i * block, end = std::min(begin + block, sum.size());
                             for (std::size_t chunk = 0; chunk < call_.chunks(); ++chunk)
                                 for (std::size_t j = begin; j < end; ++j)
                                     sum[j] += first[chunk * stride + j];
                         });
        }

        training_graph<Scalar>& graph_;
        std::vector<matrix<Scalar>>& values_;
        std::vector<matrix<Scalar>>& gradients_;
        std::vector<std::vector<Scalar>>& saved_;
        std::vector<Scalar>& sums_;
        network_call call_;
        const any_executor& threads_;
    };
}
