// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Gradients of a network against central differences of its own result, in double.
#pragma once

#include "../support/random.hpp"
#include "../support/reference_model.hpp"

#include <quantkit/training/network.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// In double_networks.cpp.
extern template quantkit::training::training_graph<double> quantkit::training::graph_of<double>(
    const quantkit::model& network, const quantkit::training::fake_quant_plan& plan);

namespace quantkit::test
{
    using matrix_d = matrix<double>;

    inline matrix_d random_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed)
    {
        random_bits random(seed);
        matrix_d x(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
        for (Eigen::Index i = 0; i < x.size(); ++i)
            x.data()[i] = random.normal();
        return x;
    }

    inline matrix_d random_batch(const model& network, std::size_t samples, std::uint64_t seed)
    {
        return random_matrix(samples * network.input_shape().time, network.input_shape().features, seed);
    }

    /// The layers' definition, sample by sample.
    inline matrix_d reference_batch(const model& network, const matrix_d& x)
    {
        const auto time = static_cast<Eigen::Index>(network.input_shape().time);
        const auto steps = static_cast<Eigen::Index>(network.output_shape().time);
        matrix_d y(x.rows() / time * steps, static_cast<Eigen::Index>(network.output_shape().features));
        for (Eigen::Index i = 0; i < x.rows() / time; ++i)
            y.middleRows(i * steps, steps) = reference_forward(network, x.middleRows(i * time, time));
        return y;
    }

    /// The derivative of a function of one number, with an error of the order step^4.
    template <class Function>
    double central_difference(double& at, Function function)
    {
        const double was = at, step = 1e-3 * std::max(1.0, std::abs(was));
        const auto moved = [&](double by)
        {
            at = was + by;
            const double result = function();
            at = was;
            return result;
        };
        return (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step);
    }

    /// The gradients of sum(d_y * y) by some of the numbers in every parameter, and in the input if that is smooth,
    /// each within 1e-6 of the largest of its tensor.
    class gradient_check
    {
    public:
        gradient_check(const model& source, matrix_d x, training::run_mode mode = training::run_mode::inference)
            : network_(source, { .chunk_samples = 2 })
            , x_(std::move(x))
            , mode_(mode)
        {
            const matrix_d& y = network_.forward(x_, mode_, seed);
            d_y_ = random_matrix(static_cast<std::size_t>(y.rows()), static_cast<std::size_t>(y.cols()), 99);
        }

        void parameters()
        {
            network_.parameters().zero_gradients();
            network_.forward(x_, mode_, seed);
            network_.backward(d_y_);
            for (auto& each : network_.parameters())
            {
                CAPTURE(each.name);
                CHECK_EQ(each.is_trained(), !each.gradient.empty());
                if (each.is_trained())
                    compare(each.gradient.data(), each.values.data(), each.size());
            }
        }

        void input()
        {
            network_.forward(x_, mode_, seed);
            const matrix_d d_x = network_.backward_to_input(d_y_);
            compare(d_x.data(), x_.data(), static_cast<std::size_t>(x_.size()));
        }

    private:
        static constexpr std::uint64_t seed = 5;

        double loss() { return (network_.forward(x_, mode_, seed).array() * d_y_.array()).sum(); }

        void compare(const double* gradient, double* values, std::size_t count)
        {
            double largest = 1e-2;
            for (std::size_t i = 0; i < count; ++i)
                largest = std::max(largest, std::abs(gradient[i]));
            for (std::size_t i = 0; i < count; i += 1 + count / 23)
            {
                CAPTURE(i);
                const double expected = central_difference(values[i], [&] { return loss(); });
                CHECK_LE(std::abs(gradient[i] - expected), 1e-6 * largest);
            }
        }

        training::basic_network<double> network_;
        matrix_d x_, d_y_;
        training::run_mode mode_;
    };

    /// Result and gradients of a model; smooth_input: false where values are indices.
    inline void check_training(const model& network, std::size_t samples, bool smooth_input = true)
    {
        const matrix_d x = random_batch(network, samples, 3);
        training::basic_network<double> forward(network, { .chunk_samples = 3 });
        const matrix_d y = forward.forward(x, training::run_mode::inference), expected = reference_batch(network, x);
        REQUIRE_EQ(y.rows(), expected.rows());
        CHECK_LE((y - expected).cwiseAbs().maxCoeff(), 1e-10 * std::max(1.0, expected.cwiseAbs().maxCoeff()));
        gradient_check check(network, x);
        check.parameters();
        if (smooth_input)
            check.input();
    }
}
