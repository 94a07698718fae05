"""Half the file size: large weights are stored as float16 and cast back, which ONNX Runtime does once, on loading.

PyTorch's weights are rounded before they are traced, so storing loses nothing: only initialisers that float16
represents exactly are stored that way, and the arithmetic stays in float32.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

Module = TypeVar("Module", bound=nn.Module)

SMALLEST = 1024
"""Elements from which a tensor is stored as float16: norms, biases and small constants take few bytes."""


def round_weights(module: Module) -> Module:
    """Copies a module and rounds its large matrices and kernels to float16, except those that would overflow."""
    module = copy.deepcopy(module)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim >= 2 and parameter.numel() >= SMALLEST:
                half = parameter.half().float()
                if half.isfinite().all():
                    parameter.copy_(half)
    return module


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Stores every large initialiser that float16 represents exactly as such, behind a Cast."""
    graph = model.graph
    casts = []
    for initializer in graph.initializer:
        if initializer.data_type != onnx.TensorProto.FLOAT or len(initializer.dims) < 2:
            continue
        values = numpy_helper.to_array(initializer)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if values.size < SMALLEST or not np.array_equal(half.astype(np.float32), values):
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(half, f"{name}_fp16"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}_fp16"], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model
