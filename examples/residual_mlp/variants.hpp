// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The networks that are compared: float, written by hand and compiled, and what quantization makes of it.
#pragma once

#include "naive_network.hpp"
#include "support/data.hpp"
#include "support/session_call.hpp"

#include <quantkit/model/calibration.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace demo
{
    struct variant
    {
        std::string name;
        std::function<quantkit::matrix_f(const quantkit::matrix_f&)> logits;  // [samples, 4] -> [samples, 13]
        std::function<std::function<void()>(const quantkit::matrix_f&)> call; // what is timed; the input must stay
    };

    inline variant session_variant(std::string name, const quantkit::quantized_model& quantized)
    {
        constexpr std::size_t evaluation_batch = 32;
        const auto network = std::make_shared<const quantkit::session>(quantized);
        return { std::move(name),
                 [network](const quantkit::matrix_f& x) { return logits_of(*network, x, evaluation_batch); },
                 [network](const quantkit::matrix_f& x)
                 { return [network, run = session_call(*network, x)] { run(); }; } };
    }

    inline variant naive_variant(const quantkit::weight_set& weights)
    {
        const auto network = std::make_shared<const naive_network>(weights);
        return { "FP32, by hand", *network, [network](const quantkit::matrix_f& x) {
                    return [network, &x] { static_cast<void>((*network)(x)); };
                } };
    }

    /// calibration  [samples, 4]
    inline std::vector<variant> all_variants(const quantkit::model& network, const quantkit::matrix_f& calibration)
    {
        using namespace quantkit;
        prepared_model prepared = prepare(network);
        calibrate(prepared, calibration);
        precision_plan spared { int8_static };
        spared.layers["stem"] = spared.layers["head"] = fp32_layer;
        return {
            naive_variant(network.weights()),
            session_variant("FP32", quantize_model(network, precision_plan {})),
            session_variant("FP16", quantize_model(network, precision_plan { fp16_layer })),
            session_variant("INT8 static", convert(prepared)),
            session_variant("INT8 static, stem and head FP32", convert(prepared, spared)),
            session_variant("INT8 dynamic", quantize_dynamic(network)),
            session_variant("INT8 dynamic per row", quantize_dynamic(network, int8_dynamic_per_row)),
        };
    }
}
