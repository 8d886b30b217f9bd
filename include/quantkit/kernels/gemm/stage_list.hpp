// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The stages of an epilogue, in order: what std::tuple would be, at a fraction of its time to compile, and trivially
/// copyable where the stages are.
#pragma once

#include <quantkit/core/config.hpp>

#include <cstddef>
#include <utility>

namespace quantkit::kernels
{
    /// A stage and its place in the list.
    template <std::size_t Index, class Stage>
    struct stage_slot
    {
        Stage stage;
    };

    /// One slot for each stage; Indices is std::index_sequence<0, 1, ...>.
    template <class Indices, class... Stages>
    struct stage_slots;

    /// The slots are its bases.
    template <std::size_t... Indices, class... Stages>
    struct stage_slots<std::index_sequence<Indices...>, Stages...> : stage_slot<Indices, Stages>...
    {
        constexpr stage_slots() = default;
        QUANTKIT_INLINE constexpr stage_slots(Stages... stages) requires(sizeof...(Stages) > 0)
            : stage_slot<Indices, Stages> { std::move(stages) }...
        {
        }

        /// visit(first, second, ...)
        template <class Visit>
        QUANTKIT_INLINE constexpr decltype(auto) apply(Visit&& visit) const&
        {
            return visit(static_cast<const stage_slot<Indices, Stages>&>(*this).stage...);
        }
        /// The same, moving the stages.
        template <class Visit>
        QUANTKIT_INLINE constexpr decltype(auto) apply(Visit&& visit) &&
        {
            return visit(static_cast<stage_slot<Indices, Stages>&&>(*this).stage...);
        }
    };

    template <class... Stages>
    struct stage_list : stage_slots<std::index_sequence_for<Stages...>, Stages...>
    {
        using stage_slots<std::index_sequence_for<Stages...>, Stages...>::stage_slots;

        static constexpr std::size_t size = sizeof...(Stages);
    };

    template <class... Stages>
    stage_list(Stages...) -> stage_list<Stages...>;

    /// The stage at Index.
    template <std::size_t Index, class Stage>
    QUANTKIT_INLINE constexpr const Stage& stage_at(const stage_slot<Index, Stage>& slot)
    {
        return slot.stage;
    }

    /// The only stage of this type.
    template <class Stage, std::size_t Index>
    QUANTKIT_INLINE constexpr const Stage& stage_of(const stage_slot<Index, Stage>& slot)
    {
        return slot.stage;
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The stages of all lists, in order, moved out of them.
    constexpr stage_list<> joined() { return {}; }
    /// Of one list.
    template <class... Stages>
    constexpr stage_list<Stages...> joined(stage_list<Stages...> list)
    {
        return list;
    }
    /// Of two lists or more.
    template <class... First, class... Second, class... Rest>
    constexpr auto joined(stage_list<First...> first, stage_list<Second...> second, Rest... rest)
    {
        const auto both = [&](First&&... from_first)
        {
            return std::move(second).apply(
                [&](Second&&... from_second)
                { return stage_list<First..., Second...>(std::move(from_first)..., std::move(from_second)...); });
        };
        return joined(std::move(first).apply(both), std::move(rest)...);
    }
}
