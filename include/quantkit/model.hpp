// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Whole models: build or describe them, calibrate, convert, run. Reading them from files is in model/model_file.hpp,
/// which needs a JSON library.
///
/// Not part of quantkit.hpp: a session instantiates every linear layer (model/compiled.hpp says how to spare that
/// time).
#pragma once

#include <quantkit/model/calibration.hpp>
#include <quantkit/model/initial_weights.hpp>
#include <quantkit/model/layer_kind.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session.hpp>
