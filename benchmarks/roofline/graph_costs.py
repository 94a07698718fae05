"""What a graph costs: floating-point operations and bytes, counted from its shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import helper

from editjudge.errors import InputError
from editjudge_export.onnx.memory_estimate import VIEWS, fix_shapes

TensorShape = tuple[int, ...]

UNKNOWN = {"Attention", "MultiHeadAttention", "GroupQueryAttention", "MatMulNBits", "LSTM", "GRU", "RNN", "QLinearConv",
           "QLinearMatMul", "ConvInteger", "DeformConv", "Loop", "If", "Scan"}  # fmt: skip
"""Operators that multiply and are not counted here: a graph with one of them is refused, not counted too low."""


@dataclass(frozen=True)
class NodeCost:
    """What a node costs.

    Attributes:
        flops: Of matrix products and convolutions.
        moved: Bytes that it reads and writes.
    """

    flops: int
    moved: int


@dataclass(frozen=True)
class GraphCost:
    """What one run of a graph costs.

    Attributes:
        steps: The nodes that run.
        weights: Bytes of what no input can change.
        ends: Bytes of the inputs and outputs.
        full: Those of both that are in float32.
    """

    steps: tuple[NodeCost, ...]
    weights: int
    ends: int
    full: int

    @property
    def flops(self) -> int:
        return sum(step.flops for step in self.steps)

    @property
    def needed(self) -> int:
        """Bytes that have to be moved, however much is fused: weights, inputs and outputs, once."""
        return self.weights + self.ends

    @property
    def needed_in_half(self) -> int:
        """As `needed`, with float16 in place of float32."""
        return self.needed - self.full // 2

    @property
    def moved(self) -> int:
        """Bytes that are moved when every operator reads its inputs from memory and writes its outputs there."""
        return sum(step.moved for step in self.steps)

    def bound(self, rate: float, bandwidth: float) -> float:
        """The least seconds that a machine with `rate` FLOP/s and `bandwidth` bytes/s can take."""
        return max(self.flops / rate, self.needed / bandwidth)

    def bound_unfused(self, rate: float, bandwidth: float) -> float:
        """As `bound`, where one operator runs after the other and passes its results through memory."""
        return sum(max(step.flops / rate, step.moved / bandwidth) for step in self.steps)


def count(path: Path, fed: Mapping[str, TensorShape]) -> GraphCost:
    """Counts what one run of an ONNX file costs.

    A multiplication with the addition after it is two operations. Matrix products and convolutions are counted; all
    else (norms, softmax, sampling, sums) is far less, and bound by bytes. What is computed from weights alone is left
    out, as that happens once, on loading.

    Args:
        path: The file.
        fed: The shapes of the inputs, by name.

    Raises InputError for operators that are not counted.
    """
    model = onnx.load(path, load_external_data=False)
    axes = {}
    for value in model.graph.input:
        if value.name in fed:
            for axis, length in zip(value.type.tensor_type.shape.dim, fed[value.name], strict=True):
                if axis.dim_param:
                    axes[axis.dim_param] = length
    inputs, outputs = list(fed), [output.name for output in model.graph.output]
    graph, weights = fix_shapes(model, axes, path)
    arrays = _arrays(graph)
    constant = weights | {weight.name for weight in graph.initializer}
    steps, read = [], set(outputs)
    for node in graph.node:
        names = [name for name in (*node.input, *node.output) if name]
        if all(name in constant for name in node.input if name):
            constant.update(node.output)
            continue
        missing = [name for name in names if name not in arrays]
        if missing:
            raise InputError(f"the shape of {missing[0]} in {path} cannot be told")
        read.update(node.input)
        if node.op_type not in VIEWS:
            shapes = {name: arrays[name].shape for name in names}
            steps.append(NodeCost(_flops(node, shapes, path), sum(arrays[name].bytes for name in names)))
    kept, ends = [arrays[name] for name in constant & read], [arrays[name] for name in (*inputs, *outputs)]
    return GraphCost(
        tuple(steps),
        weights=sum(array.bytes for array in kept),
        ends=sum(array.bytes for array in ends),
        full=sum(array.bytes for array in (*kept, *ends) if array.kind == onnx.TensorProto.FLOAT),
    )


def input_shape(path: Path, name: str) -> tuple[int, ...]:
    """The shape of an input of an ONNX file, with 0 for an axis that may vary."""
    inputs = {value.name: value for value in onnx.load(path, load_external_data=False).graph.input}
    return tuple(axis.dim_value for axis in inputs[name].type.tensor_type.shape.dim)


@dataclass(frozen=True)
class _Array:
    """An array of a graph; its kind is ONNX's number of the element type."""

    kind: int
    shape: TensorShape

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * helper.tensor_dtype_to_np_dtype(self.kind).itemsize


def _arrays(graph: onnx.GraphProto) -> dict[str, _Array]:
    """All arrays whose shapes are known, by name."""
    known = {weight.name: _Array(weight.data_type, tuple(weight.dims)) for weight in graph.initializer}
    for value in (*graph.value_info, *graph.input, *graph.output):
        tensor = value.type.tensor_type
        if tensor.HasField("shape") and all(axis.HasField("dim_value") for axis in tensor.shape.dim):
            known[value.name] = _Array(tensor.elem_type, tuple(axis.dim_value for axis in tensor.shape.dim))
    return known


def _flops(node: onnx.NodeProto, shapes: Mapping[str, TensorShape], path: Path) -> int:
    if node.op_type in UNKNOWN:
        raise InputError(f"{path} has the operator {node.op_type}, which is not counted; count a plain export")
    match node.op_type:
        case "MatMul" | "MatMulInteger":
            return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]
        case "Gemm":
            transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
            return 2 * math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if transposed else 1]
        case "Conv":
            return 2 * math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
        case "ConvTranspose":
            return 2 * math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])
        case "Einsum":
            equation = next(attribute.s.decode() for attribute in node.attribute if attribute.name == "equation")
            return _einsum(equation, [shapes[name] for name in node.input])
        case _:
            return 0


def _einsum(equation: str, operands: Sequence[TensorShape]) -> int:
    """Two operations for every combination of the indices of two operands."""
    terms = equation.replace(" ", "").split("->")[0].split(",")
    if len(terms) != 2 or "." in equation:
        raise InputError(f"the product {equation!r} is not counted")
    lengths = {
        index: length
        for term, shape in zip(terms, operands, strict=True)
        for index, length in zip(term, shape, strict=True)
    }
    return 2 * math.prod(lengths.values())
