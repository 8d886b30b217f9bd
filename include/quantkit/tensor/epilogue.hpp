// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a layer does to its sums before it returns them, as a list of stages: epilogue { add_bias { b }, relu {} }.
///
/// The stages are in tensor/epilogue_stages.hpp and tensor/fixed_point_stages.hpp. A stage of your own is any struct or
/// lambda that is callable as float(float x, std::size_t row, std::size_t column).
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/stage_list.hpp>
#include <quantkit/tensor/epilogue_stages.hpp>
#include <quantkit/tensor/fixed_point_stages.hpp>

#include <concepts>
#include <cstddef>
#include <utility>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <class Stage>
        concept named_stage = requires(const Stage& stage)
        {
            stage.stage();
        };

        template <class Stage>
        inline constexpr bool reads_output = requires
        {
            Stage::reads_output;
        };

        /// Whether a stage works on the exact sums, so that nothing may make floats of them before.
        template <class Stage>
        inline constexpr bool takes_sums = requires
        {
            Stage::takes_sums;
        };

        template <class Stage>
        inline constexpr bool makes_floats =
            std::same_as<Stage, kernels::scale_columns> || std::same_as<Stage, kernels::scale_outer>;

        /// The kernels' stages for one of the user's.
        template <class Stage, class T>
        auto kernel_stages(const Stage& stage, kernels::matrix_view<T> c)
        {
            if constexpr (named_stage<Stage>)
                return kernels::stage_list(stage.stage());
            else if constexpr (requires { stage.stages(); })
                return stage.stages();
            else if constexpr (reads_output<Stage>)
            {
                static_assert(std::same_as<T, float>, "codes cannot be accumulated: the output must be float");
                return kernels::stage_list(stage.stage(c));
            }
            else
            {
                static_assert(
                    kernels::lane_stage<Stage>,
                    "an epilogue stage must be callable as float(float x, std::size_t row, std::size_t column)");
                return kernels::stage_list<Stage>(stage);
            }
        }

        template <class Stage>
        void check_columns(const Stage& stage, std::size_t columns)
        {
            if constexpr (requires { stage.check_columns(columns); })
                stage.check_columns(columns);
        }

        template <class Stage>
        void check_output(const Stage& stage, const tensor_shape& output)
        {
            if constexpr (requires { stage.check_output(output); })
                stage.check_output(output);
        }

        /// A stage that the layer adds, unless the user's work on the sums as they are.
        template <bool TakesSums, class Stage>
        auto layer_stage(const Stage& stage)
        {
            if constexpr (TakesSums && makes_floats<Stage>)
                return kernels::stage_list<>();
            else
                return kernels::stage_list<Stage>(stage);
        }

        template <class C, class... Stages>
        auto kernel_epilogue_of(kernels::matrix_view<C> c, kernels::stage_list<Stages...> stages)
        {
            return kernels::epilogue_of<kernels::store_to<C>, Stages...> { std::move(stages), { c } };
        }

        /// What leaves codes, which no stage takes.
        template <class Stage>
        concept makes_codes = requires
        {
            typename Stage::code_type;
        };

        template <class... Stages>
        struct output_of
        {
            using type = float;
        };

        template <class First, class... Rest>
        struct output_of<First, Rest...> : output_of<Rest...>
        {
        };

        template <makes_codes Last>
        struct output_of<Last>
        {
            using type = typename Last::code_type;
        };
    }

    /// Stages in the order in which they run.
    template <class... Stages>
    class epilogue
    {
    public:
        /// float, or the code type of a final quantize_to or requantize_fixed_point.
        using output_type = typename detail::output_of<Stages...>::type;

        static_assert((std::size_t { detail::makes_codes<Stages> } + ... + 0) == !std::same_as<output_type, float>,
                      "quantize_to and requantize_fixed_point must be the last stage");

        /// Whether the output must hold something before the call.
        static constexpr bool reads_output = (detail::reads_output<Stages> || ...);

        /// Whether the stages work on the exact sums, without floating point: all of them, then.
        static constexpr bool takes_sums = (detail::takes_sums<Stages> || ...);
        static_assert(!takes_sums || ((detail::takes_sums<Stages> && ...) && !std::same_as<output_type, float>),
                      "stages without floating point are add_integer_bias and a final requantize_fixed_point");

        QUANTKIT_INLINE explicit epilogue(Stages... stages)
            : stages_(std::move(stages)...)
        {
        }

        /// Throws unless every stage fits a layer with this many outputs.
        template <class Arch = kernels::active_arch>
        void check_columns(std::size_t columns) const
        {
            stages_.apply([&](const Stages&... stages) { (detail::check_columns(stages, columns), ...); });
        }

        /// Throws unless every stage fits this output; checked at each call.
        template <class Arch = kernels::active_arch>
        void check_output(const tensor_shape& output) const
        {
            stages_.apply([&](const Stages&... stages) { (detail::check_output(stages, output), ...); });
        }

        /// The kernels' form: `first` stages that the layer adds, then these, then the store to c.
        template <class Arch = kernels::active_arch, class... First>
        auto kernel_epilogue(kernels::matrix_view<output_type> c, First... first) const
        {
            return stages_.apply(
                [&](const Stages&... stages)
                {
                    return detail::kernel_epilogue_of(c, kernels::joined(detail::layer_stage<takes_sums>(first)...,
                                                                         detail::kernel_stages(stages, c)...));
                });
        }

    private:
        kernels::stage_list<Stages...> stages_;
    };

    template <class... Stages>
    epilogue(Stages...) -> epilogue<Stages...>;
}
