"""The precisions that a graph can have; `convert` brings one to them."""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["fp32", "fp16", "mixed", "int8", "fp16-weights"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""fp16: matrix products and what is cheap beside them compute in half precision. mixed: matrix products alone. int8:
the weights of matrix products are in 8 bits, and so is what they are multiplied by, scaled as it comes. fp16-weights:
weights are stored in half precision, and computed with in float32."""

HALVES: tuple[Precision, ...] = ("fp16", "mixed")
"""Those that compute in half precision."""
