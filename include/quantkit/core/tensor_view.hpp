// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Any tensor as a pointer, extents and strides, and the trait through which a tensor type takes part.
///
/// Axes are in logical order, the one in which a shape is written: a [rows, columns] matrix has the strides
/// [columns, 1] when it is stored row-major and [1, rows] when it is stored column-major.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

namespace quantkit
{
    /// Axes that a tensor may have.
    inline constexpr std::size_t max_rank = 8;

    /// One number for each axis of a tensor, at most max_rank.
    class axis_values
    {
    public:
        constexpr axis_values() = default;

        QUANTKIT_INLINE axis_values(std::initializer_list<std::ptrdiff_t> values)
        {
            for (const std::ptrdiff_t value : values)
                push_back(value);
        }

        /// { first, second }, without the memory of a list.
        QUANTKIT_INLINE constexpr axis_values(std::ptrdiff_t first, std::ptrdiff_t second)
            : values_ { first, second }
            , rank_(2)
        {
        }

        /// One more axis, the innermost. Throws beyond max_rank.
        QUANTKIT_INLINE void push_back(std::ptrdiff_t value)
        {
            require(rank_ < max_rank, "tensors have at most ", max_rank, " axes");
            values_[rank_++] = value;
        }

        constexpr std::size_t rank() const { return rank_; }
        constexpr std::ptrdiff_t& operator[](std::size_t axis) { return values_[axis]; }
        constexpr std::ptrdiff_t operator[](std::size_t axis) const { return values_[axis]; }
        constexpr const std::ptrdiff_t* begin() const { return values_.data(); }
        constexpr const std::ptrdiff_t* end() const { return values_.data() + rank_; }

        QUANTKIT_INLINE friend constexpr bool operator==(const axis_values& a, const axis_values& b)
        {
            bool same = a.rank_ == b.rank_;
            for (std::size_t axis = 0; same && axis < a.rank_; ++axis)
                same = a.values_[axis] == b.values_[axis];
            return same;
        }

    private:
        std::array<std::ptrdiff_t, max_rank> values_ {};
        std::size_t rank_ = 0;
    };

    /// Extents, outermost first.
    using tensor_shape = axis_values;
    /// Distances between neighbours along each axis, in elements.
    using tensor_strides = axis_values;

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        [[noreturn]] inline void throw_too_many_elements(const tensor_shape& shape)
        {
            throw_invalid("a tensor of shape ", shape, " is larger than any memory");
        }

