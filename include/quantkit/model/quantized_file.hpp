// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Quantized models in files: one safetensors file (io/safetensors.hpp) holds all that a session needs.
///
///     save_quantized("mlp.safetensors", convert(prepared));
///     const session int8(load_quantized("mlp.safetensors"));
///
/// Metadata (JSON objects of attributes, but for the first two)
///
///     format                     quantkit.quantized_model
///     version                    1
///     graph                      the layers, as io/model_description.hpp and model/described_model.hpp say; in
///                                topological order, every input named, without weights
///     plan                       the precision of all layers that are not named (model/precision_attributes.hpp)
///     plan/LAYER                 the precision of one layer
///     products/LAYER/weight      of a weight that is codes: its granularity, and shape [out, in] of the codes
///     products/LAYER/input       scale and zero_point of calibrated activations: of uint8 codes, for int16 weights of
///                                int16 ones; quant_min and quant_max where the uint8 codes keep to fewer than 8 bits
///     outputs/LAYER              scale and zero_point of the uint8 codes that the layer's result is rounded to
///
/// Tensors. A layer with several products has qkv.weight and out.weight (attention), fc1.weight and fc2.weight
/// (feed_forward) in place of weight, and the like for the others: W = [out, in] is the matrix that the product
/// multiplies with, the projections q, k and v one below the other; a convolution's inputs are [kernel, in_channels].
///
///     products/LAYER/weight      codes I8 or I16 [out, in]; of INT4, U8 [ceil(out in / 2)], two codes to a byte, the
///                                low nibble first, row-major; in float, F32, F16 or BF16 [out, in]
///     products/LAYER/scale       F32 in the parameter shape of the granularity: [], [out] or [out, groups]
///     products/LAYER/zero_point  I32 like scale; left out where all are 0
///     products/LAYER/bias        F32 [out]; left out where the product has none. Also of F16 and BF16 layers, which
///     add
///                                it in F32
///     weights/NAME               F32: a weight, named as in the graph, that no product multiplies with: of a norm, a
///                                table
///
/// LAYER and NAME may hold any text; what follows the last slash has none. Other metadata may be added. A later
/// version of the format that an older reader would misread has another version number.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/io/io_error.hpp>
#include <quantkit/model/quantized_file_reader.hpp>
#include <quantkit/model/quantized_file_writer.hpp>
#include <quantkit/model/quantized_model.hpp>

#include <filesystem>
#include <stdexcept>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Replaces the file only on success; the same model gives the same bytes. Weights that no layer uses are left out.
    ///
    /// Throws std::invalid_argument, naming the layer, for a model whose parts do not fit together or whose names are
    /// not UTF-8; io_error with path and reason when writing fails. Here as in load_quantized(), memory that runs out
    /// may end the program: nlohmann_json allocates also to destroy.
    inline void save_quantized(const std::filesystem::path& path, const quantized_model& quantized)
    {
        detail::quantized_file_writer(quantized).write(path);
    }

    /// Sessions of it have the same bits as those of the model that was saved. The float weights of its network are
    /// what the codes mean.
    ///
    /// Throws io_error with the path, the name and the offending values for a file that cannot be read, of another
    /// format or version, with parts that are missing, misshapen, out of range or nobody's.
    inline quantized_model load_quantized(const std::filesystem::path& path)
    {
        try
        {
            return detail::quantized_file_reader(path).read();
        }
        catch (const std::invalid_argument& error)
        {
            detail::throw_io(detail::in_quotes(path.string()), ": ", detail::without_prefix(error.what()));
        }
    }
}
