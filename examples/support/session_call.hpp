// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A session and memory for its results, as a function that can be timed.
#pragma once

#include <quantkit/model/session.hpp>
#include <quantkit/tensor/types.hpp>

#include <functional>
#include <memory>

namespace demo
{
    /// Runs the network on x, which must stay where it is, as the network must; allocates in its first call only.
    inline std::function<void()> session_call(const quantkit::session& network, const quantkit::matrix_f& x)
    {
        const auto samples = x.rows() / static_cast<Eigen::Index>(network.input_shape().time);
        const auto result =
            std::make_shared<quantkit::matrix_f>(samples, static_cast<Eigen::Index>(network.output_shape().features));
        const auto workspace = std::make_shared<quantkit::session_workspace>();
        return [&network, &x, result, workspace] { network.run(x, *result, *workspace); };
    }
}