        /// a * b modulo 2^64: strides of shapes that are refused only when their elements are counted.
        QUANTKIT_INLINE constexpr std::ptrdiff_t wrapped_product(std::ptrdiff_t a, std::ptrdiff_t b)
        {
            return static_cast<std::ptrdiff_t>(static_cast<std::size_t>(a) * static_cast<std::size_t>(b));
        }
    }

    /// The product of the extents: 1 for rank 0. Throws where it does not stay below 2^63.
    QUANTKIT_INLINE constexpr std::ptrdiff_t element_count(const tensor_shape& shape)
    {
        constexpr std::ptrdiff_t most = std::numeric_limits<std::ptrdiff_t>::max();
        constexpr std::ptrdiff_t safe = std::ptrdiff_t { 1 } << (sizeof(std::ptrdiff_t) * 4 - 1); // no division below
        std::ptrdiff_t count = 1;
        for (const std::ptrdiff_t extent : shape)
        {
            if ((count > safe || extent > safe) && extent > 0 && count > most / extent)
                detail::throw_too_many_elements(shape);
            count *= extent;
        }
        return count;
    }

    /// Strides of a tensor without gaps whose last axis is contiguous.
    QUANTKIT_INLINE constexpr tensor_strides row_major_strides(const tensor_shape& shape)
    {
        tensor_strides strides = shape;
        std::ptrdiff_t stride = 1;
        for (std::size_t axis = shape.rank(); axis-- > 0;)
        {
            strides[axis] = stride;
            stride = detail::wrapped_product(stride, shape[axis]);
        }
        return strides;
    }

    /// Strides of a tensor without gaps whose first axis is contiguous.
    QUANTKIT_INLINE constexpr tensor_strides column_major_strides(const tensor_shape& shape)
    {
        tensor_strides strides = shape;
        std::ptrdiff_t stride = 1;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        {
            strides[axis] = stride;
            stride = detail::wrapped_product(stride, shape[axis]);
        }
        return strides;
    }

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        inline void check_layout(const tensor_shape& shape, const tensor_strides& strides)
        {
            require(shape.rank() == strides.rank(), "a tensor of shape ", shape, " needs ", shape.rank(),
                    " strides, but has ", strides);
            for (const std::ptrdiff_t extent : shape)
                require(extent >= 0, "extents must not be negative, but the shape is ", shape);
        }
    }

    /// Where a tensor's elements are; owns nothing.
    template <class Element>
    class tensor_view
    {
    public:
        using element_type = Element;
        using value_type = std::remove_cv_t<Element>;

        constexpr tensor_view() = default;

        /// data    may be null where an extent is 0
        /// strides any, also 0 (the same element again) and negative; row-major without gaps when left out
        QUANTKIT_INLINE tensor_view(Element* data, const tensor_shape& shape)
            : tensor_view(data, shape, row_major_strides(shape))
        {
        }

        QUANTKIT_INLINE tensor_view(Element* data, const tensor_shape& shape, const tensor_strides& strides)
            : data_(data)
            , shape_(shape)
            , strides_(strides)
        {
            detail::check_layout(shape, strides);
        }

        /// A matrix. Shape and strides are written where they stay: copies would read both numbers at once, and wait
        /// for all stores before them, which takes as long as a small layer's product.
        QUANTKIT_INLINE tensor_view(Element* data, std::ptrdiff_t rows, std::ptrdiff_t columns,
                                    std::ptrdiff_t row_stride, std::ptrdiff_t column_stride)
            : data_(data)
            , shape_(rows, columns)
            , strides_(row_stride, column_stride)
        {
            detail::check_layout(shape_, strides_);
        }

        QUANTKIT_INLINE operator tensor_view<const Element>() const requires(!std::is_const_v<Element>)
        {
            return { data_, shape_, strides_ };
        }

        constexpr Element* data() const { return data_; }
        constexpr const tensor_shape& shape() const { return shape_; }
        constexpr const tensor_strides& strides() const { return strides_; }
        constexpr std::size_t rank() const { return shape_.rank(); }
        QUANTKIT_INLINE constexpr std::ptrdiff_t size() const { return element_count(shape_); }
        /// Whether an axis has the extent 0.
        QUANTKIT_INLINE constexpr bool empty() const { return size() == 0; }

        /// The elements [first, first + count) along one axis, all of them along the others.
        QUANTKIT_INLINE tensor_view narrowed(std::size_t axis, std::ptrdiff_t first, std::ptrdiff_t count) const
        {
            require(axis < rank() && first >= 0 && count >= 0 && count <= shape_[axis] - first, "cannot take ", count,
                    " elements from ", first, " on along axis ", axis, " of a tensor of shape ", shape_);
            tensor_view part = *this;
            part.shape_[axis] = count;
            part.data_ = data_ == nullptr ? nullptr : data_ + first * strides_[axis];
            return part;
        }

    private:
        Element* data_ = nullptr;
        tensor_shape shape_ { 0 };
        tensor_strides strides_ { 1 };
    };

    /// Specialise this to let the library read and write a tensor type of yours:
    ///
    ///     template <> struct quantkit::tensor_traits<my_tensor>
    ///     {
    ///         static tensor_view<const float> view(const my_tensor& tensor);
    ///         static tensor_view<float> view(my_tensor& tensor);           // if it can be written to
    ///         static my_tensor like(const my_tensor& tensor);              // if it can be returned: same shape
    ///     };
    template <class Tensor>
    struct tensor_traits;

    template <class Element>
    struct tensor_traits<tensor_view<Element>>
    {
        QUANTKIT_INLINE static tensor_view<Element> view(const tensor_view<Element>& tensor) { return tensor; }
    };

    template <class Element, std::size_t Extent>
    struct tensor_traits<std::span<Element, Extent>>
    {
        QUANTKIT_INLINE static tensor_view<Element> view(std::span<Element, Extent> tensor)
        {
            return { tensor.data(), { static_cast<std::ptrdiff_t>(tensor.size()) } };
        }
    };

    template <class Element, class Allocator>
    struct tensor_traits<std::vector<Element, Allocator>>
    {
        /// The vector itself.
        using tensor_type = std::vector<Element, Allocator>;

        QUANTKIT_INLINE static tensor_view<const Element> view(const tensor_type& tensor)
        {
            return { tensor.data(), { static_cast<std::ptrdiff_t>(tensor.size()) } };
        }

        QUANTKIT_INLINE static tensor_view<Element> view(tensor_type& tensor)
        {
            return { tensor.data(), { static_cast<std::ptrdiff_t>(tensor.size()) } };
        }

        static tensor_type like(const tensor_type& tensor) { return tensor_type(tensor.size()); }
    };

    /// The tensor's elements, as far as Tensor (a possibly const type) lets one write to them.
    template <class Tensor>
    QUANTKIT_INLINE auto view_of(Tensor&& tensor) -> decltype(tensor_traits<std::remove_cvref_t<Tensor>>::view(tensor))
    {
        return tensor_traits<std::remove_cvref_t<Tensor>>::view(tensor);
    }

    template <class Tensor>
    concept tensor_like = requires(Tensor&& tensor)
    {
        view_of(tensor).data();
        view_of(tensor).strides();
    };

    /// A tensor_like with elements of this type, const or not.
    template <class Tensor, class Value>
    concept tensor_of = tensor_like<Tensor> && requires(Tensor&& tensor)
    {
        requires std::same_as<typename decltype(view_of(tensor))::value_type, Value>;
    };

    /// A tensor_of whose elements can be written.
    template <class Tensor, class Value>
    concept writable_tensor_of = tensor_like<Tensor> && requires(Tensor&& tensor)
    {
        requires std::same_as<typename decltype(view_of(tensor))::element_type, Value>;
    };
}
