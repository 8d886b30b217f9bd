// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model in training: forward keeps what backward needs, backward adds to the parameters' gradients.
///
///     network net(model);
///     const matrix_f& y = net.forward(x, run_mode::training, step);
///     net.parameters().zero_gradients();
///     net.backward(d_y);                      // d_y: the gradient of the loss by y
///     // an optimizer changes net.parameters()
///     const model trained = net.trained_model();
///
/// Start reading in operation.hpp, which says what each layer does; graph_builder.hpp makes operations from a model.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/graph.hpp>
#include <quantkit/training/graph_builder.hpp>
#include <quantkit/training/node_runner.hpp>
#include <quantkit/training/operation.hpp>
#include <quantkit/training/parameter.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace quantkit::training
{
    /// chunk_samples  of a batch that are worked on at a time; it decides on the order of sums, threads do not
    struct network_settings
    {
        std::size_t chunk_samples = 32;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Not shared by threads: what forward keeps is part of it.
    template <class Scalar>
    class basic_network
    {
    public:
        /// A batch: [batch * time, features], or [batch, time * features].
        using batch_ref = Eigen::Ref<const matrix<Scalar>>;

        /// plan  where to fake-quantize; only networks of floats can. Throws, naming the point, where there is none.
        explicit basic_network(const model& source, network_settings settings = {}, const fake_quant_plan& plan = {})
            : source_(source)
            , settings_(settings)
            , graph_(graph_of<Scalar>(source, plan))
            , memory_ { std::vector<matrix<Scalar>>(graph_.values.size()),
                        std::vector<matrix<Scalar>>(graph_.values.size()),
                        std::vector<std::vector<Scalar>>(graph_.nodes.size()),
                        {} }
        {
            require(settings.chunk_samples > 0, "a chunk needs at least 1 sample");
        }

        basic_parameter_set<Scalar>& parameters() { return graph_.parameters; }
        const basic_parameter_set<Scalar>& parameters() const { return graph_.parameters; }
        /// The model that the network was made of, with its weights before training.
        const model& source() const { return source_; }

        /// The fake-quantizers, in the order in which they are met.
        std::span<const std::unique_ptr<fake_quant_node>> quantizers() const { return graph_.quantizers; }

        /// Throws with the name if there is none at this point.
        fake_quant_node& quantizer(std::string_view point) const
        {
            for (const std::unique_ptr<fake_quant_node>& each : graph_.quantizers)
                if (each->name() == point)
                    return *each;
            throw_invalid("nothing is fake-quantized at '", point, "'");
        }

        /// Whether batches in training move the ranges of all fake-quantizers; false freezes them.
        void follow_ranges(bool follow)
        {
            for (const std::unique_ptr<fake_quant_node>& each : graph_.quantizers)
                each->follow(follow);
        }

        /// The model with the parameters as they are now.
        model trained_model() const { return { source_.layers(), parameters().weights(), source_.input_shape() }; }

        /// seed  of what is random in this call (dropout): another one for each step of training
        ///
        /// Returns the model's result [batch * time, features], valid until the next call. Throws where x is no whole
        /// number of samples.
        const matrix<Scalar>& forward(const batch_ref& x, run_mode mode, std::uint64_t seed = 0,
                                      const any_executor& threads = {})
        {
            const sample_shape shape = source_.input_shape();
            const auto columns = static_cast<std::size_t>(x.cols());
            require((columns == shape.features || columns == shape.size())
                        && static_cast<std::size_t>(x.size()) % shape.size() == 0,
                    "a batch must have the shape [batch * ", shape.time, ", ", shape.features, "], but has [", x.rows(),
                    ", ", x.cols(), "]");
            call_ = { static_cast<std::size_t>(x.size()) / shape.size(), settings_.chunk_samples, { 0, mode, seed } };
            memory_.values[0] = x;
            for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
                runner(threads).forward(i);
            return memory_.values[graph_.output];
        }

        /// Adds to the gradients of the parameters what the last forward and d_output, the gradient by its result,
        /// make of them. Throws where d_output has another shape than that result.
        void backward(const batch_ref& d_output, const any_executor& threads = {})
        {
            propagate(d_output, false, threads);
        }

        /// The same, and returns the gradient by the input, [batch * time, features], valid until the next call.
        const matrix<Scalar>& backward_to_input(const batch_ref& d_output, const any_executor& threads = {})
        {
            propagate(d_output, true, threads);
            return memory_.gradients[0];
        }

    private:
        detail::node_runner<Scalar> runner(const any_executor& threads) { return { graph_, memory_, call_, threads }; }

        void propagate(const batch_ref& d_output, bool to_input, const any_executor& threads)
        {
            const matrix<Scalar>& y = memory_.values[graph_.output];
            require(d_output.rows() == y.rows() && d_output.cols() == y.cols(), "the gradient of a result [", y.rows(),
                    ", ", y.cols(), "] cannot have the shape [", d_output.rows(), ", ", d_output.cols(), "]");
            const std::vector<bool> wanted = wanted_gradients(to_input);
            for (std::size_t i = 0; i < wanted.size(); ++i)
                if (wanted[i])
                    memory_.gradients[i].setZero(static_cast<Eigen::Index>(call_.samples * graph_.values[i].shape.time),
                                                 static_cast<Eigen::Index>(graph_.values[i].shape.features));
            if (wanted[graph_.output])
                memory_.gradients[graph_.output] = d_output;
            for (std::size_t i = graph_.nodes.size(); i-- > 0;)
                if (wanted[graph_.nodes[i].output])
                    runner(threads).backward(i, wanted);
        }

        /// Of each value, whether something that is trained, or the input if that is wanted, lies before it.
        std::vector<bool> wanted_gradients(bool to_input) const
        {
            std::vector<bool> wanted(graph_.values.size());
            wanted[0] = to_input;
            for (const graph_node<Scalar>& node : graph_.nodes)
            {
                for (const std::size_t index : node.parameters)
                    wanted[node.output] = wanted[node.output] || graph_.parameters[index].is_trained();
                for (const std::size_t input : node.inputs)
                    wanted[node.output] = wanted[node.output] || wanted[input];
            }
            return wanted;
        }

        model source_;
        network_settings settings_;
        training_graph<Scalar> graph_;
        detail::network_memory<Scalar> memory_;
        detail::network_call call_;
    };

    using network = basic_network<float>;
}
