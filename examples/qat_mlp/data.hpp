// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Fashion-MNIST for training: the images that quantize_mlp knows, with labels.
#pragma once

#include "quantize_mlp/dataset.hpp"

#include <quantkit/tensor/types.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace demo
{
    struct labelled_images
    {
        quantkit::matrix_f images; // [count, 784], normalized
        std::vector<std::int32_t> labels;
    };

    struct training_data
    {
        labelled_images training, test;
        std::filesystem::path folder;
        bool is_sample = false;
    };

    /// prefix  "train" or "t10k"
    inline labelled_images read_images(const std::filesystem::path& folder, const std::string& prefix,
                                       std::size_t most_images)
    {
        const idx_data images = read_idx(folder / (prefix + "-images-idx3-ubyte.gz"), 3, most_images);
        const idx_data labels = read_idx(folder / (prefix + "-labels-idx1-ubyte.gz"), 1, most_images);
        if (images.shape[0] != labels.shape[0])
            throw std::runtime_error(folder.string() + ": " + std::to_string(images.shape[0]) + " images of '" + prefix
                                     + "' but " + std::to_string(labels.shape[0]) + " labels");
        return { normalized(images), { labels.values.begin(), labels.values.end() } };
    }

    /// From the folder given; if it is empty, from the installed package; without one, from quantize_mlp's sample.
    inline training_data load_training_data(std::filesystem::path folder, const std::filesystem::path& sample,
                                            std::size_t most_images)
    {
        if (folder.empty())
            folder = installed_folder();
        const bool is_sample = folder.empty();
        if (is_sample)
            folder = sample;
        return { read_images(folder, "train", most_images), read_images(folder, "t10k", most_images), folder,
                 is_sample };
    }
}
