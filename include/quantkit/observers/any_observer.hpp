// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An observer whose type is chosen at run time.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/observer.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Holds a copy of any batch_observer; copies are deep.
    class any_observer
    {
    public:
        /// A copy of the observer, or what is moved in.
        template <class Observer>
            requires(!std::same_as<std::remove_cvref_t<Observer>, any_observer>)
        &&batch_observer<std::remove_cvref_t<Observer>> any_observer(Observer&& observer)
            : held_(std::make_unique<holder<std::remove_cvref_t<Observer>>>(std::forward<Observer>(observer)))
        {
        }

        any_observer(const any_observer& other)
            : held_(other.held_->copy())
        {
        }
        any_observer(any_observer&&) noexcept = default;
        /// A deep copy.
        any_observer& operator=(any_observer other) noexcept
        {
            held_ = std::move(other.held_);
            return *this;
        }
        ~any_observer() = default;

        void observe(const tensor_view<const float>& batch) { held_->observe(batch); }
        void reset() { held_->reset(); }
        real_range range() const { return held_->range(); }

    private:
        struct interface
        {
            virtual ~interface() = default;
            virtual std::unique_ptr<interface> copy() const = 0;
            virtual void observe(const tensor_view<const float>& batch) = 0;
            virtual void reset() = 0;
            virtual real_range range() const = 0;
        };

        template <class Observer>
        struct holder final : interface
        {
            explicit holder(Observer its_observer)
                : observer(std::move(its_observer))
            {
            }

            std::unique_ptr<interface> copy() const override { return std::make_unique<holder>(observer); }
            void observe(const tensor_view<const float>& batch) override { observer.observe(batch); }
            void reset() override { observer.reset(); }
            real_range range() const override { return observer.range(); }

            Observer observer;
        };

        std::unique_ptr<interface> held_;
    };
    static_assert(batch_observer<any_observer>);
}
