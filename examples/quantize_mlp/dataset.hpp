// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Fashion-MNIST, from the package that distributions ship or from the small sample beside this file.
#pragma once

#include "idx.hpp"

#include <quantkit/tensor/types.hpp>

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace demo
{
    inline constexpr std::size_t calibration_images = 512;

    struct fashion_mnist
    {
        quantkit::matrix_f images;        // [test images, 784], normalized as in training
        std::vector<std::uint8_t> labels; // [test images]
        quantkit::matrix_f calibration;   // [512, 784], the first training images
        std::filesystem::path folder;
        bool is_sample = false;
    };

    /// (pixel / 255 - 0.2860) / 0.3530: the mean and deviation with which the network was trained.
    inline quantkit::matrix_f normalized(const idx_data& images)
    {
        using pixels = Eigen::Map<const quantkit::matrix<std::uint8_t>>;
        const auto count = static_cast<Eigen::Index>(images.shape[0]);
        const auto size = static_cast<Eigen::Index>(images.values.size()) / count;
        const quantkit::matrix_f values = pixels(images.values.data(), count, size).cast<float>();
        return (values.array() / 255.0f - 0.2860f) / 0.3530f;
    }

    inline bool has_fashion_mnist(const std::filesystem::path& folder)
    {
        return std::filesystem::exists(folder / "t10k-images-idx3-ubyte.gz");
    }

    /// Where a distribution's package puts the data set: datasets/fashion-mnist in one of XDG_DATA_DIRS. Else empty.
    inline std::filesystem::path installed_folder()
    {
        const char* data_dirs = std::getenv("XDG_DATA_DIRS");
        std::istringstream folders(data_dirs && *data_dirs ? data_dirs : "/usr/local/share:/usr/share");
        for (std::string folder; std::getline(folders, folder, ':');)
            if (const auto path = std::filesystem::path(folder) / "datasets" / "fashion-mnist"; has_fashion_mnist(path))
                return path;
        return {};
    }

    /// From the folder given; if it is empty, from the installed package; without one, from the sample.
    inline fashion_mnist load_fashion_mnist(std::filesystem::path folder, const std::filesystem::path& sample)
    {
        if (folder.empty())
            folder = installed_folder();
        const bool is_sample = folder.empty();
        if (is_sample)
            folder = sample;

        constexpr auto all = std::numeric_limits<std::size_t>::max();
        const idx_data images = read_idx(folder / "t10k-images-idx3-ubyte.gz", 3, all);
        idx_data labels = read_idx(folder / "t10k-labels-idx1-ubyte.gz", 1, all);
        const idx_data training = read_idx(folder / "train-images-idx3-ubyte.gz", 3, calibration_images);
        if (labels.shape[0] != images.shape[0])
            throw std::runtime_error(folder.string() + ": " + std::to_string(images.shape[0]) + " test images but "
                                     + std::to_string(labels.shape[0]) + " labels");
        return { normalized(images), std::move(labels.values), normalized(training), folder, is_sample };
    }
}
