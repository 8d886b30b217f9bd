// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a layer has to offer so that it can be trained: its result, and the gradients of what it reads from that of its
/// result.
///
/// A batch is cut into chunks of whole samples, whose size depends on nothing but the network's settings. An operation
/// works on one chunk at a time, several of them at the same time on several threads; each chunk has gradients of its
/// own for the parameters, which the network adds up in the order of the chunks. So threads change no bit.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/parameter.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace quantkit::training
{
    /// Dropout, and observers that follow the data, work in training only.
    enum class run_mode
    {
        training,
        inference
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Read-only rows: [samples * time, features], or any other matrix.
    template <class Scalar>
    using const_rows = Eigen::Map<const matrix<Scalar>>;
    /// Rows to be written, or added to.
    template <class Scalar>
    using mutable_rows = Eigen::Map<matrix<Scalar>>;

    /// The samples of a value that a chunk has. data is null for a gradient that nobody wants.
    template <class Scalar>
    struct value_piece
    {
        using value_type = std::remove_const_t<Scalar>;
        /// As an Eigen matrix, read-only where Scalar is const.
        using map = std::conditional_t<std::is_const_v<Scalar>, const_rows<value_type>, mutable_rows<value_type>>;

        Scalar* data = nullptr;
        std::size_t samples = 0;
        sample_shape shape {};

        /// [samples * time, features]
        map rows() const { return rows_of(data, samples * shape.time, shape.features); }
        /// [time, features]
        map sample(std::size_t i) const { return rows_of(data + i * shape.size(), shape.time, shape.features); }
        std::size_t size() const { return samples * shape.size(); }

    private:
        static map rows_of(Scalar* first, std::size_t rows, std::size_t columns)
        {
            return { first, static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns) };
        }
    };

    /// first_sample  of the chunk in its batch
    /// seed          of the call, for what is random: the same numbers whatever the chunks
    struct chunk_place
    {
        std::size_t first_sample = 0;
        run_mode mode = run_mode::inference; ///< whether gradients will follow
        std::uint64_t seed = 0;
    };

    /// What forward reads and writes.
    ///
    /// parameters  values of each of the operation's parameters; of a fake-quantized weight, those that it is rounded
    /// to saved       of this chunk, saved_per_sample() numbers a sample: what backward needs beside inputs and output
    template <class Scalar>
    struct forward_piece
    {
        chunk_place place;
        std::span<const value_piece<const Scalar>> inputs;
        value_piece<Scalar> output;
        std::span<const Scalar* const> parameters;
        Scalar* saved = nullptr;
    };

    /// What backward reads, and adds to: gradients are added to what is in d_inputs and d_parameters. A parameter that
    /// is not trained has a null gradient.
    template <class Scalar>
    struct backward_piece
    {
        chunk_place place;
        std::span<const value_piece<const Scalar>> inputs;
        value_piece<const Scalar> output;
        value_piece<const Scalar> d_output;
        std::span<const Scalar* const> parameters;
        const Scalar* saved = nullptr;
        std::span<const value_piece<Scalar>> d_inputs;
        std::span<Scalar* const> d_parameters;
    };

    /// A whole batch before it is worked on.
    template <class Scalar>
    struct batch_piece
    {
        chunk_place place;
        std::span<const value_piece<const Scalar>> inputs;
        std::span<basic_parameter<Scalar>* const> parameters;
    };

    /// One step of a network.
    template <class Scalar>
    class operation
    {
    public:
        operation() = default;
        operation(const operation&) = delete;
        operation& operator=(const operation&) = delete;
        virtual ~operation() = default;

        /// Numbers to keep for backward.
        virtual std::size_t saved_per_sample() const { return 0; }

        /// Before the chunks of a batch are worked on, by the calling thread: here an operation may throw, or follow
        /// the data.
        virtual void prepare(const batch_piece<Scalar>&) {}

        /// Writes all of the output.
        virtual void forward(const forward_piece<Scalar>& piece) const = 0;
        /// Adds to the gradients of the inputs that somebody wants, and of the parameters.
        virtual void backward(const backward_piece<Scalar>& piece) const = 0;
    };
}
