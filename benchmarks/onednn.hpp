// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// oneDNN's matmul with weights packed once, for comparison in the same run. Set OMP_NUM_THREADS=1 for one core.
#pragma once

#include <dnnl.hpp>

#include <cstdint>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace quantkit::bench
{
    /// A [m, k] x s8 [n, k]^T -> Output [m, n], one scale per output channel where Output is float.
    ///
    /// Code  of A: std::uint8_t or std::int8_t
    template <class Output, class Code>
    class onednn_product
    {
        using data_type = dnnl::memory::data_type;
        using format = dnnl::memory::format_tag;

    public:
        onednn_product(std::int64_t m, std::int64_t n, std::int64_t k, Code* a, std::int8_t* b, Output* c,
                       const std::vector<float>& scales)
        {
            const bool scaled = std::is_same_v<Output, float>;
            const bool is_signed = std::is_signed_v<Code>;
            const dnnl::memory::desc a_desc({ m, k }, is_signed ? data_type::s8 : data_type::u8, format::ab);
            const dnnl::memory::desc b_desc({ k, n }, data_type::s8, format::any);
            const dnnl::memory::desc c_desc({ m, n }, scaled ? data_type::f32 : data_type::s32, format::ab);
            dnnl::primitive_attr attributes;
            if (scaled)
                attributes.set_output_scales(1 << 1, scales);
            const dnnl::matmul::primitive_desc description({ a_desc, b_desc, c_desc }, attributes, engine_);

            dnnl::memory packed(description.weights_desc(), engine_);
            dnnl::memory plain({ { k, n }, data_type::s8, format::ba }, engine_, b);
            dnnl::reorder(plain, packed).execute(stream_, plain, packed);
            stream_.wait();
            product_ = dnnl::matmul(description);
            arguments_ = { { DNNL_ARG_SRC, dnnl::memory(a_desc, engine_, a) },
                           { DNNL_ARG_WEIGHTS, packed },
                           { DNNL_ARG_DST, dnnl::memory(c_desc, engine_, c) } };
        }

        void run()
        {
            product_.execute(stream_, arguments_);
            stream_.wait();
        }

    private:
        dnnl::engine engine_ { dnnl::engine::kind::cpu, 0 };
        dnnl::stream stream_ { engine_ };
        dnnl::matmul product_;
        std::unordered_map<int, dnnl::memory> arguments_;
    };
}
