"""How much memory of the GPU a graph needs, told from the graph alone: nothing is built, and no GPU is there to ask.

An estimate: operations that are fused into one keep less alive than is counted here, and some need room of their own.
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
"""Operations whose output is their input, seen otherwise."""

FOLD_ONLY = ["graph_fusion", "dead_node_elimination", "subexpression_elimination", "weight_tying"]
"""What onnxslim is not to do here, where only its folding of constants is needed: it takes twice as long with it."""

LARGE = 1024
"""Bytes from which a weight cannot be part of what shapes are computed from."""

Sizes = Callable[[str], int]
"""The bytes of a value, by its name."""


@dataclass(frozen=True)
class Memory:
    """Bytes. weights: what no input can change. activations: the most that is alive at once, inputs included."""

    weights: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.activations


def estimate(path: Path, axes: Mapping[str, int]) -> Memory:
    """What an ONNX file needs whose dynamic axes have these sizes, its nodes running one after the other.

    What is computed from weights alone counts as a weight, as it is computed once, on loading. The weights may be in a
    file beside it; they are not read. Raises InputError where an axis is not given, or a shape cannot be told.
    """
    graph, weights = fixed(onnx.load(path, load_external_data=False), axes, path)
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
    return Memory(sum(size(name) for name in constant & read), _peak(running, inputs, outputs, constant, size))


def fixed(model: onnx.ModelProto, axes: Mapping[str, int], path: Path) -> tuple[onnx.GraphProto, set[str]]:
    """The graph with all its shapes; and the names of the weights that have become inputs of it.

    path: of the model, for messages. Raises InputError where an axis is not given.
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
    graph.input.extend(helper.make_tensor_value_info(each.name, each.data_type, each.dims) for each in large)
    # Shapes that the graph computes become constants, once they can be told from what they are computed from.
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
    held = {name: name for name in inputs}  # the value whose memory a value lies in
    for node in nodes:
        view = node.op_type in VIEWS and node.input[0] not in constant
        held |= {name: held[node.input[0]] if view else name for name in node.output if name}
    uses = Counter(held[name] for node in nodes for name in node.input if name in held)
    uses.update(held[name] for name in (*inputs, *outputs) if name in held)
    alive = most = sum(size(name) for name in inputs)
    for node in nodes:
        made = [name for name in node.output if name and held[name] == name]
        alive += sum(size(name) for name in made)
        most = max(most, alive)
        uses.subtract(held[name] for name in node.input if name in held)
        done = {held[name] for name in node.input if name in held} | set(made)
        alive -= sum(size(name) for name in done if uses[name] == 0)
    return most
