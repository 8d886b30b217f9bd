// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/float_linear.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include "ranges.hpp"
#include "runner.hpp"
#include "static_layer.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    matrix_f matrix_of(const npy_array& array)
    {
        return Eigen::Map<const matrix_f>(array.as<float>().data(), array.shape[0], array.shape[1]);
    }

    std::vector<float> floats_of(const npy_array& array)
    {
        const auto elements = array.as<float>();
        return { elements.begin(), elements.end() };
    }

    std::string numbered(const char* prefix, int i, const char* suffix = "")
    {
        return prefix + std::to_string(i) + suffix;
    }

    /// PyTorch's weights: symmetric over all 256 codes.
    quantized_tensor<int8_full> quantized_weight(const case_run& run, const std::string& name)
    {
        const npy_array w = run.input(name);
        if (run.attr<bool>("per_channel"))
            return quantize<int8_full>(w.view<float>(), per_axis { 0 });
        return quantize<int8_full>(w.view<float>());
    }

    /// The architectures of data/README.md; linear(i, x) is layer i with its bias.
    template <class Linear>
    matrix_f forward(const case_run& run, matrix_f x, Linear linear)
    {
        const auto arch = run.attr<std::string>("arch");
        const int last = run.attr<int>("layers") - 1;
        const auto rectified = [](const matrix_f& y) -> matrix_f { return y.cwiseMax(0.0f); };
        if (arch == "mlp")
        {
            for (int i = 0; i < last; ++i)
                x = rectified(linear(i, x));
            return linear(last, x);
        }
        matrix_f h = linear(0, x);
        if (arch == "res1")
            for (int i = 1; i < last; ++i)
                h += rectified(linear(i, h));
        else if (arch == "res2")
            for (int i = 1; i < last; i += 2)
                h += linear(i + 1, rectified(linear(i, h)));
        else
            throw std::invalid_argument("unknown architecture " + arch);
        return linear(last, h);
    }

    matrix_f float_layer(const case_run& run, int i, const matrix_f& x)
    {
        const auto bias = floats_of(run.input(numbered("b", i)));
        return float_linear { matrix_of(run.input(numbered("w", i))), epilogue { add_bias { bias } } }(x);
    }

    /// Runs in integers, and keeps the input's qparams in order of execution.
    template <quantized_range Input>
    class dynamic_model
    {
    public:
        explicit dynamic_model(const case_run& run)
            : run_(run)
        {
            for (int i = 0; i < run.attr<int>("layers"); ++i)
                weights_.push_back(quantized_weight(run, numbered("w", i)));
        }

        matrix_f operator()(int i, const matrix_f& x)
        {
            const qparams input = choose_qparams(measured_range(x), Input::bounds, dynamic_affine {});
            x_scale.push_back(input.scale);
            x_zero_point.push_back(input.zero_point);
            const auto bias = floats_of(run_.input(numbered("b", i)));
            return int8_linear { weight(i), dynamic_per_tensor<Input> {}, epilogue { add_bias { bias } } }(x);
        }

        const quantized_tensor<int8_full>& weight(int i) const { return weights_[static_cast<std::size_t>(i)]; }

        std::vector<float> x_scale;
        std::vector<std::int32_t> x_zero_point;

    private:
        const case_run& run_;
        std::vector<quantized_tensor<int8_full>> weights_;
    };

    void compare_dynamic_model(case_run& run)
    {
        golden::with_range({ 0, run.attr<std::int32_t>("activation_qmax") },
                           [&]<class Input>(Input)
                           {
                               if constexpr (std::same_as<typename Input::code_type, std::uint8_t>)
                               {
                                   dynamic_model<Input> model(run);
                                   const matrix_f y = forward(run, matrix_of(run.input("x")), std::ref(model));
                                   run.compare("y", golden::elements_of(y));
                                   run.compare("x_scale", model.x_scale);
                                   run.compare("x_zero_point", model.x_zero_point);
                                   for (int i = 0; run.has_output(numbered("w", i, "_q").c_str()); ++i)
                                   {
                                       run.compare(numbered("w", i, "_q"), model.weight(i).codes());
                                       run.compare(numbered("w", i, "_scale"), model.weight(i).scales());
                                   }
                               }
                           });
    }

    /// The qparams of the input and of every layer's output, measured in the float model.
    std::vector<qparams> calibrated(const case_run& run)
    {
        const int layers = run.attr<int>("layers");
        std::vector<minmax_observer> observers(static_cast<std::size_t>(layers) + 1);
        for (int batch = 0; batch < run.attr<int>("calibration_batches"); ++batch)
        {
            matrix_f a = matrix_of(run.input(numbered("cal_", batch)));
            observers[0].observe(a);
            for (int i = 0; i < layers; ++i)
            {
                a = float_layer(run, i, a);
                if (i + 1 < layers)
                    a = a.cwiseMax(0.0f).eval();
                observers[static_cast<std::size_t>(i) + 1].observe(a);
            }
        }
        std::vector<qparams> activations;
        for (const minmax_observer& observer : observers)
            activations.push_back(choose_qparams<uint8_full>(observer));
        return activations;
    }

    void compare_activations(case_run& run, const std::vector<qparams>& activations)
    {
        std::vector<float> scales;
        std::vector<std::int32_t> zero_points;
        for (const qparams& params : activations)
        {
            scales.push_back(params.scale);
            zero_points.push_back(params.zero_point);
        }
        run.compare("act_scale", scales);
        run.compare("act_zero_point", zero_points);
    }

    void compare_static_model(case_run& run)
    {
        const std::vector<qparams> activations = calibrated(run);
        compare_activations(run, activations);
        const int layers = run.attr<int>("layers");
        const npy_array x = run.input("x");
        matrix<std::uint8_t> codes(x.shape[0], x.shape[1]);
        quantize<uint8_full>(x.view<float>(), codes, activations[0]);
        run.compare("a0_q", golden::elements_of(codes));
        for (int i = 0; i < layers; ++i)
        {
            const golden::static_layer layer { quantized_weight(run, numbered("w", i)),
                                               floats_of(run.input(numbered("b", i))), i + 1 < layers,
                                               activations[static_cast<std::size_t>(i)],
                                               activations[static_cast<std::size_t>(i) + 1] };
            codes = layer.run<uint8_full>(view_of(std::as_const(codes)));
            run.compare(numbered("a", i + 1, "_q"), golden::elements_of(codes));
            run.compare(numbered("w", i, "_scale"), layer.weight.scales());
        }
        std::vector<float> y;
        for (const std::uint8_t code : golden::elements_of(codes))
            y.push_back(dequantize_value(code, activations.back()));
        run.compare("y", y);
    }

    /// acc from the codes that the vectors give, so that one code at a tie does not spoil all sums.
    void compare_sums(case_run& run, std::int32_t x_zero_point)
    {
        const npy_array x = run.output("x_q"), w = run.output("w0_q");
        const tensor_view<const std::int8_t> transposed(w.as<std::int8_t>().data(), { w.shape[1], w.shape[0] },
                                                        { 1, w.shape[1] });
        const auto acc = matmul_integer(x.view<std::uint8_t>(), transposed, std::span(&x_zero_point, 1));
        run.compare("acc", golden::elements_of(acc));
    }

    void compare_dynamic_layer(case_run& run)
    {
        const npy_array x = run.input("x");
        const auto bias = floats_of(run.input("b"));
        const auto input = measured_qparams<uint8_full>(x.view<float>(), per_tensor {}, dynamic_affine {});
        const auto weight = quantized_weight(run, "w");
        if (golden::bounds_of(run) != uint8_full::bounds)
            throw std::invalid_argument("the test knows 0..255 only");
        run.compare("x_scale", input.scales());
        run.compare("x_zero_point", input.zero_points());
        run.compare("x_q", quantize<uint8_full>(x.view<float>(), input).codes());
        run.compare("w0_scale", weight.scales());
        run.compare("w0_q", weight.codes());
        compare_sums(run, input[0].zero_point);
        const int8_linear layer { weight, dynamic_per_tensor {}, epilogue { add_bias { bias } } };
        run.compare("y", golden::elements_of(layer(x.view<float>())));
    }

    /// The bias as the layers that keep it in int32 round it: codes with scale scale_x * scale_w.
    std::vector<std::int32_t> bias_codes(const golden::static_layer& layer)
    {
        std::vector<std::int32_t> codes;
        for (std::size_t j = 0; j < layer.bias.size(); ++j)
        {
            const float weight_scale = layer.weight.scales()[layer.weight.scales().size() == 1 ? 0 : j];
            codes.push_back(quantize_value(layer.bias[j], { layer.input.scale * weight_scale, 0 }, int32_full::bounds));
        }
        return codes;
    }

    void compare_static_layer(case_run& run)
    {
        const npy_array x = run.input("x_q"), w = run.input("w_q"), w_scale = run.input("w_scale");
        const auto codes = w.as<std::int8_t>();
        const golden::static_layer layer {
            golden::weight_of(w.shape, { codes.begin(), codes.end() }, w_scale.as<float>()),
            floats_of(run.input("b")),
            run.attr<bool>("relu"),
            { static_cast<float>(run.attr<double>("x_scale")), run.attr<std::int32_t>("x_zero_point") },
            { static_cast<float>(run.attr<double>("y_scale")), run.attr<std::int32_t>("y_zero_point") }
        };
        run.compare_aux("bias_q", bias_codes(layer));
        run.compare("y_q", golden::elements_of(layer.run<uint8_full>(x.view<std::uint8_t>())));
    }
}

TEST_CASE("models: the family's ops")
{
    golden::check_ops(
        "models", { "dynamic_linear", "static_linear", "model_float", "model_dynamic", "model_static", "qat_step" });
}

TEST_CASE("models: one layer, dynamic") { golden::check_cases("models", "dynamic_linear", compare_dynamic_layer); }

TEST_CASE("models: one layer, static") { golden::check_cases("models", "static_linear", compare_static_layer); }

TEST_CASE("models: whole models in float")
{
    golden::check_cases("models", "model_float",
                        [](case_run& run)
                        {
                            const auto linear = [&](int i, const matrix_f& x) { return float_layer(run, i, x); };
                            const matrix_f y = forward(run, matrix_of(run.input("x")), linear);
                            run.compare("y", golden::elements_of(y));
                        });
}

TEST_CASE("models: whole models, dynamic") { golden::check_cases("models", "model_dynamic", compare_dynamic_model); }

TEST_CASE("models: whole models, static") { golden::check_cases("models", "model_static", compare_static_model); }
