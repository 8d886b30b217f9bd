// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>

#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <vector>

TEST_CASE("row functions: those of the family that finishes the tiles of the best product")
{
    namespace qk = quantkit::kernels;
    CHECK(&qk::best_row_functions() == &qk::row_functions_of(qk::best_micro_kernel().lanes));
}

TEST_CASE("row functions: each family has its own, whole")
{
    namespace qk = quantkit::kernels;
    std::vector<const qk::row_functions*> seen;
    quantkit::test::for_each_lane_family(
        [&](qk::lane_family lanes)
        {
            const qk::row_functions& functions = qk::row_functions_of(lanes);
            for (const qk::row_functions* other : seen)
            {
                CHECK((functions.softmax != other->softmax));
                CHECK((functions.layer_norm != other->layer_norm));
                CHECK((functions.max_pool != other->max_pool));
            }
            seen.push_back(&functions);
        });
}
