// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Compiled once for each set of flags, as QUANTKIT_ODR_NAME: the kernel table as that translation unit sees it, and
/// the integer product with every kind of input, weight and stage.
#include "odr/units.hpp"

#include <array>

namespace
{
    namespace qk = quantkit;
    using namespace odr;

    template <class Input>
    void run_float_stages(const operands& given, results& to, Input input)
    {
        const qk::int8_linear layer { given.shifted_weights, input,
                                      qk::epilogue { qk::add_bias { given.bias }, qk::add_residual { given.residual },
                                                     qk::gelu {}, qk::gelu_tanh {}, qk::silu {}, doubled {},
                                                     qk::sigmoid {}, qk::tanh_activation {}, qk::clamp { -0.9f, 0.9f },
                                                     qk::relu {}, qk::relu6 {},
                                                     qk::activation { qk::activation_function::gelu } } };
        add(to, layer(given.x));
    }

    template <class Rounding>
    void run_fixed_point_stages(const operands& given, results& to)
    {
        const qk::int8_linear layer { given.weights, qk::static_input { input_params },
                                      qk::epilogue {
                                          qk::add_integer_bias { given.integer_bias },
                                          qk::requantize_fixed_point<qk::uint8_full, Rounding> { 0.00037, 7 } } };
        add(to, layer(given.x));
    }

    void run_all(const operands& given, results& to)
    {
        run_float_stages(given, to, qk::static_input { input_params });
        run_float_stages(given, to, qk::dynamic_per_tensor {});
        run_float_stages(given, to, qk::dynamic_per_row {});
        run_fixed_point_stages<qk::double_rounding>(given, to);
        run_fixed_point_stages<qk::single_rounding>(given, to);

        const qk::quantize_to codes { qk::qparams { 0.01f, 3 } };
        add(to, qk::int8_linear { given.weights, input_params, qk::epilogue { codes } }(given.x));
        qk::matrix_f y = given.residual;
        qk::int8_linear { given.weights, qk::dynamic_per_tensor {},
                          qk::epilogue { qk::accumulate {}, qk::accumulate_if {} } }(given.x, y);
        add(to, y);

        constexpr std::array<std::int32_t, 1> zero_point { -5 };
        add(to, qk::matmul_integer(given.codes, given.codes.transpose(), zero_point));
    }

    shared_layer make(const operands& given)
    {
        return { given.weights, input_params, qk::epilogue { qk::add_bias { given.bias }, qk::gelu {} } };
    }

    void run(const shared_layer& layer, const operands& given, results& to) { add(to, layer(given.x)); }
}

namespace odr::products
{
    unit QUANTKIT_ODR_NAME() { return { qk::kernels::table_for<qk::kernels::default_arch>(), &run_all, &make, &run }; }
}
