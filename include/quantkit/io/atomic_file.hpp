// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Writing a file so that a reader finds either the old content or all of the new, whatever fails in between.
///
/// The bytes go to a temporary file beside the target, are flushed to the device, and only then take the target's name.
#pragma once

#include <quantkit/io/file.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <system_error>

namespace quantkit
{
    namespace detail
    {
#if defined(__unix__) || defined(__APPLE__)
        /// A new file, written without buffering; errors carry the path and the system's reason.
        class output_file
        {
        public:
            /// Throws io_error; std::nullopt if a file of that name exists.
            static std::optional<output_file> create(const std::filesystem::path& path)
            {
                std::filesystem::path name = path; // afterwards nothing throws that would leave a file behind
                descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
                if (file.get() >= 0)
                    return output_file(std::move(file), std::move(name));
                if (errno == EEXIST)
                    return std::nullopt;
                throw_io("cannot create ", in_quotes(path.string()), ": ", reason(errno));
            }

            output_file(descriptor file, std::filesystem::path path) noexcept
                : file_(std::move(file))
                , path_(std::move(path))
            {
            }

            void write(std::span<const std::byte> bytes)
            {
                constexpr std::size_t longest = std::size_t { 1 } << 30; // some systems refuse more than 2^31 - 1
                while (!bytes.empty())
                {
                    const auto written = ::write(file_.get(), bytes.data(), std::min(bytes.size(), longest));
                    if (written >= 0)
                        bytes = bytes.subspan(static_cast<std::size_t>(written));
                    else if (errno != EINTR)
                        fail(errno);
                }
            }

            /// Flushed to the device and closed.
            void finish()
            {
                if (::fsync(file_.get()) != 0)
                    fail(errno);
                if (const int error = file_.close())
                    fail(error);
            }

        private:
            [[noreturn]] void fail(int error) const
            {
                throw_io("cannot write ", in_quotes(path_.string()), ": ", reason(error));
            }

            descriptor file_;
            std::filesystem::path path_;
        };

        /// Makes the new name last through a power failure, where the file system offers that.
        inline void flush_directory(const std::filesystem::path& directory)
        {
            const descriptor handle(::open(directory.c_str(), O_RDONLY | O_CLOEXEC));
            if (handle.get() >= 0)
                ::fsync(handle.get());
        }
#else
        class output_file
        {
        public:
            static std::optional<output_file> create(const std::filesystem::path& path)
            {
                if (std::filesystem::exists(path))
                    return std::nullopt;
                return output_file(path);
            }

            void write(std::span<const std::byte> bytes)
            {
                stream_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
                check();
            }

            void finish()
            {
                stream_.close();
                check();
            }

        private:
            explicit output_file(const std::filesystem::path& path)
                : stream_(path, std::ios::binary)
                , path_(path)
            {
                if (!stream_)
                    throw_io("cannot create ", in_quotes(path.string()), ": ", reason(errno));
            }

            void check() const
            {
                if (!stream_)
                    throw_io("cannot write ", in_quotes(path_.string()), ": ", reason(errno));
            }

            std::ofstream stream_;
            std::filesystem::path path_;
        };

        inline void flush_directory(const std::filesystem::path&) {}
#endif

        /// The file that a path means, links followed. Refuses what a rename would wrongly replace: devices, pipes.
        inline std::filesystem::path write_target(const std::filesystem::path& path)
        {
            std::error_code error;
            const auto type = std::filesystem::status(path, error).type();
            if (path.filename().empty()
                || (type != std::filesystem::file_type::regular && type != std::filesystem::file_type::not_found))
                throw_io("cannot write ", in_quotes(path.string()), ": ",
                         type == std::filesystem::file_type::none ? error.message() : "not a regular file");
            auto target = std::filesystem::weakly_canonical(path, error);
            if (error)
                throw_io("cannot write ", in_quotes(path.string()), ": ", error.message());
            return target;
        }
    }

    /// A file under construction; without commit() it leaves no trace.
    class atomic_file
    {
    public:
        /// Throws io_error with path and reason.
        explicit atomic_file(const std::filesystem::path& path)
            : target_(detail::write_target(path))
        {
            std::random_device random;
            while (!file_)
            {
                temporary_ = target_.parent_path() / concat(".quantkit-", random(), ".tmp");
                file_ = detail::output_file::create(temporary_);
            }
        }

        atomic_file(const atomic_file&) = delete;
        atomic_file& operator=(const atomic_file&) = delete;

        ~atomic_file()
        {
            if (temporary_.empty())
                return;
            file_.reset();
            std::error_code ignored;
            std::filesystem::remove(temporary_, ignored);
        }

        /// Appends. Throws io_error with path and reason.
        void write(std::span<const std::byte> bytes) { file_->write(bytes); }

        /// Replaces the target, keeping its permissions. Throws io_error with path and reason; the old file survives.
        void commit()
        {
            file_->finish();
            std::error_code error;
            const auto old = std::filesystem::status(target_, error);
            if (old.type() == std::filesystem::file_type::regular)
                std::filesystem::permissions(temporary_, old.permissions(), error);
            std::filesystem::rename(temporary_, target_, error);
            if (error)
                detail::throw_io("cannot replace ", detail::in_quotes(target_.string()), ": ", error.message());
            temporary_.clear();
            detail::flush_directory(target_.parent_path());
        }

    private:
        std::filesystem::path target_, temporary_;
        std::optional<detail::output_file> file_;
    };

    /// Writes a whole file at once, replacing an old one only on success.
    inline void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes)
    {
        atomic_file file(path);
        file.write(bytes);
        file.commit();
    }
}
