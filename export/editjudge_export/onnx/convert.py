"""Converts a graph to a lower precision: some operations compute in half or in 8 bits, the others in float32."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import onnx

from editjudge_export.onnx.fp16 import convert_to_half
from editjudge_export.onnx.fp16_weights import store_half
from editjudge_export.onnx.int8 import CalibrationInputs, quantize
from editjudge_export.onnx.precision import Precision

MATRICES = {"MatMul", "Gemm", "Conv", "ConvTranspose"}
"""What computes in half precision in fp16 and in mixed."""

CHEAP = {
    "Add", "Sub", "Mul", "Neg", "Relu", "Sigmoid", "Tanh", "Where", "Reshape", "Flatten", "Transpose", "Concat",
    "Slice", "Split", "Gather", "Squeeze", "Unsqueeze", "Expand", "Tile", "Pad", "Identity", "MaxPool", "DepthToSpace",
}  # fmt: skip
"""What does so in fp16 alone: nothing that sums over many numbers (norms, Softmax, means), divides, or holds positions
(GridSample, sines)."""


def convert(
    model: onnx.ModelProto, precision: Precision, keep: Sequence[str] = (), samples: Iterable[CalibrationInputs] = ()
) -> onnx.ModelProto:
    """Converts a model of float32; its inputs and outputs keep their types.

    Args:
        model: It may be changed in place.
        precision: What to convert it to.
        keep: Parts that stay in float32: those whose nodes' names contain one of these; "" keeps all.
        samples: Inputs that int8-static is calibrated on.
    """
    match precision:
        case "fp32":
            return model
        case "fp16-weights":
            return store_half(model)
        case "int8" | "int8-vnni" | "int8-static":
            return quantize(model, precision, {node.name for node in model.graph.node if _is_kept(node, keep)}, samples)
    kinds = MATRICES | CHEAP if precision == "fp16" else MATRICES
    return convert_to_half(model, lambda node: node.op_type in kinds and not _is_kept(node, keep))


def _is_kept(node: onnx.NodeProto, keep: Sequence[str]) -> bool:
    return any(part in node.name for part in keep)
