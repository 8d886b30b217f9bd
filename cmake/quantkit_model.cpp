// SPDX-License-Identifier: BSD-3-Clause
// The static library quantkit::model: see include/quantkit/model/compiled.hpp.
#include <quantkit/model/compile_steps.hpp>
#include <quantkit/model/quantize_products.hpp>
