// SPDX-License-Identifier: BSD-3-Clause
// Networks in training, in the static library quantkit::model: see include/quantkit/model/compiled.hpp.
#include <quantkit/training/graph_builder.hpp>

template quantkit::training::training_graph<float> quantkit::training::graph_of<float>(
    const quantkit::model& network, const quantkit::training::fake_quant_plan& plan);
