// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/shape_inference.hpp>

#include "model/random_weights.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    /// The shape of one layer's result, with weights that fit unless others are given.
    struct one_layer
    {
        std::vector<sample_shape> inputs;
        weight_set weights {};

        sample_shape shape(const layer_operation& operation) const
        {
            layer each { "x", layer_kind::feed_forward, operation, {} };
            for (std::size_t i = 0; i < inputs.size(); ++i)
                each.inputs.push_back("input" + std::to_string(i));
            const weight_set fitting = random_weights(1, 8, 4).of({ each });
            return quantkit::detail::shape_inference(each, inputs, weights.size() > 0 ? weights : fitting)();
        }

        std::string error(const layer_operation& operation) const
        {
            const std::string text = error_of([&] { shape(operation); });
            const std::string start = said("layer 'x': ");
            return text.starts_with(start) ? text.substr(start.size()) : "not the start of an error: " + text;
        }
    };

    weight_set one_weight(const std::string& name, const tensor_shape& shape)
    {
        weight_set weights;
        weights.add(name, shape, std::vector<float>(static_cast<std::size_t>(element_count(shape))));
        return weights;
    }

    const one_layer on_sequence { { { 6, 4 } } };
    const one_layer on_two { { { 6, 4 }, { 6, 4 } } };
    const projection named { "w", "b" };
}

TEST_CASE("shapes of results")
{
    CHECK(on_sequence.shape(linear_operation { 4, 3, named }) == sample_shape { 6, 3 });
    CHECK(on_sequence.shape(linear_operation { 4, 3, named, time_steps::last }) == sample_shape { 1, 3 });
    CHECK(on_sequence.shape(attention_operation { 4, 2, named, named, named, named }) == sample_shape { 6, 4 });
    CHECK(on_sequence.shape(feed_forward_operation { 4, 9, { "u", "v" }, named, "act" }) == sample_shape { 6, 4 });
    CHECK(on_sequence.shape(layer_norm_operation { 4, named }) == sample_shape { 6, 4 });
    CHECK(on_two.shape(layer_norm_operation { 4, named }) == sample_shape { 6, 4 });
    CHECK(on_sequence.shape(activation_operation {}) == sample_shape { 6, 4 });
    CHECK(on_sequence.shape(softmax_operation {}) == sample_shape { 6, 4 });
    CHECK(on_sequence.shape(dropout_operation { 0.5f }) == sample_shape { 6, 4 });
    CHECK(on_two.shape(add_operation {}) == sample_shape { 6, 4 });
    CHECK(on_sequence.shape(flatten_operation {}) == sample_shape { 1, 24 });
    CHECK(on_sequence.shape(positional_encoding_operation { "t" }) == sample_shape { 6, 4 });
    CHECK(one_layer { { { 6, 1 } } }.shape(embedding_operation { 9, 5, "t" }) == sample_shape { 6, 5 });
    CHECK(on_sequence.shape(pooling_operation {}) == sample_shape { 1, 4 });
}

TEST_CASE("windows over time: as many as start inside the padded input and end there")
{
    for (std::size_t kernel = 1; kernel <= 4; ++kernel)
        for (std::size_t stride = 1; stride <= 3; ++stride)
            for (std::size_t padding = 0; padding <= 3; ++padding)
                for (std::size_t dilation = 1; dilation <= 2; ++dilation)
                {
                    std::size_t windows = 0;
                    for (std::size_t start = 0; start + (kernel - 1) * dilation < 6 + 2 * padding; start += stride)
                        ++windows;
                    if (windows == 0)
                        continue;
                    const conv1d_operation conv { 4, 2, kernel, named, stride, padding, dilation };
                    REQUIRE(on_sequence.shape(conv) == sample_shape { windows, 2 });
                    const pooling_operation pooling { pooling_function::mean, kernel, stride, padding };
                    if (dilation == 1 && padding <= kernel / 2)
                        REQUIRE(on_sequence.shape(pooling) == sample_shape { windows, 4 });
                }
}

TEST_CASE("inputs that do not fit")
{
    CHECK(on_sequence.error(linear_operation { 5, 3, named }) == "takes 5 features, but 'input0' has 4");
    CHECK(on_sequence.error(conv1d_operation { 3, 2, 1, named }) == "takes 3 features, but 'input0' has 4");
    CHECK(on_sequence.error(embedding_operation { 9, 5, "t" }) == "takes 1 features, but 'input0' has 4");
    CHECK(on_sequence.error(layer_norm_operation { 3, named }) == "takes 3 features, but 'input0' has 4");
    CHECK(on_two.error(layer_norm_operation { 3, named }) == "normalizes 3 features, but its input has 4");
    CHECK(one_layer {}.error(softmax_operation {}) == "needs one input, but has 0");
    CHECK(on_two.error(flatten_operation {}) == "needs one input, but has 2");
    CHECK(on_sequence.error(add_operation {}) == "needs two inputs, but has 1");
    CHECK(one_layer { { { 6, 4 }, { 4, 6 } } }.error(add_operation {}) == "cannot add 6 x 4 and 4 x 6");
    CHECK(one_layer { { { 6, 4 }, { 1, 4 } } }.error(layer_norm_operation { 4, named })
          == "cannot add 6 x 4 and 1 x 4");
}

