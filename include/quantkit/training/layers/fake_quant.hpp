// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A fake-quantizer between two operations, for activations.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quantize.hpp>
#include <quantkit/training/operation.hpp>

#include <cstddef>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Parameters: scale, zero_point, as far as they are learned.
    class fake_quant_operation final : public operation<float>
    {
    public:
        /// node  must outlive it
        explicit fake_quant_operation(fake_quant_node& node)
            : node_(node)
        {
        }

        void prepare(const batch_piece<float>& batch) override
        {
            node_.update(batch.inputs[0].data, whole(batch.inputs[0].size()), batch.place.mode == run_mode::training,
                         batch.parameters);
        }

        void forward(const forward_piece<float>& piece) const override
        {
            node_.forward(piece.inputs[0].data, piece.output.data, whole(piece.output.size()));
        }

        void backward(const backward_piece<float>& piece) const override
        {
            const learned_gradients learned { piece.d_parameters.empty() ? nullptr : piece.d_parameters[0],
                                              piece.d_parameters.size() < 2 ? nullptr : piece.d_parameters[1] };
            node_.backward({ piece.inputs[0].data, piece.output.data, piece.d_output.data }, piece.d_inputs[0].data,
                           whole(piece.output.size()), learned);
        }

    private:
        static channel_layout whole(std::size_t count) { return { 1, 1, count }; }

        fake_quant_node& node_;
    };
}
