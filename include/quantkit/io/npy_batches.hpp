// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A .npy file of floats in batches of rows, one in memory at a time: for calibration data larger than memory.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/io/data_type.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/io/io_error.hpp>
#include <quantkit/io/npy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace quantkit
{
    /// The rows of a float32 array [rows, ...], in order, as a range of tensor_view<const float>:
    ///
    ///     for (const auto& batch : npy_batches("activations.npy", 256))
    ///         observer.observe(batch);
    ///
    /// Every batch has `rows` rows but the last, which has what is left; a view is valid until the next one is read.
    /// One reader at a time: begin() starts again with the first row. The file is read through a stream of its own.
    class npy_batches
    {
    public:
        /// Reads the header only. Throws io_error with path and numbers for a malformed or truncated file, and
        /// std::invalid_argument where the file holds something other than rows of float32, or rows is not positive.
        npy_batches(const std::filesystem::path& path, std::ptrdiff_t rows)
            : name_(detail::in_quotes(path.string()))
            , rows_(rows)
        {
            require(rows > 0, "a batch needs at least one row, but has ", rows);
            detail::require_regular_file(path);
            file_.open(path, std::ios::binary);
            if (!file_)
                detail::throw_io("cannot open ", name_);
            read_header(std::filesystem::file_size(path));
        }

        /// Of the whole array.
        const tensor_shape& shape() const { return shape_; }

        /// An input iterator: one pass, and what it points at changes with ++.
        class iterator
        {
        public:
            /// What std::input_iterator asks for.
            using iterator_concept = std::input_iterator_tag;
            using value_type = tensor_view<const float>;
            /// What std::input_iterator asks for.
            using difference_type = std::ptrdiff_t;

            explicit iterator(npy_batches& batches)
                : batches_(&batches)
            {
            }

            /// The batch [rows or fewer, ...], valid until the next ++.
            const value_type& operator*() const { return batches_->batch_; }
            /// Reads the next batch.
            iterator& operator++()
            {
                batches_->read_next();
                return *this;
            }
            /// Reads the next batch.
            void operator++(int) { batches_->read_next(); }
            /// Whether there are no more batches.
            bool operator==(std::default_sentinel_t) const { return batches_->at_end_; }

        private:
            npy_batches* batches_;
        };

        /// Reads the first batch. Here and in ++: throws io_error if the file has become shorter.
        iterator begin()
        {
            next_row_ = 0;
            file_.clear();
            file_.seekg(data_begin_);
            read_next();
            return iterator(*this);
        }

        std::default_sentinel_t end() const { return {}; }

    private:
        /// Longer headers belong to structured arrays, which are refused.
        static constexpr std::size_t longest_header = std::size_t { 1 } << 17;

        void read_header(std::uintmax_t file_size)
        {
            std::vector<std::byte> head(static_cast<std::size_t>(std::min<std::uintmax_t>(file_size, longest_header)));
            read(head);
            detail::npy_cursor cursor(head, name_);
            const detail::npy_header header = detail::read_npy_header(cursor, name_);
            require(header.dtype == data_type::float32, name_, " holds ", name_of(header.dtype),
                    ", but batches are read as float32");
            require(header.shape.rank() > 0, name_, " holds a single value, no rows");
            require(!header.fortran_order || header.shape.rank() == 1, name_, " has the shape ", header.shape,
                    " in Fortran order, so its rows are not stored one after another");
            const std::size_t header_bytes = head.size() - cursor.rest().size();
            check_size(header, file_size - header_bytes);
            data_begin_ = static_cast<std::streamoff>(header_bytes);
            shape_ = header.shape;
        }

        void check_size(const detail::npy_header& header, std::uintmax_t data_bytes) const
        {
            const auto needed = byte_count(header.shape, header.dtype);
            if (!needed)
                detail::throw_io(name_, ": the shape ", detail::to_text(header.shape), " has too many elements");
            if (*needed != data_bytes)
                detail::throw_io(name_, ": the shape ", detail::to_text(header.shape), " of float32 takes ", *needed,
                                 " bytes, but ", data_bytes, " follow the header");
        }

        void read_next()
        {
            const std::ptrdiff_t count = std::min(rows_, shape_[0] - next_row_);
            at_end_ = count == 0;
            if (at_end_)
                return;
            tensor_shape shape = shape_;
            shape[0] = count;
            values_.resize(static_cast<std::size_t>(element_count(shape)));
            read(std::as_writable_bytes(std::span(values_)));
            batch_ = tensor_view<const float>(values_.data(), shape);
            next_row_ += count;
        }

        void read(std::span<std::byte> bytes)
        {
            file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
            if (const auto count = static_cast<std::size_t>(file_.gcount()); count != bytes.size())
                detail::throw_io("cannot read ", name_, ": it ended after ", count, " of the ", bytes.size(),
                                 " bytes from row ", next_row_, " on");
        }

        std::string name_;
        std::ptrdiff_t rows_;
        std::ifstream file_;
        std::streamoff data_begin_ = 0;
        tensor_shape shape_;
        std::ptrdiff_t next_row_ = 0;
        bool at_end_ = true;
        std::vector<float> values_;
        tensor_view<const float> batch_;
    };
}
