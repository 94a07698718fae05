"""How much GPU memory a graph needs, estimated from the graph alone: nothing is built, and no GPU is needed.

Operations that a GPU fuses keep less alive than is counted here, and some need working memory of their own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnxslim
from onnx import helper
from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

from editjudge.errors import InputError

VIEWS = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"}
"""Operations whose output is their input in another shape."""

FOLD_ONLY = ["graph_fusion", "dead_node_elimination", "subexpression_elimination", "weight_tying"]
"""The passes of onnxslim that are skipped: only constants need folding here, and they take twice as long."""

LARGE = 1024
"""Bytes from which a weight is certainly not part of the computation of a shape."""

Sizes = Callable[[str], int]
"""The bytes of a value, by its name."""


@dataclass(frozen=True)
class MemoryEstimate:
    """What a graph needs, in bytes.

    Attributes:
        weights: Whatever does not depend on the inputs.
        activations: The most that is alive at once, inputs included.
    """

    weights: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.activations


def estimate_memory(path: Path, axes: Mapping[str, int]) -> MemoryEstimate:
    """Estimates what an ONNX file needs when its nodes run one after the other.

    What is computed from weights alone counts as a weight, as it is computed once, on loading.

    Args:
        path: The file; its weights may be in another one beside it, which is not read.
        axes: The sizes of its dynamic axes.

    Raises InputError where an axis is not given, or a shape depends on more than the axes.
    """
    graph, weights = fix_shapes(onnx.load(path, load_external_data=False), axes, path)
    size = _sizes(graph, path)
    constant = weights | {weight.name for weight in graph.initializer}
    running = []
    for node in graph.node:
        if all(name in constant for name in node.input if name):
            constant.update(node.output)
        else:
            running.append(node)
    read = {name for node in running for name in node.input} | {output.name for output in graph.output}
    inputs = [value.name for value in graph.input if value.name not in weights]
    outputs = [value.name for value in graph.output]
    return MemoryEstimate(sum(size(name) for name in constant & read), _peak(running, inputs, outputs, constant, size))


def fix_shapes(model: onnx.ModelProto, axes: Mapping[str, int], path: Path) -> tuple[onnx.GraphProto, set[str]]:
    """Gives every value of a graph its shape; large weights become inputs, whose names are returned with the graph.

    Args:
        model: It is changed.
        axes: The sizes of its dynamic axes.
        path: Where the model is from, for messages.

    Raises InputError where an axis is not given.
    """
    graph = model.graph
    for value in graph.input:
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param:
                if axis.dim_param not in axes:
                    raise InputError(f"{path} has an axis {axis.dim_param!r}; say how large it is")
                axis.dim_value = axes[axis.dim_param]
    for value in graph.output:
        value.type.tensor_type.ClearField("shape")
    del graph.value_info[:]
    large = [weight for weight in graph.initializer if _bytes(weight.data_type, weight.dims) >= LARGE]
    kept = [weight for weight in graph.initializer if _bytes(weight.data_type, weight.dims) < LARGE]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    graph.input.extend(helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims) for weight in large)
    # Shapes that the graph computes become constants once their own inputs are known.
    known = SymbolicShapeInference.infer_shapes(model, auto_merge=True)
    folded = onnxslim.slim(known, skip_optimizations=FOLD_ONLY)
    return onnx.shape_inference.infer_shapes(folded, data_prop=True).graph, {weight.name for weight in large}


def _sizes(graph: onnx.GraphProto, path: Path) -> Sizes:
    sizes = {weight.name: _bytes(weight.data_type, weight.dims) for weight in graph.initializer}
    for value in (*graph.value_info, *graph.input, *graph.output):
        tensor = value.type.tensor_type
        if tensor.HasField("shape") and all(axis.HasField("dim_value") for axis in tensor.shape.dim):
            sizes[value.name] = _bytes(tensor.elem_type, [axis.dim_value for axis in tensor.shape.dim])

    def size(name: str) -> int:
        if name not in sizes:
            raise InputError(f"the shape of {name} in {path} depends on more than the axes; it cannot be estimated")
        return sizes[name]

    return size


def _bytes(kind: int, shape: Sequence[int]) -> int:
    return math.prod(shape) * helper.tensor_dtype_to_np_dtype(kind).itemsize


def _peak(
    nodes: Sequence[onnx.NodeProto], inputs: Sequence[str], outputs: Sequence[str], constant: set[str], size: Sizes
) -> int:
    """The most bytes alive while the nodes run. Inputs and outputs stay alive: they are not the graph's to free."""
    owner = {name: name for name in inputs}  # the value whose memory a value lies in
    for node in nodes:
        view = node.op_type in VIEWS and node.input[0] not in constant
        owner |= {name: owner[node.input[0]] if view else name for name in node.output if name}
    uses = Counter(owner[name] for node in nodes for name in node.input if name in owner)
    uses.update(owner[name] for name in (*inputs, *outputs) if name in owner)
    alive = most = sum(size(name) for name in inputs)
    for node in nodes:
        new = [name for name in node.output if name and owner[name] == name]
        alive += sum(size(name) for name in new)
        most = max(most, alive)
        uses.subtract(owner[name] for name in node.input if name in owner)
        done = {owner[name] for name in node.input if name in owner} | set(new)
        alive -= sum(size(name) for name in done if uses[name] == 0)
    return most
