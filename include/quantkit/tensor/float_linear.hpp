// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The float twin of int8_linear.hpp: y = epilogue(x * W^T), with Eigen's product and the same stages.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/types.hpp>

#include <cstddef>
#include <utility>

namespace quantkit
{
    template <class... Stages>
    class float_linear
    {
        static_assert(!epilogue<Stages...>::takes_sums, "float_linear has no integer sums");

    public:
        using output_type = typename epilogue<Stages...>::output_type;

        /// weight  [out_features, in_features]; copied
        template <class Arch = kernels::active_arch>
        explicit float_linear(matrix_ref weight, epilogue<Stages...> stages = epilogue<Stages...> {})
            : weight_(weight)
            , stages_(std::move(stages))
        {
            stages_.check_columns(out_features());
        }

        QUANTKIT_INLINE std::size_t in_features() const { return static_cast<std::size_t>(weight_.cols()); }
        QUANTKIT_INLINE std::size_t out_features() const { return static_cast<std::size_t>(weight_.rows()); }

        /// x  [m, in_features]
        template <class Arch = kernels::active_arch>
        matrix<output_type> operator()(matrix_ref x) const
        {
            require(x.cols() == weight_.cols(), "the input must have the shape [m, ", in_features(), "], but has [",
                    x.rows(), ", ", x.cols(), "]");
            static_assert(!epilogue<Stages...>::reads_output, "float_linear returns its output: nothing to accumulate");
            stages_.check_output({ x.rows(), weight_.rows() });
            matrix_f sums = x * weight_.transpose();
            if constexpr (std::same_as<output_type, float>)
            {
                finish(sums, sums);
                return sums;
            }
            else
            {
                matrix<output_type> y(sums.rows(), sums.cols());
                finish(sums, y);
                return y;
            }
        }

    private:
        template <class Arch = kernels::active_arch>
        void finish(const matrix_f& sums, matrix<output_type>& y) const
        {
            const auto columns = static_cast<std::size_t>(sums.cols());
            const kernels::finished_tile<float> all { sums.data(), columns, static_cast<std::size_t>(sums.rows()),
                                                      columns,     0,       0 };
            const auto kernel_epilogue = stages_.kernel_epilogue({ y.data(), y.outerStride(), 1 });
            using kernel_type = std::remove_const_t<decltype(kernel_epilogue)>;
            kernels::finish_function_of<float, kernel_type>(kernels::best_micro_kernel().lanes)(all, kernel_epilogue);
        }

        matrix_f weight_;
        epilogue<Stages...> stages_;
    };

    template <class Weight, class... Stages>
    float_linear(const Weight&, epilogue<Stages...>) -> float_linear<Stages...>;
    template <class Weight>
    float_linear(const Weight&) -> float_linear<>;
}
