"""One ONNX graph to be: what is traced, what its tensors are called, and what it has to agree with."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import onnx
import torch
from torch import Tensor, nn

from .optimise import optimised

Tensors = dict[str, Tensor]
"""Named inputs or outputs."""

SHORTFALL = "shortfall"
"""What a reference may return beside the outputs: how much worse than its own the choices are that it was given."""

OPSET = 17
"""The first with LayerNormalization; from 20 on TensorRT takes GridSample's linear mode for nearest."""


@dataclass(frozen=True)
class Graph:
    """A graph, and the reference that it is measured against.

    `module` takes the tensors of `inputs` in that order and returns those of `outputs`. Both name each tensor's
    dynamic axes. `examples` draws inputs for a batch size, the first of which is traced; `reference` runs the
    untouched PyTorch model on such inputs. Outputs named in `compared` are compared after that function. `choices` are
    outputs that no user of the graph needs: what it chose among near-equals, which the reference is given as inputs.
    `pictures` yields further inputs, made of photographs by the model's own processor. `keep` names the parts of it, as
    the names of its nodes hold them, that stay in float32 whatever the precision. `batches` are the sizes of batch that
    `examples` is asked for.
    """

    role: str
    module: nn.Module
    inputs: Mapping[str, Mapping[int, str]]
    outputs: Mapping[str, Mapping[int, str]]
    examples: Callable[[torch.Generator, int], Iterator[Tensors]]
    reference: Callable[[Tensors], Tensors]
    compared: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    pictures: Callable[[], Iterator[Tensors]] = lambda: iter(())
    keep: tuple[str, ...] = ()
    gate: float = 1e-4
    batches: tuple[int, ...] = (1, 2)


def trace(graph: Graph) -> onnx.ModelProto:
    """The graph in ONNX, optimised; its choices are its last outputs.

    Traced, not torch.export'ed, and without optimum: the shapes are ours (fixed pictures and texts, boxes instead of
    points), so its configurations would all be replaced, and the gate covers what tracing may bake in.
    """
    example = next(graph.examples(torch.Generator().manual_seed(0), 2))
    with warnings.catch_warnings(), torch.inference_mode(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # the tracer warns of every shape it makes a constant, which is wanted here
        path = f"{folder}/traced.onnx"  # over 2 GB the exporter puts the weights beside it, if this is a text
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
        traced = optimised(onnx.load(path))
        shapes = {name: tensor.shape for name, tensor in graph.reference(example).items()}
    for output in traced.graph.output[: len(graph.outputs)]:
        dimensions = output.type.tensor_type.shape.dim
        for axis, size in enumerate(shapes[output.name]):
            if axis not in graph.outputs[output.name]:
                dimensions[axis].dim_value = size  # the tracer loses track of some
    return traced
