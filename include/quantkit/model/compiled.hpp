// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How the model layer keeps its compile time apart.
///
/// Quantizing weights and compiling a session instantiate every linear layer of tensor/: most of the time that a
/// program with a session takes to compile. So do all layers of a network in training. The static library
/// quantkit::model holds these functions compiled, and defines QUANTKIT_COMPILED_MODEL for those who link it: they
/// include only the declarations. Without it all is in the headers. Both sides must have the same -m flags; others do
/// not link.
#pragma once

#if defined(QUANTKIT_COMPILED_MODEL)
#define QUANTKIT_MODEL_FUNCTION
#else
/// Before functions that quantkit::model holds compiled.
#define QUANTKIT_MODEL_FUNCTION inline
#endif
