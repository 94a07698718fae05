"""Simplifies graphs of any size: a protobuf holds 2 GB at most, so large weights are set aside meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import onnx
import onnxslim
from onnx import numpy_helper

LARGE = 2**20
"""Bytes from which a weight is set aside."""
SCALING = {"Cast", "Sub", "Mul"}
"""The operations that turn a mask of truth values into a summand."""


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """Folds the constants of a graph and infers its shapes."""
    with set_aside(model) as weights:
        slim = onnxslim.slim(model)
    put_back(slim, weights)
    return remove_tiles(slim)


def remove_tiles(model: onnx.ModelProto) -> onnx.ModelProto:
    """Broadcasts masks that are repeated only to be added to attention scores.

    OpenVINO 2026.2 repeats them wrongly on the CPU where the batch is dynamic, and there is less to compute. Whether
    the scores have the shape that the mask was repeated to is left to the numeric gate.
    """
    nodes = model.graph.node
    constants = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer if weight.dims}
    scalars = {weight.name for weight in model.graph.initializer if not weight.dims}

    def is_only_added(name: str) -> bool:
        """Whether the value, cast and scaled, is used in sums alone."""
        readers = [node for node in nodes if name in node.input]
        return bool(readers) and all(
            node.op_type == "Add"
            or (node.op_type in SCALING and set(node.input) <= {name, *scalars} and is_only_added(node.output[0]))
            for node in readers
        )

    with set_aside(model):
        inferred = onnx.shape_inference.infer_shapes(model).graph
    shapes = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in inferred.value_info
    }
    for tile in [node for node in nodes if node.op_type == "Tile"]:
        source, repeats = shapes.get(tile.input[0], []), constants.get(tile.input[1])
        if repeats is None or len(source) != len(repeats) or not is_only_added(tile.output[0]):
            continue
        if all(count == 1 or size == 1 for size, count in zip(source, repeats, strict=True)):
            for node in nodes:
                node.input[:] = [tile.input[0] if name == tile.output[0] else name for name in node.input]
            nodes.remove(tile)
            del model.graph.value_info[:]  # some have another shape now
    put_back(model, [])
    return model


@contextmanager
def set_aside(model: onnx.ModelProto) -> Iterator[list[onnx.TensorProto]]:
    """Turns the large weights of a model into inputs for a while; yields them, and puts them back in the end."""
    graph = model.graph
    weights = [weight for weight in graph.initializer if weight.ByteSize() >= LARGE]
    kept = [weight for weight in graph.initializer if weight.ByteSize() < LARGE]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    graph.input.extend(
        onnx.helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims) for weight in weights
    )
    try:
        yield weights
    finally:
        put_back(model, weights)


def put_back(model: onnx.ModelProto, weights: list[onnx.TensorProto]) -> None:
    """Turns inputs into weights again; drops those that nothing reads any more."""
    graph = model.graph
    names = {weight.name for weight in weights}
    inputs = [value for value in graph.input if value.name not in names]
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    kept = [weight for weight in (*graph.initializer, *weights) if weight.name in read]
    del graph.input[:], graph.initializer[:]
    graph.input.extend(inputs)
    graph.initializer.extend(kept)
