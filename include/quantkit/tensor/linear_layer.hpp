// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The front door that all linear layers share: y = layer(x), layer(x, y), with or without threads.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/tensor/view.hpp>

#include <cstddef>
#include <type_traits>

namespace quantkit
{
    /// Base of a layer x [m, in_features] -> y [m, out_features] with these epilogue stages.
    ///
    /// Layer offers in_features(), out_features(), stages(), accepts<Element>, a bool constant that tells which
    /// elements x may have, and run<Arch>(x, y, threads) for a view of x and a matrix_view of y that fit, m > 0.
    template <class Layer, class... Stages>
    class linear_layer
    {
    public:
        /// float, or the code type of a final quantize_to.
        using output_type = typename epilogue<Stages...>::output_type;

        /// x  [m, in_features], any strides, m may be 0
        /// The executor changes the time, never a bit of the result.
        template <tensor_like X, executor Executor = sequential, class Arch = kernels::active_arch>
        matrix<output_type> operator()(const X& x, const Executor& threads = {}) const
        {
            static_assert(!epilogue<Stages...>::reads_output, "accumulate needs an output that exists: layer(x, y)");
            const tensor_view input = view_of(x);
            check_input(input.shape());
            matrix<output_type> y(input.shape()[0], static_cast<Eigen::Index>(layer().out_features()));
            (*this)(x, y, threads);
            return y;
        }

        /// y  [m, out_features] existing storage, any strides; must not overlap x
        template <tensor_like X, writable_tensor_of<output_type> Y, executor Executor = sequential,
                  class Arch = kernels::active_arch>
        void operator()(const X& x, Y&& y, const Executor& threads = {}) const
        {
            const tensor_view input = view_of(x);
            const tensor_view<output_type> output = view_of(y);
            using element = std::remove_const_t<typename decltype(input)::value_type>;
            static_assert(Layer::template accepts<element>, "this layer does not take elements of this type");
            check_input(input.shape());
            const tensor_shape expected(input.shape()[0], static_cast<std::ptrdiff_t>(layer().out_features()));
            require(output.shape() == expected, "the output must have the shape ", expected, ", but has ",
                    output.shape());
            layer().stages().check_output(expected);
            const tensor_view<const element>& elements = input; // a view of constants is not copied
            if (input.shape()[0] > 0)
                layer().template run<Arch>(elements, detail::matrix_view_of(output), threads);
        }

    private:
        QUANTKIT_INLINE const Layer& layer() const { return static_cast<const Layer&>(*this); }

        QUANTKIT_INLINE void check_input(const tensor_shape& shape) const
        {
            require(shape.rank() == 2 && detail::extent(shape, 1) == layer().in_features(),
                    "the input must have the shape [m, ", layer().in_features(), "], but has ", shape);
        }
    };
}
