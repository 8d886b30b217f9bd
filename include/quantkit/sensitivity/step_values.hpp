// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The memory of one run of a program: each value while somebody still reads it.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/program_steps.hpp>
#include <quantkit/sensitivity/choice.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    using float_buffer = std::vector<float>;

    /// Buffers that the calling thread has used before, so that a run allocates nothing new.
    inline std::vector<float_buffer>& spare_buffers()
    {
        thread_local std::vector<float_buffer> spare;
        return spare;
    }

    inline float_buffer take_buffer(std::size_t size)
    {
        std::vector<float_buffer>& spare = spare_buffers();
        float_buffer buffer;
        if (!spare.empty())
        {
            buffer = std::move(spare.back());
            spare.pop_back();
        }
        if (buffer.size() < size)
            buffer.resize(size);
        return buffer;
    }

    inline void give_back(float_buffer buffer)
    {
        if (!buffer.empty())
            spare_buffers().push_back(std::move(buffer));
    }

    /// [values] the index of the last step that reads a value; of the program's output, none ever.
    inline std::vector<std::size_t> last_readers(const program& steps)
    {
        std::vector<std::size_t> readers(steps.values.size(), 0);
        for (std::size_t i = 0; i < steps.steps.size(); ++i)
            for (const value_id input : steps.steps[i].inputs)
                readers[input] = i;
        readers[steps.output] = steps.steps.size();
        return readers;
    }

    /// Where the values of one run lie: in memory of others, or in buffers of this run.
    class step_values
    {
    public:
        explicit step_values(std::size_t values)
            : places_(values, nullptr)
            , buffers_(values)
        {
        }
        step_values(const step_values&) = delete;
        step_values& operator=(const step_values&) = delete;
        ~step_values()
        {
            for (float_buffer& buffer : buffers_)
                give_back(std::move(buffer));
        }

        void place(value_id value, const float* memory) { places_[value] = memory; }
        const float* operator[](value_id value) const { return places_[value]; }

        float* make(value_id value, std::size_t size)
        {
            buffers_[value] = take_buffer(size);
            places_[value] = buffers_[value].data();
            return buffers_[value].data();
        }

        void release(value_id value) { give_back(std::exchange(buffers_[value], {})); }

        std::vector<float_buffer> take() { return std::move(buffers_); }

    private:
        std::vector<const float*> places_;
        std::vector<float_buffer> buffers_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A run whose values are all kept.
    struct simulated_run
    {
        choices plan;
        std::size_t first = 0, count = 0;
        std::vector<detail::float_buffer> values; ///< [values] but the input
    };
}
