"""Half precision, node by node: chosen operations compute in float16, and casts stand where the two kinds meet.

A CPU without float16 computes such operations in float32, and ONNX Runtime then takes out the casts between them too:
nothing but the weights would be rounded, and an error measured so would be too small. `held` keeps every value rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .optimise import put_back, set_aside

HALF = ".half"
"""What the names of values in float16 end with."""

LARGEST = float(np.finfo(np.float16).max)


def to_half(model: onnx.ModelProto, chosen: Callable[[onnx.NodeProto], bool]) -> onnx.ModelProto:
    """The model with the nodes that `chosen` is true of in float16; its inputs and outputs keep their types."""
    types = value_types(model)
    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    rewriter = _Rewriter(types, weights)
    for node in graph.node:
        rewriter.add(node, chosen(node))
    for output in graph.output:
        rewriter.single(output.name)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(rewriter.nodes)
    put_back(model, list(rewriter.halved.values()))
    return model


def held(model: onnx.ModelProto) -> onnx.ModelProto:
    """A model of `to_half`, in which every float16 value passes an Identity, which computes in float16 on a CPU too.

    To be opened without ONNX Runtime's optimiser "EliminateIdentity".
    """
    nodes = []
    for node in model.graph.node:
        nodes.append(node)
        for place, name in enumerate(node.output):
            if name.endswith(HALF):
                node.output[place] = f"{name}/made"
                nodes.append(helper.make_node("Identity", [node.output[place]], [name], name=f"{name}/held"))
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    return model


def value_types(model: onnx.ModelProto) -> dict[str, int]:
    """The element type of every value of the graph, by name. Raises ValueError where one cannot be told."""
    with set_aside(model):
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*inferred.value_info, *inferred.input, *inferred.output)
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    types |= {weight.name: weight.data_type for weight in inferred.initializer}
    unknown = [name for node in model.graph.node for name in node.output if name and not types.get(name)]
    if unknown:
        raise ValueError(f"the type of {unknown[0]} cannot be inferred")
    return types


class _Rewriter:
    """Collects the new nodes. A value `x` of the old graph is there as `x` in float32, as `x.half`, or as both."""

    def __init__(self, types: Mapping[str, int], weights: Mapping[str, TensorProto]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.halved: dict[str, TensorProto] = {}
        self._types = types
        self._weights = weights
        self._half: set[str] = set()  # values that are there as x.half
        self._only_half: set[str] = set()  # and not, so far, as x

    def add(self, node: onnx.NodeProto, half: bool) -> None:
        new = onnx.NodeProto()
        new.CopyFrom(node)
        for place, name in enumerate(node.input):
            if self._types.get(name) == TensorProto.FLOAT:
                new.input[place] = self._halve(name) if half else self.single(name)
        if half:
            for place, name in enumerate(node.output):
                if self._types.get(name) == TensorProto.FLOAT:
                    new.output[place] = f"{name}{HALF}"
                    self._half.add(name)
                    self._only_half.add(name)
        self.nodes.append(new)

    def single(self, name: str) -> str:
        """The name of the value in float32, cast where it is there in float16 only."""
        if name in self._only_half:
            self._only_half.discard(name)
            self.nodes.append(_cast(f"{name}{HALF}", name, TensorProto.FLOAT))
        return name

    def _halve(self, name: str) -> str:
        half = f"{name}{HALF}"
        if name not in self._half:
            self._half.add(name)
            if name in self._weights:
                self.halved[name] = numpy_helper.from_array(_halved(numpy_helper.to_array(self._weights[name])), half)
            else:
                self.nodes.append(_cast(name, half, TensorProto.FLOAT16))
        return half


def _halved(values: np.ndarray) -> np.ndarray:
    """Numbers too large for float16, which only masks hold, become the largest it has."""
    return np.where(np.isinf(values), values, np.clip(values, -LARGEST, LARGEST)).astype(np.float16)


def _cast(source: str, target: str, kind: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], name=f"{target}/cast", to=kind)
