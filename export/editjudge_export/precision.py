"""Lower precision: which operations compute in half precision or in 8 bits, and which have to stay in float32."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from .half import to_half
from .onnx_file import save
from .storage import store_half

Precision = Literal["fp32", "fp16", "mixed", "int8", "fp16-weights"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""fp16: MATRICES and CHEAP compute in half. mixed: MATRICES alone. int8: the weights of matrix products, and what they
are multiplied by as it comes; fp16-weights: stored in half, computed in float32."""

HALVES: tuple[Precision, ...] = ("fp16", "mixed")
"""Those that compute in half."""

MATRICES = {"MatMul", "Gemm", "Conv", "ConvTranspose"}

CHEAP = {
    "Add", "Sub", "Mul", "Neg", "Relu", "Sigmoid", "Tanh", "Where", "Reshape", "Flatten", "Transpose", "Concat",
    "Slice", "Split", "Gather", "Squeeze", "Unsqueeze", "Expand", "Tile", "Pad", "Identity", "MaxPool", "DepthToSpace",
}  # fmt: skip
"""What neither sums over many numbers (norms, Softmax, means), nor divides, nor holds positions (GridSample, sines)."""


def converted(model: onnx.ModelProto, precision: Precision, keep: Sequence[str] = ()) -> onnx.ModelProto:
    """A model of float32 in another precision; its inputs and outputs stay as they are.

    keep: parts, by what the names of their nodes hold, that stay in float32; "" keeps all.
    """
    match precision:
        case "fp32":
            return model
        case "fp16-weights":
            return store_half(model)
        case "int8":
            return _quantised(model, keep)
    kinds = MATRICES | CHEAP if precision == "fp16" else MATRICES
    return to_half(model, lambda node: node.op_type in kinds and not _kept(node, keep))


def _kept(node: onnx.NodeProto, keep: Sequence[str]) -> bool:
    return any(part in node.name for part in keep)


def _quantised(model: onnx.ModelProto, keep: Sequence[str]) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "small.onnx"
        save(model, whole)
        quantize_dynamic(
            whole,
            small,
            op_types_to_quantize=["MatMul", "Gemm"],
            nodes_to_exclude=[node.name for node in model.graph.node if _kept(node, keep)],
            per_channel=True,
            weight_type=QuantType.QInt8,
            use_external_data_format=True,
        )
        return onnx.load(small)
