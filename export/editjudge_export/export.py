"""One model to its ONNX files: round, trace, store, compare, and only then give the file its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

import onnx
from transformers import PreTrainedModel

from . import gate
from .graph import Graph, trace
from .storage import rounded, store_half

Model = TypeVar("Model", bound=PreTrainedModel)
Storage = Literal["fp32", "fp16"]
STORAGES: tuple[Storage, ...] = get_args(Storage)


@dataclass(frozen=True)
class Exported:
    """A written file. For graphs, parity: largest absolute error against PyTorch with the weights as they are stored.

    rounding: the difference between PyTorch with these and with the original weights; None for fp32.
    """

    role: str
    path: Path
    precision: str = ""
    parity: float | None = None
    rounding: gate.Difference | None = None


def export_graphs(
    model: Model, graphs_of: Callable[[Model], Sequence[Graph]], folder: Path, storage: Storage
) -> list[Exported]:
    """Writes a model's graphs as folder/ROLE.onnx. Raises GateError, and leaves no file, where one fails its gate."""
    graphs = originals = graphs_of(model)
    if storage == "fp16":
        graphs = graphs_of(rounded(model))
    folder.mkdir(parents=True, exist_ok=True)
    return [_export(graph, original, folder, storage) for graph, original in zip(graphs, originals, strict=True)]


def copy_file(source: Path, folder: Path, role: str) -> Exported:
    """Copies a file of a checkpoint that needs no export, such as its tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{role}{source.suffix}"
    shutil.copyfile(source, path)
    return Exported(role, path)


def _export(graph: Graph, original: Graph, folder: Path, storage: Storage) -> Exported:
    traced = trace(graph)
    if storage == "fp16":
        traced = store_half(traced)
    onnx.checker.check_model(traced)
    path = folder / f"{graph.role}.onnx"
    part = path.with_suffix(".onnx.part")
    try:
        onnx.save(traced, part)
        parity = gate.check(graph, part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    rounding = None
    if storage == "fp16":
        rounding = gate.difference(graph, original.reference, graph.reference)
    return Exported(graph.role, path, storage, parity, rounding)
