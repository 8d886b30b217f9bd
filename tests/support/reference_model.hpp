// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a model's layers mean, in double and layer by layer: the definition that sessions are compared with.
#pragma once

#include <quantkit/model/model.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace quantkit::test
{
    using sample = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>; // [time, features]

    inline double activated(activation_function function, double x)
    {
        switch (function)
        {
        case activation_function::relu:
            return std::max(x, 0.0);
        case activation_function::gelu:
            return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
        case activation_function::gelu_tanh:
            return x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x))) / 2;
        case activation_function::silu:
            return x / (1 + std::exp(-x));
        case activation_function::sigmoid:
            return 1 / (1 + std::exp(-x));
        case activation_function::tanh:
            return std::tanh(x);
        default:
            return x;
        }
    }

    /// Softmax of each row of factor * x.
    inline sample softmax_rows(sample x, double factor)
    {
        for (Eigen::Index i = 0; i < x.rows(); ++i)
        {
            const double largest = x.row(i).maxCoeff();
            x.row(i) = ((x.row(i).array() - largest) * factor).exp();
            x.row(i) /= x.row(i).sum();
        }
        return x;
    }

    /// One layer of one sample.
    class reference_layer
    {
    public:
        reference_layer(const model& network, const std::vector<sample>& inputs)
            : network_(network)
            , inputs_(inputs)
        {
        }

        sample operator()(const linear_operation& linear) const
        {
            if (linear.steps == time_steps::last)
                return projected(linear.weights, x().bottomRows(1));
            return projected(linear.weights, x());
        }

        sample operator()(const conv1d_operation& conv) const
        {
            const weight_tensor& weight = network_.weights()[conv.weights.weight];
            const auto in = static_cast<Eigen::Index>(conv.in_channels),
                       kernel = static_cast<Eigen::Index>(conv.kernel);
            const auto padding = static_cast<Eigen::Index>(conv.padding), time = x().rows();
            const auto dilation = static_cast<Eigen::Index>(conv.dilation);
            const Eigen::Index steps =
                (time + 2 * padding - dilation * (kernel - 1) - 1) / static_cast<Eigen::Index>(conv.stride) + 1;
            sample y = sample::Zero(steps, static_cast<Eigen::Index>(conv.out_channels));
            for (Eigen::Index t = 0; t < steps; ++t)
                for (Eigen::Index out = 0; out < y.cols(); ++out)
                {
                    y(t, out) = conv.weights.bias.empty() ? 0.0 : value(conv.weights.bias, out);
                    for (Eigen::Index k = 0; k < kernel; ++k)
                    {
                        Eigen::Index from = t * static_cast<Eigen::Index>(conv.stride) + k * dilation - padding;
                        if (conv.mode == padding_mode::circular)
                            from = (from + time) % time;
                        for (Eigen::Index channel = 0; from >= 0 && from < time && channel < in; ++channel)
                            y(t, out) +=
                                x()(from, channel)
                                * static_cast<double>(
                                    weight.values[static_cast<std::size_t>((out * in + channel) * kernel + k)]);
                    }
                }
            return y;
        }

        sample operator()(const attention_operation& attention) const
        {
            const sample q = projected(attention.query, x()), k = projected(attention.key, x()),
                         v = projected(attention.value, x());
            const auto d_head = static_cast<Eigen::Index>(attention.d_model / attention.heads);
            sample context(q.rows(), q.cols());
            for (Eigen::Index first = 0; first < q.cols(); first += d_head)
            {
                const sample scores = q.middleCols(first, d_head) * k.middleCols(first, d_head).transpose();
                sample weights = softmax_rows(scores, 1 / std::sqrt(static_cast<double>(d_head)));
                if (attention.sparse_factor > 0)
                    make_sparse(weights, scores, attention.sparse_factor);
                context.middleCols(first, d_head) = weights * v.middleCols(first, d_head);
            }
            return projected(attention.output, context);
        }

        sample operator()(const feed_forward_operation& ffn) const
        {
            const auto function = std::get<activation_operation>(network_[ffn.activation].operation).function;
            const sample hidden =
                projected(ffn.fc1, x()).unaryExpr([&](double value) { return activated(function, value); });
            return projected(ffn.fc2, hidden);
        }

        sample operator()(const layer_norm_operation& norm) const
        {
            sample s = x();
            if (inputs_.size() == 2)
                s += inputs_[1];
            for (Eigen::Index i = 0; i < s.rows(); ++i)
            {
                s.row(i).array() -= s.row(i).mean();
                s.row(i) /=
                    std::sqrt(s.row(i).squaredNorm() / static_cast<double>(s.cols()) + static_cast<double>(norm.eps));
                for (Eigen::Index j = 0; j < s.cols(); ++j)
                    s(i, j) = s(i, j) * value(norm.weights.weight, j)
                              + (norm.weights.bias.empty() ? 0.0 : value(norm.weights.bias, j));
            }
            return s;
        }

        sample operator()(const activation_operation& activation) const
        {
            return x().unaryExpr([&](double value) { return activated(activation.function, value); });
        }

        sample operator()(const softmax_operation&) const { return softmax_rows(x(), 1); }
        sample operator()(const dropout_operation&) const { return x(); }
        sample operator()(const add_operation&) const { return x() + inputs_[1]; }
        sample operator()(const flatten_operation&) const
        {
            return Eigen::Map<const sample>(x().data(), 1, x().size());
        }

        sample operator()(const positional_encoding_operation& encoding) const
        {
            sample y = x();
            for (Eigen::Index i = 0; i < y.size(); ++i)
                y.data()[i] += value(encoding.table, i);
            return y;
        }

        sample operator()(const embedding_operation& embedding) const
        {
            sample y(x().rows(), static_cast<Eigen::Index>(embedding.features));
            for (Eigen::Index t = 0; t < y.rows(); ++t)
                for (Eigen::Index j = 0; j < y.cols(); ++j)
                    y(t, j) = value(embedding.table, static_cast<Eigen::Index>(x()(t, 0)) * y.cols() + j);
            return y;
        }

        sample operator()(const pooling_operation& pooling) const
        {
            if (pooling.kernel == 0)
                return pooling.function == pooling_function::max ? sample(x().colwise().maxCoeff())
                                                                 : sample(x().colwise().mean());
            const auto kernel = static_cast<Eigen::Index>(pooling.kernel),
                       stride = static_cast<Eigen::Index>(pooling.stride),
                       padding = static_cast<Eigen::Index>(pooling.padding);
            sample y((x().rows() + 2 * padding - kernel) / stride + 1, x().cols());
            const bool max = pooling.function == pooling_function::max;
            for (Eigen::Index t = 0; t < y.rows(); ++t)
            {
                y.row(t).setConstant(max ? -std::numeric_limits<double>::infinity() : 0.0);
                for (Eigen::Index from = t * stride - padding; from < t * stride - padding + kernel; ++from)
                    if (from >= 0 && from < x().rows())
                        y.row(t) = max ? sample(y.row(t).cwiseMax(x().row(from)))
                                       : sample(y.row(t) + x().row(from) / static_cast<double>(kernel));
            }
            return y;
        }

    private:
        const sample& x() const { return inputs_[0]; }

        double value(const std::string& name, Eigen::Index i) const
        {
            return static_cast<double>(network_.weights()[name].values[static_cast<std::size_t>(i)]);
        }

        sample projected(const projection& names, const sample& from) const
        {
            const weight_tensor& weight = network_.weights()[names.weight];
            const Eigen::Map<const matrix_f> w(weight.values.data(), weight.shape[0], weight.shape[1]);
            sample y = from * w.cast<double>().transpose();
            for (Eigen::Index j = 0; j < y.cols() && !names.bias.empty(); ++j)
                y.col(j).array() += value(names.bias, j);
            return y;
        }

        /// All but the factor * ceil(ln(time)) rows whose scores stand out most become the mean.
        static void make_sparse(sample& weights, const sample& scores, std::size_t factor)
        {
            const Eigen::Index time = scores.rows();
            const auto kept =
                static_cast<Eigen::Index>(static_cast<double>(factor) * std::ceil(std::log(static_cast<double>(time))));
            const Eigen::VectorXd measure = scores.rowwise().maxCoeff() - scores.rowwise().mean();
            for (Eigen::Index i = 0; i < time; ++i)
                if ((measure.array() > measure(i)).count() >= kept)
                    weights.row(i).setConstant(1 / static_cast<double>(time));
        }

        using matrix_f = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

        const model& network_;
        const std::vector<sample>& inputs_;
    };

    /// The whole model on one sample.
    inline sample reference_forward(const model& network, const sample& x)
    {
        std::vector<sample> results(network.layers().size());
        for (std::size_t i = 0; i < results.size(); ++i)
        {
            if (network.is_inside(i))
                continue;
            std::vector<sample> inputs;
            for (const std::string& name : network.layers()[i].inputs)
                inputs.push_back(name == model_input ? x : results[network.index_of(name)]);
            results[i] = std::visit(reference_layer { network, inputs }, network.layers()[i].operation);
        }
        return results[network.output_layer()];
    }
}
