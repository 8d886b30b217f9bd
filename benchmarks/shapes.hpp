// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Shapes of products that people run: [m, k] activations times [n, k] weights.
#pragma once

#include <cstdint>
#include <vector>

namespace quantkit::bench
{
    struct product_shape
    {
        std::int64_t m, n, k;
    };

    inline std::vector<product_shape> product_shapes()
    {
        std::vector<product_shape> shapes;
        for (const std::int64_t size : { 256, 512, 1024, 2048 }) // squares
            shapes.push_back({ size, size, size });
        const auto layer = [&](std::int64_t n, std::int64_t k, std::initializer_list<std::int64_t> batches)
        {
            for (const std::int64_t m : batches)
                shapes.push_back({ m, n, k });
        };
        layer(768, 768, { 1, 8, 32, 128, 512 });   // BERT base: attention projections
        layer(3072, 768, { 1, 8, 32, 128, 512 });  // BERT base: feed-forward, up
        layer(768, 3072, { 1, 8, 32, 128, 512 });  // BERT base: feed-forward, down
        layer(4096, 4096, { 1, 8, 32, 128, 512 }); // a 7-billion-parameter transformer
        layer(256, 256, { 1, 4, 8, 16 });          // small residual networks
        layer(100, 784, { 1, 64, 256 });           // the layers of examples/quantize_mlp
        layer(100, 100, { 1, 64, 256 });
        layer(10, 100, { 1, 64, 256 });
        layer(129, 131, { 127 }); // odd in every extent
        layer(1000, 77, { 33 });
        return shapes;
    }
}
