// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A whole file as read-only bytes: mapped into memory where the system can, read through a stream elsewhere.
#pragma once

#include <quantkit/io/io_error.hpp>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace quantkit
{
    /// How the bytes of a file reach memory.
    enum class file_access
    {
        mapped,   ///< pages are loaded when touched; the file must not shrink while it is open (SIGBUS)
        streamed, ///< everything is copied when the file is opened
    };

    namespace detail
    {
        inline std::string reason(int error) { return std::generic_category().message(error); }

        inline void require_regular_file(const std::filesystem::path& path)
        {
            std::error_code error;
            const auto status = std::filesystem::status(path, error);
            if (status.type() == std::filesystem::file_type::not_found)
                throw_io("cannot read ", in_quotes(path.string()), ": ", reason(ENOENT));
            if (error)
                throw_io("cannot read ", in_quotes(path.string()), ": ", error.message());
            if (status.type() != std::filesystem::file_type::regular)
                throw_io("cannot read ", in_quotes(path.string()), ": not a regular file");
        }

        inline std::vector<std::byte> streamed_bytes(const std::filesystem::path& path)
        {
            require_regular_file(path);
            errno = 0;
            std::ifstream stream(path, std::ios::binary);
            if (!stream)
                throw_io("cannot open ", in_quotes(path.string()), ": ", reason(errno));
            constexpr std::size_t chunk = std::size_t { 1 } << 20;
            std::vector<std::byte> bytes;
            for (std::size_t size = 0; stream; bytes.resize(size))
            {
                bytes.resize(size + chunk);
                stream.read(reinterpret_cast<char*>(bytes.data() + size), static_cast<std::streamsize>(chunk));
                size += static_cast<std::size_t>(stream.gcount());
            }
            if (!stream.eof())
                throw_io("cannot read ", in_quotes(path.string()), ": ", reason(errno));
            return bytes;
        }

#if defined(__unix__) || defined(__APPLE__)
        /// A file descriptor that closes itself.
        class descriptor
        {
        public:
            explicit descriptor(int fd)
                : fd_(fd)
            {
            }
            descriptor(descriptor&& other) noexcept
                : fd_(std::exchange(other.fd_, -1))
            {
            }
            descriptor& operator=(descriptor&& other) noexcept
            {
                std::swap(fd_, other.fd_);
                return *this;
            }
            ~descriptor() { close(); }

            int get() const { return fd_; }

            /// 0, or the errno of the failure.
            int close() { return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno; }

        private:
            int fd_;
        };

        /// A private read-only mapping of a whole file; empty for an empty file.
        class mapping
        {
        public:
            mapping() = default;

            explicit mapping(const std::filesystem::path& path)
            {
                require_regular_file(path);
                const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
                struct stat status = {};
                if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
                    throw_io("cannot open ", in_quotes(path.string()), ": ", reason(errno));
                const auto size = static_cast<std::size_t>(status.st_size);
                if (size == 0)
                    return;
                void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
                if (address == MAP_FAILED)
                    throw_io("cannot map the ", size, " bytes of ", in_quotes(path.string()), ": ", reason(errno));
                bytes_ = { static_cast<const std::byte*>(address), size };
            }

            mapping(mapping&& other) noexcept
                : bytes_(std::exchange(other.bytes_, {}))
            {
            }

            mapping& operator=(mapping&& other) noexcept
            {
                std::swap(bytes_, other.bytes_);
                return *this;
            }

            ~mapping()
            {
                if (!bytes_.empty())
                    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
            }

            std::span<const std::byte> bytes() const { return bytes_; }

        private:
            std::span<const std::byte> bytes_;
        };
#endif
    }

    /// The bytes of a file, held for as long as this object lives; moving it leaves them in place.
    class file_bytes
    {
    public:
        file_bytes() = default;

        explicit file_bytes(std::vector<std::byte> bytes)
            : owned_(std::move(bytes))
        {
        }

        /// Throws io_error with path and reason.
        explicit file_bytes(const std::filesystem::path& path,
                            [[maybe_unused]] file_access access = file_access::mapped)
        {
#if defined(__unix__) || defined(__APPLE__)
            if (access == file_access::mapped)
            {
                mapped_ = detail::mapping(path);
                return;
            }
#endif
            owned_ = detail::streamed_bytes(path);
        }

#if defined(__unix__) || defined(__APPLE__)
        std::span<const std::byte> bytes() const { return owned_.empty() ? mapped_.bytes() : owned_; }

    private:
        detail::mapping mapped_;
#else
        std::span<const std::byte> bytes() const { return owned_; }

    private:
#endif
        std::vector<std::byte> owned_;
    };
}
