"""Exports a model to ONNX files: trace, compare, convert, compare again; only then does a file get its name."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import onnx
from torch import nn

from editjudge.bundles.roles import ROLES
from editjudge_export.checkpoints.tokenizer import save_tokenizer
from editjudge_export.onnx.calibration import draw_samples
from editjudge_export.onnx.convert import convert
from editjudge_export.onnx.files import save
from editjudge_export.onnx.fp16_weights import round_weights
from editjudge_export.onnx.graph import Graph, trace
from editjudge_export.onnx.precision import Precision
from editjudge_export.onnx.shared_weights import share_weights
from editjudge_export.verification import numeric_gate

Network = TypeVar("Network", bound=nn.Module)

LARGE = 32 << 20
"""Bytes of a graph with its weights, from which these go into a file of their own."""


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written.

    Attributes:
        role: Its role in a bundle.
        path: Where it is.
        precision: Of a graph.
        parity: Of a graph, its largest error against PyTorch with the weights that were traced.
        rounding: How far the precision moves the outputs from those of PyTorch with the original weights; None for
            float32.
        data: The file of the weights, where they are not in the first: they are large, or other graphs read them too.
    """

    role: str
    path: Path
    precision: str = ""
    parity: float | None = None
    rounding: numeric_gate.OutputDifference | None = None
    data: Path | None = None

    @property
    def files(self) -> list[Path]:
        return [self.path] if self.data is None else [self.path, self.data]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, without the folder."""
        return {**asdict(self), "path": self.path.name, "data": self.data and self.data.name}

    @classmethod
    def from_dict(cls, content: dict[str, Any], folder: Path) -> ExportedFile:
        """The file that `to_dict` made `content` of, in another folder."""
        data, rounding = content["data"], content["rounding"]
        paths = {"path": folder / content["path"], "data": data and folder / data}
        return cls(**{**content, **paths, "rounding": rounding and numeric_gate.OutputDifference(**rounding)})


def export_graphs(
    model: Network, make_graphs: Callable[[Network], Sequence[Graph]], folder: Path, precision: Precision
) -> list[ExportedFile]:
    """Writes the graphs of a model as folder/ROLE.onnx.

    Those that take windows share a file of weights with the one that takes whole pictures; a large one has its weights
    in a file of their own.

    Args:
        model: Its weights are float32.
        make_graphs: Gives the graphs of the model, or of a copy of it.
        folder: It is made where it is missing.
        precision: Of the graphs.

    Raises GateError, and leaves no file, where a graph fails its gate.
    """
    graphs = originals = make_graphs(model)
    if precision == "fp16-weights":
        graphs = make_graphs(round_weights(model))
    folder.mkdir(parents=True, exist_ok=True)
    return _place_weights(
        [_export(graph, original, folder, precision) for graph, original in zip(graphs, originals, strict=True)]
    )


def _place_weights(exported: Sequence[ExportedFile]) -> list[ExportedFile]:
    """Puts the weights of each graph that has windows, and theirs, into one file; those of a large graph into its own.

    ONNX Runtime maps such a file and reads of a table the rows that are looked up; a graph with its weights inside is
    read as a whole, and unpacked into twice its size on the way.
    """
    placed: dict[str, Path] = {}
    for file in exported:
        windows = [other for other in exported if ROLES[other.role].whole == file.role]
        large = ROLES[file.role].whole is None and file.data is None and file.path.stat().st_size >= LARGE
        if windows or large:
            data = file.path.with_name(f"{file.path.name}.data")
            share_weights([graph.path for graph in (file, *windows)], data)
            for own in (window.data for window in windows if window.data is not None):
                own.unlink()
            placed |= dict.fromkeys((graph.role for graph in (file, *windows)), data)
    return [replace(file, data=placed.get(file.role, file.data)) for file in exported]


def export_tokenizer(checkpoint: Path, folder: Path, role: str) -> ExportedFile:
    """Writes the tokenizer of a checkpoint folder as folder/ROLE.json. Raises InputError where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{role}.json"
    save_tokenizer(checkpoint, path)
    return ExportedFile(role, path)


def _export(graph: Graph, original: Graph, folder: Path, precision: Precision) -> ExportedFile:
    """The traced graph has to agree with PyTorch first; what the precision costs is measured on top of that."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=f".{graph.role}.") as scratch:
        path = Path(scratch) / f"{graph.role}.onnx"
        traced = trace(graph)
        if precision == "fp16-weights":
            traced = convert(traced, precision)
        written = save(traced, path)
        parity, rounding = numeric_gate.check_parity(graph, path), None
        if precision == "fp16-weights":
            rounding = numeric_gate.measure_difference(graph, original.reference, graph.reference)
        elif precision != "fp32":
            traced = convert(traced, precision, graph.keep, draw_samples(graph))
            written = save(traced, path)
            quick = replace(graph, batches=(1,))  # this measures; it does not look for mistakes
            converted = numeric_gate.open_function(path, precision)
            rounding = numeric_gate.measure_difference(quick, graph.reference, converted)
            if not rounding.largest < float("inf"):
                raise numeric_gate.GateError(f"{graph.role} overflows in {precision}.")
        if graph.choices:
            del traced.graph.output[len(graph.outputs) :]
            written = save(traced, path)
        onnx.checker.check_model(str(path))
        for file in reversed(written):
            file.replace(folder / file.name)
    data = folder / written[1].name if len(written) > 1 else None
    return ExportedFile(graph.role, folder / path.name, precision, parity, rounding, data)
