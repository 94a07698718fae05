"""What an ONNX graph is made of: the module that is traced, the names of its tensors, and what it must agree with."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import onnx
import torch
from torch import Tensor, nn

from editjudge_export.onnx.simplify import simplify
from editjudge_export.verification.photographs import NAMES

NamedTensors = dict[str, Tensor]
"""Inputs or outputs by name."""

SHORTFALL = "shortfall"
"""What a reference may return beside the outputs: by how much the choices that it was given are worse than its own."""

OPSET = 17
"""The first with LayerNormalization; from 20 on TensorRT takes GridSample's linear mode for nearest."""


@dataclass(frozen=True)
class Graph:
    """A graph, and the reference that it is compared with.

    Attributes:
        role: Its role in a bundle.
        module: Takes the tensors of `inputs` in that order, and returns those of `outputs`, then those of `choices`.
        inputs, outputs: The names of the tensors, and of the dynamic axes of each.
        examples: Draws inputs for a batch size; the first are those that are traced.
        reference: Runs the untouched PyTorch model on such inputs.
        transforms: What is applied to outputs before they are compared, by name.
        choices: Outputs that no user of the graph needs: which of near-equals it chose. The reference takes them as
            inputs.
        photograph_inputs: Yields further inputs, made of the photographs of these names by the model's own processor;
            all take two of them.
        photographs: The names of those that it is compared on.
        keep: Parts that stay in float32 whatever the precision, as the names of their nodes contain them.
        gate: The largest error that is allowed, as a share of the largest number of an output where that is over 1.
        batches: The batch sizes that `examples` is called with.
    """

    role: str
    module: nn.Module
    inputs: Mapping[str, Mapping[int, str]]
    outputs: Mapping[str, Mapping[int, str]]
    examples: Callable[[torch.Generator, int], Iterator[NamedTensors]]
    reference: Callable[[NamedTensors], NamedTensors]
    transforms: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    photograph_inputs: Callable[[Sequence[str]], Iterator[NamedTensors]] = lambda _: iter(())
    photographs: tuple[str, ...] = NAMES
    keep: tuple[str, ...] = ()
    gate: float = 1e-4
    batches: tuple[int, ...] = (1, 2)


def trace(graph: Graph) -> onnx.ModelProto:
    """Traces the module to ONNX and simplifies it; the graph's choices are its last outputs.

    Tracing is used rather than torch.export or optimum: the shapes are our own (pictures and texts of fixed size, boxes
    instead of points), so optimum's configurations would all be replaced, and the gate covers what tracing bakes in.
    """
    example = next(graph.examples(torch.Generator().manual_seed(0), 2))
    with warnings.catch_warnings(), torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # the tracer warns of every shape that becomes a constant, as is wanted here
        path = f"{folder}/traced.onnx"  # a text: with a Path the exporter cannot put over 2 GB of weights beside it
        torch.onnx.export(
            graph.module.eval(),  # the exporter gives the whole tree back the mode of its root
            tuple(example[name] for name in graph.inputs),
            path,
            input_names=list(graph.inputs),
            output_names=[*graph.outputs, *graph.choices],
            dynamic_axes={**graph.inputs, **graph.outputs, **graph.choices},
            opset_version=OPSET,
            dynamo=False,
        )
        traced = simplify(onnx.load(path))
        shapes = {name: tensor.shape for name, tensor in graph.reference(example).items()}
    for output in traced.graph.output[: len(graph.outputs)]:
        dimensions = output.type.tensor_type.shape.dim
        for axis, size in enumerate(shapes[output.name]):
            if axis not in graph.outputs[output.name]:
                dimensions[axis].dim_value = size  # the tracer loses some of them
    return traced
