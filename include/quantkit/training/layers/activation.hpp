// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions and their derivatives. Formulas: Hendrycks, Gimpel 2016, arXiv:1606.08415 (GELU); Elfwing et
/// al. 2017, arXiv:1702.03118 (SiLU).
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/rows/activation_function.hpp>
#include <quantkit/training/operation.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = value(x), dy/dx = slope(x, y). NaN gives NaN in both, but for the slope of relu, which is 0 there.
    struct relu_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            return x < 0 ? Scalar { 0 } : x;
        }
        /// 0 at 0, as PyTorch.
        template <class Scalar>
        static Scalar slope(Scalar x, Scalar)
        {
            return x > 0 ? Scalar { 1 } : Scalar { 0 };
        }
    };

    /// x P(X <= x), X standard normal
    struct gelu_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            return x * below(x);
        }
        template <class Scalar>
        static Scalar slope(Scalar x, Scalar)
        {
            const auto density =
                std::exp(x * x / -2) * (std::numbers::inv_sqrtpi_v<Scalar> / std::numbers::sqrt2_v<Scalar>);
            return below(x) + x * density;
        }

    private:
        template <class Scalar>
        static Scalar below(Scalar x)
        {
            return (1 + std::erf(x / std::numbers::sqrt2_v<Scalar>)) / 2;
        }
    };

    /// x (1 + tanh(u)) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3)
    struct gelu_tanh_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            return x * (1 + bent(x)) / 2;
        }
        template <class Scalar>
        static Scalar slope(Scalar x, Scalar)
        {
            const Scalar t = bent(x);
            const Scalar inner = factor<Scalar> * (1 + 3 * cubic<Scalar> * x * x);
            return (1 + t) / 2 + x * (1 - t * t) * inner / 2;
        }

    private:
        template <class Scalar>
        static constexpr Scalar factor = std::numbers::sqrt2_v<Scalar>* std::numbers::inv_sqrtpi_v<Scalar>;
        template <class Scalar>
        static constexpr Scalar cubic = static_cast<Scalar>(0.044715);

        template <class Scalar>
        static Scalar bent(Scalar x)
        {
            return std::tanh(factor<Scalar> * (x + cubic<Scalar> * x * x * x));
        }
    };

    /// 1 / (1 + exp(-x)), without overflow
    struct sigmoid_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            const Scalar power = std::exp(-std::abs(x));
            return (x < 0 ? power : Scalar { 1 }) / (1 + power);
        }
        template <class Scalar>
        static Scalar slope(Scalar, Scalar y)
        {
            return y * (1 - y);
        }
    };

    /// x sigmoid(x)
    struct silu_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            return x * sigmoid_function::value(x);
        }
        template <class Scalar>
        static Scalar slope(Scalar x, Scalar)
        {
            const Scalar s = sigmoid_function::value(x);
            return s * (1 + x * (1 - s));
        }
    };

    /// tanh(x)
    struct tanh_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            return std::tanh(x);
        }
        template <class Scalar>
        static Scalar slope(Scalar, Scalar y)
        {
            return 1 - y * y;
        }
    };

    /// x
    struct identity_function
    {
        template <class Scalar>
        static Scalar value(Scalar x)
        {
            return x;
        }
        template <class Scalar>
        static Scalar slope(Scalar, Scalar)
        {
            return 1;
        }
    };

    /// use(Function {}) with the struct of that function.
    template <class Use>
    auto with_activation(activation_function function, Use use)
    {
        switch (function)
        {
        case activation_function::relu:
            return use(relu_function {});
        case activation_function::gelu:
            return use(gelu_function {});
        case activation_function::gelu_tanh:
            return use(gelu_tanh_function {});
        case activation_function::silu:
            return use(silu_function {});
        case activation_function::sigmoid:
            return use(sigmoid_function {});
        case activation_function::tanh:
            return use(tanh_function {});
        case activation_function::none:
            break;
        }
        return use(identity_function {});
    }

    /// y[i] = f(x[i])
    template <class Scalar>
    void activation_forward(activation_function function, const Scalar* x, Scalar* y, std::size_t count)
    {
        with_activation(function,
                        [&]<class Function>(Function)
                        {
                            for (std::size_t i = 0; i < count; ++i)
                                y[i] = Function::value(x[i]);
                        });
    }

    /// d_x[i] += d_y[i] f'(x[i])
    template <class Scalar>
    void activation_backward(activation_function function, const Scalar* x, const Scalar* y, const Scalar* d_y,
                             Scalar* d_x, std::size_t count)
    {
        with_activation(function,
                        [&]<class Function>(Function)
                        {
                            for (std::size_t i = 0; i < count; ++i)
                                d_x[i] += d_y[i] * Function::slope(x[i], y[i]);
                        });
    }

    /// Value by value; the gradient reads x and y.
    template <class Scalar>
    class activation_layer_operation final : public operation<Scalar>
    {
    public:
        explicit activation_layer_operation(activation_function function)
            : function_(function)
        {
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            activation_forward(function_, piece.inputs[0].data, piece.output.data, piece.output.size());
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            if (piece.d_inputs[0].data != nullptr)
                activation_backward(function_, piece.inputs[0].data, piece.output.data, piece.d_output.data,
                                    piece.d_inputs[0].data, piece.output.size());
        }

    private:
        activation_function function_;
    };
}
