// SPDX-License-Identifier: BSD-3-Clause
// What gradient_check.hpp declares: all layers in double, compiled once for the tests that check gradients.
#include <quantkit/training/graph_builder.hpp>

template quantkit::training::training_graph<double> quantkit::training::graph_of<double>(
    const quantkit::model& network, const quantkit::training::fake_quant_plan& plan);
