"""One model to its ONNX files: trace, compare, convert, compare again, and only then give the file its name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import onnx
from transformers import PreTrainedModel

from . import gate
from .graph import Graph, trace
from .onnx_file import save
from .precision import Precision, converted
from .storage import rounded

Model = TypeVar("Model", bound=PreTrainedModel)


@dataclass(frozen=True)
class Exported:
    """A written file. For graphs, parity: the largest error against PyTorch with the weights as they are traced.

    rounding: how far the precision moves the outputs from those of PyTorch with the original weights; None for float32.
    data: the file of the weights, where they did not fit into the first.
    """

    role: str
    path: Path
    precision: str = ""
    parity: float | None = None
    rounding: gate.Difference | None = None
    data: Path | None = None

    @property
    def files(self) -> list[Path]:
        return [self.path] if self.data is None else [self.path, self.data]


def export_graphs(
    model: Model, graphs_of: Callable[[Model], Sequence[Graph]], folder: Path, precision: Precision
) -> list[Exported]:
    """Writes a model's graphs as folder/ROLE.onnx. Raises GateError, and leaves no file, where one fails its gate."""
    graphs = originals = graphs_of(model)
    if precision == "fp16-weights":
        graphs = graphs_of(rounded(model))
    folder.mkdir(parents=True, exist_ok=True)
    return [_export(graph, original, folder, precision) for graph, original in zip(graphs, originals, strict=True)]


def copy_file(source: Path, folder: Path, role: str) -> Exported:
    """Copies a file of a checkpoint that needs no export, such as its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{role}{source.suffix}"
    shutil.copyfile(source, path)
    return Exported(role, path)


def _export(graph: Graph, original: Graph, folder: Path, precision: Precision) -> Exported:
    """What is traced has to agree with PyTorch first; what the precision costs is measured on top of that."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{graph.role}.") as scratch:
        path = Path(scratch) / f"{graph.role}.onnx"
        traced = trace(graph)
        if precision == "fp16-weights":
            traced = converted(traced, precision)
        written = save(traced, path)
        parity, rounding = gate.check(graph, path), None
        if precision == "fp16-weights":
            rounding = gate.difference(graph, original.reference, graph.reference)
        elif precision != "fp32":
            traced = converted(traced, precision, graph.keep)
            written = save(traced, path)
            few = replace(graph, batches=(1,))  # it is measured here, and no mistake looked for
            rounding = gate.difference(few, graph.reference, gate.onnx_runner(path, precision))
            if not rounding.largest < float("inf"):
                raise gate.GateError(f"{graph.role} overflows in {precision}.")
        if graph.choices:
            del traced.graph.output[len(graph.outputs) :]
            written = save(traced, path)
        onnx.checker.check_model(str(path))
        for each in reversed(written):
            each.replace(folder / each.name)
    data = folder / written[1].name if len(written) > 1 else None
    return Exported(graph.role, folder / path.name, precision, parity, rounding, data)
