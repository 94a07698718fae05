"""DINOv2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import Dinov2Model

from editjudge_export.architectures.vit_features import make_graph
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.checkpoints.preprocessing import center_crop, normalization, read_processor
from editjudge_export.onnx.export import ExportedFile, export_graphs
from editjudge_export.onnx.precision import Precision

MODEL = Dinov2Model


def export(checkpoint: Path, folder: Path, precision: Precision = "fp32", *, size: int = 224) -> list[ExportedFile]:
    """Writes dinov2.onnx. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the file goes.
        precision: Of the graph.
        size: Pixels of a side of the pictures; a multiple of those of a patch.
    """
    model = load_model(checkpoint, Dinov2Model)
    return export_graphs(model, lambda copy: [make_graph(copy, "dinov2", size)], folder, precision)


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    processor = read_processor(checkpoint)
    shorter = {"shorter": processor["size"]["shortest_edge"]} if "size" in processor else {}
    return {**normalization(processor), **center_crop(processor), **shorter}
