"""ONNX graphs of a few nodes; needs the export extra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save_graph(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[int | str]],
    outputs: list[str],
    weights: dict[str, np.ndarray],
) -> Path:
    """Saves a graph whose inputs, by their shapes, and outputs are float32; returns the path."""
    return save_model(
        path,
        helper.make_graph(
            nodes,
            "graph",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [numpy_helper.from_array(values, name) for name, values in weights.items()],
        ),
    )


def save_model(path: Path, graph: onnx.GraphProto) -> Path:
    """Saves a graph as a model of the version that exports have; returns the path."""
    onnx.save(make_model(graph), path)
    return path


def make_model(graph: onnx.GraphProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
