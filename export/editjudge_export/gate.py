"""The numeric gate: no graph leaves without having been compared with PyTorch on the same random inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort
import torch

from editjudge.errors import EditJudgeError

from .graph import Graph, Tensors

SEEDS = (0, 1)
BATCHES = (1, 3)

Runner = Callable[[Tensors], Tensors]


class GateError(EditJudgeError):
    """An exported graph does not compute what the PyTorch model computes."""


def cases(graph: Graph) -> Iterator[Tensors]:
    """The inputs of the comparison: every seed with every batch size."""
    for seed in SEEDS:
        for batch in BATCHES:
            yield from graph.examples(torch.Generator().manual_seed(seed), batch)


def onnx_runner(path: Path) -> Runner:
    """Runs a graph on ONNX Runtime's CPU provider."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Tensors) -> Tensors:
        outputs = session.run(names, {name: tensor.numpy() for name, tensor in inputs.items()})
        return {name: torch.from_numpy(output) for name, output in zip(names, outputs, strict=True)}

    return run


@dataclass(frozen=True)
class Difference:
    """Absolute, over all cases and outputs; NaN where either side gives one."""

    largest: float
    mean: float


def difference(graph: Graph, expected: Runner, actual: Runner) -> Difference:
    """How far two ways of running a graph lie apart. Raises GateError where their outputs differ in shape."""
    gaps = []
    for inputs in cases(graph):
        with torch.inference_mode():
            wanted, got = expected(inputs), actual(inputs)
        for name in graph.outputs:
            compared = graph.compared.get(name, lambda output: output)
            if wanted[name].shape != got[name].shape:
                raise GateError(f"{graph.role}: {name} is {tuple(got[name].shape)}, not {tuple(wanted[name].shape)}.")
            gaps.append((compared(wanted[name]) - compared(got[name])).abs().flatten())
    together = torch.cat(gaps)
    return Difference(float(together.max()), float(together.mean()))


def check(graph: Graph, path: Path) -> float:
    """The graph's largest error against PyTorch. Raises GateError where it is over the gate, or not a number."""
    try:
        error = difference(graph, graph.reference, onnx_runner(path)).largest
    except (ort.capi.onnxruntime_pybind11_state.Fail, ort.capi.onnxruntime_pybind11_state.InvalidGraph) as failure:
        raise GateError(f"{graph.role} does not run in ONNX Runtime: {failure}") from failure
    if not error <= graph.gate:
        raise GateError(f"{graph.role} differs from PyTorch by {error:.2g}, over the gate of {graph.gate:.0e}.")
    return error
