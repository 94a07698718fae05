"""The precisions that a graph can have; `convert` brings one to them."""

from __future__ import annotations

from typing import Literal, get_args

EightBits = Literal["int8", "int8-vnni", "int8-static"]
Precision = Literal["fp32", "fp16", "mixed", "int8", "int8-vnni", "int8-static", "fp16-weights"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""fp16: matrix products and what is cheap beside them compute in half precision. mixed: matrix products alone. int8:
the weights of matrix products are in 7 of 8 bits, and what they are multiplied by is in 8, scaled as it comes: right on
every CPU. int8-vnni: the weights too use all 8 bits, for CPUs with VNNI and for ARM64. int8-static: both in 8 bits,
scaled as photographs have shown, as QuantizeLinear and DequantizeLinear: for TensorRT, and VNNI. fp16-weights: weights
are stored in half precision, and computed with in float32.

On a CPU of x86 without VNNI weights of all 8 bits are right too, as this project opens them: ONNX Runtime's option
session.x64quantprecision has it multiply in a slower way, also where VNNI cannot be told, as on Windows. Without that
option they overflow there, with no error."""

EIGHT_BITS: tuple[EightBits, ...] = get_args(EightBits)
"""Those that compute products in 8 bits."""
HALVES: tuple[Precision, ...] = ("fp16", "mixed")
"""Those that compute in half precision."""