TEST_CASE("weights that are missing, of another shape or empty")
{
    const weight_set other = one_weight("w", { 3, 5 });
    CHECK(one_layer { { { 6, 4 } }, other }.error(linear_operation { 4, 3, { "v", "" } })
          == "the weight 'v' is missing");
    CHECK(one_layer { { { 6, 4 } }, other }.error(linear_operation { 4, 3, { "w", "" } })
          == "the weight 'w' must have the shape [3, 4], but has [3, 5]");
    CHECK(one_layer { { { 6, 5 } }, other }.error(linear_operation { 5, 3, { "w", "b" } })
          == "the weight 'b' is missing");
    CHECK(one_layer { { { 6, 5 } }, other }.error(linear_operation { 5, 3, { "w", "w" } })
          == "the weight 'w' must have the shape [3], but has [3, 5]");
    CHECK(one_layer { { { 6, 4 } }, other }.error(conv1d_operation { 4, 3, 2, { "w", "" } })
          == "the weight 'w' must have the shape [3, 4, 2], but has [3, 5]");
    CHECK(one_layer { { { 6, 4 } }, other }.error(positional_encoding_operation { "t" })
          == "the weight 't' is missing");
    CHECK(one_layer { { { 6, 4 } }, other }.error(positional_encoding_operation { "w" })
          == "the table 'w' of shape [3, 5] does not cover an input of 6 steps of 4 features");
    CHECK(one_layer { { { 6, 1 } }, other }.error(embedding_operation { 9, 5, "t" }) == "the weight 't' is missing");
    CHECK(one_layer { { { 6, 4 } }, one_weight("w", { 0, 4 }) }.error(linear_operation { 4, 0, { "w", "" } })
          == "the weight 'w' of shape [0, 4] is empty");
}

TEST_CASE("a table of positions may be longer than the input, not shorter or wider")
{
    const positional_encoding_operation positions { "t" };
    CHECK(one_layer { { { 6, 4 } }, one_weight("t", { 6, 4 }) }.shape(positions) == sample_shape { 6, 4 });
    CHECK(one_layer { { { 6, 4 } }, one_weight("t", { 7, 4 }) }.shape(positions) == sample_shape { 6, 4 });
    for (const tensor_shape& shape : { tensor_shape { 5, 4 }, tensor_shape { 6, 5 }, tensor_shape { 24 } })
        CHECK(
            one_layer { { { 6, 4 } }, one_weight("t", shape) }.error(positions).starts_with("the table 't' of shape"));
}

TEST_CASE("heads and windows that do not fit")
{
    const attention_operation attention { 4, 3, named, named, named, named };
    CHECK(on_sequence.error(attention) == "d_model 4 cannot be divided among 3 heads");
    CHECK(on_sequence.error(attention_operation { 4, 0, named, named, named, named })
          == "d_model 4 cannot be divided among 0 heads");
    CHECK(on_sequence.error(conv1d_operation { 4, 2, 7, named })
          == "a window of 7 steps does not fit an input of 6 with a padding of 0");
    CHECK(on_sequence.error(conv1d_operation { 4, 2, 3, named, 1, 0, 3 })
          == "a window of 7 steps does not fit an input of 6 with a padding of 0");
    CHECK(on_sequence.error(conv1d_operation { 4, 2, 1, named, 0 })
          == "kernel, stride and dilation must be at least 1, but are 1, 0, 1");
    CHECK(on_sequence.error(conv1d_operation { 4, 2, 1, named, 1, 7, 1, padding_mode::circular })
          == "circular padding of 7 steps is longer than the 6 steps of the input");
    CHECK(on_sequence.error(pooling_operation { pooling_function::max, 3, 0 }) == "the stride must be at least 1");
    CHECK(on_sequence.error(pooling_operation { pooling_function::max, 3, 1, 2 })
          == "a padding of 2 is more than half of the kernel of 3");
    CHECK(on_sequence.error(pooling_operation { pooling_function::mean, 0, 1, 5 })
          == "one window over all steps has no padding, but it is 5");
    CHECK(on_sequence.error(pooling_operation { pooling_function::max, 9, 1, 1 })
          == "a window of 9 steps does not fit an input of 6 with a padding of 1");
}

TEST_CASE("extents whose sums would wrap around")
{
    const std::size_t huge = std::size_t { 1 } << 63;
    CHECK(on_sequence.error(conv1d_operation { 4, 2, 3, named, 1, 0, huge })
          == "a dilation of 9223372036854775808 and a padding of 0 steps: neither can be more than 2147483648");
    CHECK(on_sequence.error(conv1d_operation { 4, 2, 3, named, 1, huge, 1 })
          == "a dilation of 1 and a padding of 9223372036854775808 steps: neither can be more than 2147483648");
    CHECK(on_sequence.error(pooling_operation { pooling_function::max, huge, 1, huge / 2 })
          == "a kernel of 9223372036854775808 steps is more than 2147483648");
}
