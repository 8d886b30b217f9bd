// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/model_builder.hpp>
#include <quantkit/training/adam.hpp>
#include <quantkit/training/fit.hpp>
#include <quantkit/training/network.hpp>

#include "runner.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using namespace quantkit;
using namespace quantkit::training;
using golden::case_run;

namespace
{
    matrix_f matrix_of(const npy_array& array)
    {
        return Eigen::Map<const matrix_f>(array.as<float>().data(), array.shape[0], array.shape[1]);
    }

    std::string numbered(const char* prefix, int i, const char* suffix = "")
    {
        return prefix + std::to_string(i) + suffix;
    }

    /// Linear, ReLU, ..., Linear: layers fc0, relu0, fc1, ...
    model network_of(const case_run& run)
    {
        const int layers = run.attr<int>("layers");
        model_builder builder({ .features = static_cast<std::size_t>(run.input("x").shape[1]) });
        weight_set weights;
        for (int i = 0; i < layers; ++i)
        {
            const npy_array w = run.input(numbered("w", i)), b = run.input(numbered("b", i));
            builder.linear(numbered("fc", i), static_cast<std::size_t>(w.shape[1]),
                           static_cast<std::size_t>(w.shape[0]));
            if (i + 1 < layers)
                builder.activation(numbered("relu", i), activation_function::relu);
            const auto w_values = w.as<float>(), b_values = b.as<float>();
            weights.add(numbered("fc", i, ".weight"), w.shape, { w_values.begin(), w_values.end() });
            weights.add(numbered("fc", i, ".bias"), b.shape, { b_values.begin(), b_values.end() });
        }
        return builder.build(weights);
    }

    /// The points of the activations in PyTorch's order: the input, and what each layer returns.
    std::vector<std::string> activation_points(int layers)
    {
        std::vector<std::string> points { "fc0.input" };
        for (int i = 0; i + 1 < layers; ++i)
            points.push_back(numbered("relu", i, ".output"));
        points.push_back(numbered("fc", layers - 1, ".output"));
        return points;
    }

    fake_quant_plan plan_of(const case_run& run)
    {
        const int highest = (1 << (run.attr<int>("weight_bits") - 1)) - 1, layers = run.attr<int>("layers");
        const moving_average_observer observer { static_cast<float>(run.attr<double>("averaging_constant")) };
        fake_quant_settings weights { { -highest - 1, highest }, std::nullopt, observer, symmetric {} };
        if (run.attr<bool>("per_channel"))
            weights.axis = 0;
        fake_quant_settings activations { { 0, 255 }, std::nullopt, observer, affine {} };
        if (run.attr<bool>("symmetric_activations"))
            activations = { { -127, 127 }, std::nullopt, observer, symmetric {} };
        fake_quant_plan plan;
        for (int i = 0; i < layers; ++i)
            plan.emplace(numbered("fc", i, ".weight"), weights);
        for (const std::string& point : activation_points(layers))
            plan.emplace(point, activations);
        return plan;
    }

    void compare_qparams(case_run& run, const network& net)
    {
        std::vector<float> scales;
        std::vector<std::int32_t> zero_points;
        for (const std::string& point : activation_points(run.attr<int>("layers")))
        {
            scales.push_back(net.quantizer(point).params()[0].scale);
            zero_points.push_back(net.quantizer(point).params()[0].zero_point);
        }
        run.compare("act_scale", scales);
        run.compare("act_zero_point", zero_points);
        for (int i = 0; i < run.attr<int>("layers"); ++i)
            run.compare(numbered("w", i, "_scale"), net.quantizer(numbered("fc", i, ".weight")).params().scales());
    }

    /// "w0" and "b0" for fc0.weight and fc0.bias, with the values or the gradient that `part` takes.
    template <class Part>
    void compare_parameters(case_run& run, const network& net, const std::string& prefix, Part part)
    {
        for (int i = 0; i < run.attr<int>("layers"); ++i)
        {
            run.compare(prefix + numbered("w", i), part(net.parameters()[numbered("fc", i, ".weight")]));
            run.compare(prefix + numbered("b", i), part(net.parameters()[numbered("fc", i, ".bias")]));
        }
    }

    /// The relative L2 error that the manifest's tolerances of gradients promise in words.
    void expect_near_gradients(case_run& run, const network& net)
    {
        for (int i = 0; i < run.attr<int>("layers"); ++i)
        {
            const npy_array want = run.output(numbered("grad_w", i)), defined = run.aux(numbered("defined_w", i));
            const std::vector<float>& got = net.parameters()[numbered("fc", i, ".weight")].gradient;
            double error = 0, norm = 0;
            for (std::size_t j = 0; j < got.size(); ++j)
                if (defined.as<std::uint8_t>()[j] != 0)
                {
                    const double expected = static_cast<double>(want.as<float>()[j]);
                    error += std::pow(static_cast<double>(got[j]) - expected, 2);
                    norm += expected * expected;
                }
            run.expect(std::sqrt(error / norm) <= 1e-2, numbered("the gradient of w", i) + " is farther off than 1 %");
        }
    }

    void compare_steps(case_run& run)
    {
        network net(network_of(run), {}, plan_of(run));
        adam optimizer({ run.attr<double>("beta1"), run.attr<double>("beta2"), run.attr<double>("adam_eps") });
        const matrix_f x = matrix_of(run.input("x"));
        const npy_array target = run.input("target");
        const auto labels = target.as<std::int32_t>();
        std::vector<double> losses;
        for (int step = 0; step < run.attr<int>("steps"); ++step)
        {
            const matrix_f& logits = net.forward(x, run_mode::training);
            const auto loss = softmax_cross_entropy(logits, labels);
            losses.push_back(loss.value);
            net.parameters().zero_gradients();
            net.backward(loss.gradient);
            if (step == 0)
            {
                run.compare("logits", std::vector<float>(logits.data(), logits.data() + logits.size()));
                run.compare_scalar("loss", loss.value);
                compare_qparams(run, net);
                compare_parameters(run, net, "grad_", [](const parameter& each) { return each.gradient; });
                expect_near_gradients(run, net);
            }
            training::detail::update_parameters(net.parameters(), optimizer, {}, run.attr<double>("lr"));
            if (step == 0)
                compare_parameters(run, net, "updated_", [](const parameter& each) { return each.values; });
        }
        run.compare("losses", losses);
    }
}

TEST_CASE("models: steps of training with fake-quantization, as PyTorch makes them")
{
    golden::check_cases("models", "qat_step", compare_steps);
}
