// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Dropout (Srivastava et al. 2014), scaled in training so that inference is the identity.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/training/operation.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = x / (1 - p) with probability 1 - p, else 0. Whether a number is dropped depends on the seed, the layer and
    /// its position in the batch, not on chunks and threads.
    template <class Scalar>
    class dropout_layer_operation final : public operation<Scalar>
    {
    public:
        /// stream  another one for each layer
        /// Throws unless 0 <= probability < 1.
        dropout_layer_operation(float probability, std::uint64_t stream)
            : probability_(static_cast<double>(probability))
            , stream_(stream)
        {
            require(probability >= 0.0f && probability < 1.0f, "dropout's probability must lie in [0, 1), but is ",
                    probability);
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            const dropped_values factors = factors_of(piece.place, piece.output.shape);
            for (std::size_t i = 0; i < piece.output.size(); ++i)
                piece.output.data[i] = piece.inputs[0].data[i] * factors[i];
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            const value_piece<Scalar>& d_x = piece.d_inputs[0];
            const dropped_values factors = factors_of(piece.place, piece.output.shape);
            for (std::size_t i = 0; d_x.data != nullptr && i < d_x.size(); ++i)
                d_x.data[i] += piece.d_output.data[i] * factors[i];
        }

    private:
        /// What each number of a chunk is multiplied with. Its random number is computed from its position in the
        /// batch.
        struct dropped_values
        {
            double probability;
            std::uint64_t key, first;

            Scalar operator[](std::size_t i) const
            {
                if (probability == 0.0)
                    return 1;
                const std::uint64_t bits = splitmix64(key + (first + i) * 0x9e3779b97f4a7c15u).next();
                const double uniform = static_cast<double>(bits >> 11) * 0x1p-53;
                return uniform < probability ? Scalar { 0 } : static_cast<Scalar>(1.0 / (1.0 - probability));
            }
        };

        dropped_values factors_of(const chunk_place& place, sample_shape shape) const
        {
            return { place.mode == run_mode::training ? probability_ : 0.0,
                     splitmix64(splitmix64(place.seed).next() ^ stream_).next(), place.first_sample * shape.size() };
        }

        double probability_;
        std::uint64_t stream_;
    };
}
