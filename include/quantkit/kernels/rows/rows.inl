// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Everything that a row_functions points to, once for all instruction sets. rows_<isa>.hpp includes this inside its
/// namespace and defines QUANTKIT_LANES for what is always inlined, QUANTKIT_ROWS for whole functions.
#include <quantkit/kernels/rows/row_blocks.inl>

#include <quantkit/kernels/gemm/activations.inl>

#include <quantkit/kernels/rows/layer_norm.inl>
#include <quantkit/kernels/rows/pooling.inl>
#include <quantkit/kernels/rows/row_values.inl>
#include <quantkit/kernels/rows/softmax.inl>

inline constexpr row_functions all_row_functions {
    &softmax, &layer_norm, &activate, &add_values, &max_pool, &mean_pool
};
