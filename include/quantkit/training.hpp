// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Training: a network with gradients from any model, losses, optimizers, fake-quantizers.
///
/// Not part of quantkit.hpp.
#pragma once

#include <quantkit/training/adam.hpp>
#include <quantkit/training/clip_gradients.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/fake_quantize.hpp>
#include <quantkit/training/fit.hpp>
#include <quantkit/training/fold_batch_norm.hpp>
#include <quantkit/training/learning_rate.hpp>
#include <quantkit/training/losses.hpp>
#include <quantkit/training/mini_batches.hpp>
#include <quantkit/training/network.hpp>
#include <quantkit/training/optimizer.hpp>
#include <quantkit/training/parameter.hpp>
#include <quantkit/training/qat.hpp>
#include <quantkit/training/sgd.hpp>
#include <quantkit/training/weight_initialization.hpp>
