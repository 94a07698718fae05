"""Half precision, node by node: chosen operations compute in float16, with casts where the two types meet.

A CPU without float16 computes such operations in float32, and ONNX Runtime then drops the casts between them as well:
only the weights would be rounded, and an error measured that way would be too small. `keep_rounding` prevents that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from editjudge_export.onnx.simplify import put_back, set_aside

HALF = ".half"
"""The ending of the names of values in float16."""

LARGEST = float(np.finfo(np.float16).max)


def convert_to_half(model: onnx.ModelProto, select: Callable[[onnx.NodeProto], bool]) -> onnx.ModelProto:
    """Converts the nodes that `select` returns true for to float16; inputs and outputs keep their types."""
    types = infer_types(model)
    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    rewriter = _Rewriter(types, weights)
    for node in graph.node:
        rewriter.add(node, select(node))
    for output in graph.output:
        rewriter.use_single(output.name)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(rewriter.nodes)
    put_back(model, list(rewriter.half_weights.values()))
    return model


def keep_rounding(model: onnx.ModelProto) -> onnx.ModelProto:
    """Passes every float16 value of a converted model through an Identity, which is float16 on a CPU too.

    Such a model must be opened without ONNX Runtime's optimiser "EliminateIdentity".
    """
    nodes = []
    for node in model.graph.node:
        nodes.append(node)
        for place, name in enumerate(node.output):
            if name.endswith(HALF):
                node.output[place] = f"{name}/exact"
                nodes.append(helper.make_node("Identity", [node.output[place]], [name], name=f"{name}/rounded"))
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    return model


def infer_types(model: onnx.ModelProto) -> dict[str, int]:
    """The element type of every value of the graph, by name. Raises ValueError where one cannot be inferred."""
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
    """Collects the new nodes. A value `x` of the old graph becomes `x` in float32, `x.half` in float16, or both."""

    def __init__(self, types: Mapping[str, int], weights: Mapping[str, TensorProto]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.half_weights: dict[str, TensorProto] = {}
        self._types = types
        self._weights = weights
        self._half: set[str] = set()  # values that have an x.half
        self._only_half: set[str] = set()  # those of them that have no x so far

    def add(self, node: onnx.NodeProto, half: bool) -> None:
        new = onnx.NodeProto()
        new.CopyFrom(node)
        for place, name in enumerate(node.input):
            if self._types.get(name) == TensorProto.FLOAT:
                new.input[place] = self._use_half(name) if half else self.use_single(name)
        if half:
            for place, name in enumerate(node.output):
                if self._types.get(name) == TensorProto.FLOAT:
                    new.output[place] = f"{name}{HALF}"
                    self._half.add(name)
                    self._only_half.add(name)
        self.nodes.append(new)

    def use_single(self, name: str) -> str:
        """The name of the value in float32; a cast is added where there is only one in float16."""
        if name in self._only_half:
            self._only_half.discard(name)
            self.nodes.append(_cast(f"{name}{HALF}", name, TensorProto.FLOAT))
        return name

    def _use_half(self, name: str) -> str:
        half = f"{name}{HALF}"
        if name not in self._half:
            self._half.add(name)
            if name in self._weights:
                self.half_weights[name] = numpy_helper.from_array(
                    _round(numpy_helper.to_array(self._weights[name])), half
                )
            else:
                self.nodes.append(_cast(name, half, TensorProto.FLOAT16))
        return half


def _round(values: np.ndarray) -> np.ndarray:
    """Rounds to float16; numbers that are too large for it, as only masks have them, become its largest."""
    return np.where(np.isinf(values), values, np.clip(values, -LARGEST, LARGEST)).astype(np.float16)


def _cast(source: str, target: str, kind: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [target], name=f"{target}/cast", to=kind)
