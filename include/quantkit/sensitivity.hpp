// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which layers of a model bear few bits: measure, plan, verify. Start reading in
/// sensitivity/sensitivity_evaluator.hpp; a model of another runtime needs what sensitivity/evaluated_model.hpp asks
/// for and nothing of model/.
///
/// Not part of quantkit.hpp, as model.hpp. Processes of MPI are in sensitivity/mpi_executor.hpp.
#pragma once

#include <quantkit/sensitivity/evaluation_result.hpp>
#include <quantkit/sensitivity/evidence.hpp>
#include <quantkit/sensitivity/greedy_search.hpp>
#include <quantkit/sensitivity/layer_latency.hpp>
#include <quantkit/sensitivity/layer_result_errors.hpp>
#include <quantkit/sensitivity/pair_interactions.hpp>
#include <quantkit/sensitivity/pareto_front.hpp>
#include <quantkit/sensitivity/plan_presets.hpp>
#include <quantkit/sensitivity/prior_summary.hpp>
#include <quantkit/sensitivity/result_text.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
