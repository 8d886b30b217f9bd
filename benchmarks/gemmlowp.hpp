// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// gemmlowp's product of codes, for comparison in the same run. Its SIMD follows the flags of the program; it packs B
/// in each call.
#pragma once

#include <public/gemmlowp.h>

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace quantkit::bench
{
    /// u8 [m, k] x s8 [n, k]^T -> s32 [m, n]. gemmlowp knows u8 only: B is shifted by 128, and its offset back.
    class gemmlowp_product
    {
    public:
        gemmlowp_product(std::int64_t m, std::int64_t n, std::int64_t k, const std::uint8_t* a, const std::int8_t* b,
                         std::int32_t* c)
            : b_(static_cast<std::size_t>(n * k))
            , left_(a, static_cast<int>(m), static_cast<int>(k))
            , right_(b_.data(), static_cast<int>(k), static_cast<int>(n))
            , result_(c, static_cast<int>(m), static_cast<int>(n))
        {
            for (std::size_t i = 0; i < b_.size(); ++i)
                b_[i] = static_cast<std::uint8_t>(b[i] + 128);
            context_.set_max_num_threads(1);
        }

        void run()
        {
            gemmlowp::GemmWithOutputPipeline<std::uint8_t, std::int32_t, gemmlowp::DefaultL8R8BitDepthParams>(
                &context_, left_, right_, &result_, 0, -128, std::make_tuple());
        }

    private:
        std::vector<std::uint8_t> b_;
        gemmlowp::MatrixMap<const std::uint8_t, gemmlowp::MapOrder::RowMajor> left_;
        gemmlowp::MatrixMap<const std::uint8_t, gemmlowp::MapOrder::ColMajor> right_;
        gemmlowp::MatrixMap<std::int32_t, gemmlowp::MapOrder::RowMajor> result_;
        gemmlowp::GemmContext context_;
    };
}
