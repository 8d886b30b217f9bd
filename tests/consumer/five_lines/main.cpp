// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/tensor/linear.hpp>

#include <iostream>

int main()
{
    const quantkit::matrix_f weight = quantkit::matrix_f::Random(64, 128); // [out_features, in_features]
    const quantkit::matrix_f x = quantkit::matrix_f::Random(4, 128);       // [batch, in_features]

    const auto layer = quantkit::linear(weight, quantkit::int8_precision {});
    const quantkit::matrix_f y = layer(x), expected = x * weight.transpose();
    std::cout << "relative error " << (y - expected).norm() / expected.norm() << '\n';
}
