"""The numeric gate: no graph leaves without having been compared with PyTorch on the same inputs."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx
import onnxruntime as ort
import torch

from editjudge.errors import EditJudgeError

from .graph import SHORTFALL, Graph, Tensors
from .half import held
from .onnx_file import save
from .precision import HALVES, Precision

SEEDS = (0, 1)
PROVIDERS = ["CPUExecutionProvider"]

Runner = Callable[[Tensors], Tensors]


class GateError(EditJudgeError):
    """An exported graph does not compute what the PyTorch model computes."""


def cases(graph: Graph) -> Iterator[Tensors]:
    """The inputs of the comparison: random ones, every seed with every batch size, and photographs."""
    for seed, batch in itertools.product(SEEDS, graph.batches):
        yield from graph.examples(torch.Generator().manual_seed(seed), batch)
    yield from graph.pictures()


def open_graph(path: Path, precision: Precision = "fp32") -> ort.InferenceSession:
    """A graph on ONNX Runtime's CPU provider; in half precision it rounds as a GPU does, not as the CPU would."""
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False  # it would keep the largest attention map that ever was
    if precision not in HALVES:
        return ort.InferenceSession(str(path), options, providers=PROVIDERS)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".held.") as folder:
        copy = Path(folder) / path.name
        save(held(onnx.load(path)), copy)
        return ort.InferenceSession(str(copy), options, providers=PROVIDERS, disabled_optimizers=["EliminateIdentity"])


def onnx_runner(path: Path, precision: Precision = "fp32") -> Runner:
    """Runs a graph as `open_graph` opens it."""
    session = open_graph(path, precision)
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Tensors) -> Tensors:
        outputs = session.run(names, {name: tensor.numpy() for name, tensor in inputs.items()})
        return {name: torch.from_numpy(output) for name, output in zip(names, outputs, strict=True)}

    return run


@dataclass(frozen=True)
class Difference:
    """Over all cases and outputs, as a share of the largest number of an output where that is over 1.

    NaN where either side gives one.
    """

    largest: float
    mean: float


def difference(graph: Graph, expected: Runner, actual: Runner) -> Difference:
    """How far two ways of running a graph lie apart.

    What `actual` chose among near-equals is given to `expected`. Raises GateError where their outputs differ in shape.
    """
    largest, total, count = [], 0.0, 0
    for inputs in cases(graph):
        with torch.inference_mode():
            got = actual(inputs)
            wanted = expected({**inputs, **{name: got[name] for name in graph.choices if name in got}})
        largest += [wanted[SHORTFALL]] if SHORTFALL in wanted else []
        for name in graph.outputs:
            compared = graph.compared.get(name, lambda output: output)
            if wanted[name].shape != got[name].shape:
                raise GateError(f"{graph.role}: {name} is {tuple(got[name].shape)}, not {tuple(wanted[name].shape)}.")
            reference = compared(wanted[name])
            gap = (reference - compared(got[name])).abs() / reference.abs().max().clamp(min=1.0)
            largest.append(gap.max())
            total, count = total + float(gap.sum()), count + gap.numel()
    return Difference(float(torch.stack(largest).max()), total / count)  # max() of tensors, as Python's forgets a NaN


def check(graph: Graph, path: Path) -> float:
    """The graph's largest error against PyTorch. Raises GateError where it is over the gate, or not a number."""
    try:
        error = difference(graph, graph.reference, onnx_runner(path)).largest
    except (ort.capi.onnxruntime_pybind11_state.Fail, ort.capi.onnxruntime_pybind11_state.InvalidGraph) as failure:
        raise GateError(f"{graph.role} does not run in ONNX Runtime: {failure}") from failure
    if not error <= graph.gate:
        raise GateError(f"{graph.role} differs from PyTorch by {error:.2g}, over the gate of {graph.gate:.0e}.")
    return error
