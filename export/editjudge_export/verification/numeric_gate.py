"""The numeric gate: every graph is compared with PyTorch on the same inputs before it is handed out."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.errors import EditJudgeError
from editjudge_export.onnx.files import load, save
from editjudge_export.onnx.fp16 import keep_rounding
from editjudge_export.onnx.graph import SHORTFALL, Graph, NamedTensors
from editjudge_export.onnx.precision import HALVES, Precision

SEEDS = (0, 1)
PROVIDERS = ["CPUExecutionProvider"]

TensorFunction = Callable[[NamedTensors], NamedTensors]
"""From named inputs to named outputs."""


class GateError(EditJudgeError):
    """An exported graph does not compute what the PyTorch model computes."""


@dataclass(frozen=True)
class OutputDifference:
    """How far outputs lie apart, as a share of the largest number of an output where that is over 1.

    Attributes:
        largest, mean: Over all inputs and outputs; NaN where either side gives one.
    """

    largest: float
    mean: float


def draw_inputs(graph: Graph) -> Iterator[NamedTensors]:
    """The inputs of the comparison: random ones, every seed with every batch size, and photographs."""
    for seed, batch in itertools.product(SEEDS, graph.batches):
        yield from graph.examples(torch.Generator().manual_seed(seed), batch)
    yield from graph.photograph_inputs(graph.photographs)


def open_graph(path: Path, precision: Precision = "fp32") -> Any:
    """Opens a graph on ONNX Runtime's CPU provider; half precision is rounded as a GPU does, not as the CPU would."""
    ort = load_onnxruntime()
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False  # it would never give back the memory of the largest attention map
    options.add_session_config_entry("session.x64quantprecision", "1")  # or weights of 8 bits overflow on some CPUs
    if precision not in HALVES:
        return ort.InferenceSession(str(path), options, providers=PROVIDERS)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".rounded.") as folder:
        copy = Path(folder) / path.name
        save(keep_rounding(load(path)), copy)
        return ort.InferenceSession(str(copy), options, providers=PROVIDERS, disabled_optimizers=["EliminateIdentity"])


def open_function(path: Path, precision: Precision = "fp32") -> TensorFunction:
    """Opens a graph as `open_graph` does, as a function of tensors."""
    session = open_graph(path, precision)
    names = [output.name for output in session.get_outputs()]

    def run(inputs: NamedTensors) -> NamedTensors:
        outputs = session.run(names, {name: tensor.numpy() for name, tensor in inputs.items()})
        return {name: torch.from_numpy(output) for name, output in zip(names, outputs, strict=True)}

    return run


def measure_difference(graph: Graph, expected: TensorFunction, actual: TensorFunction) -> OutputDifference:
    """Measures how far two ways of running a graph lie apart.

    Args:
        graph: Gives the inputs, and says how outputs are compared.
        expected: It also takes what `actual` chose among near-equals.
        actual: What is compared with it.

    Raises GateError where an output differs in shape.
    """
    largest, total, count = [], 0.0, 0
    for inputs in draw_inputs(graph):
        with torch.inference_mode():
            got = actual(inputs)
            wanted = expected({**inputs, **{name: got[name] for name in graph.choices if name in got}})
        largest += [wanted[SHORTFALL]] if SHORTFALL in wanted else []
        for name in graph.outputs:
            transform = graph.transforms.get(name, lambda output: output)
            if wanted[name].shape != got[name].shape:
                raise GateError(f"{graph.role}: {name} is {tuple(got[name].shape)}, not {tuple(wanted[name].shape)}.")
            reference = transform(wanted[name])
            gap = (reference - transform(got[name])).abs() / reference.abs().max().clamp(min=1.0)
            largest.append(gap.max())
            total, count = total + float(gap.sum()), count + gap.numel()
    # Of tensors, as Python's own max() may lose a NaN.
    return OutputDifference(float(torch.stack(largest).max()), total / count)


def check_parity(graph: Graph, path: Path) -> float:
    """The graph's largest error against PyTorch. Raises GateError where it is over the gate, or not a number."""
    faults = load_onnxruntime().capi.onnxruntime_pybind11_state
    try:
        error = measure_difference(graph, graph.reference, open_function(path)).largest
    except (faults.Fail, faults.InvalidGraph) as failure:
        raise GateError(f"{graph.role} does not run in ONNX Runtime: {failure}") from failure
    if not error <= graph.gate:
        raise GateError(f"{graph.role} differs from PyTorch by {error:.2g}, over the gate of {graph.gate:.0e}.")
    return error
