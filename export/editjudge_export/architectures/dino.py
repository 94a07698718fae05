"""The first DINO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import ViTConfig, ViTModel

from editjudge_export.architectures.vit_features import make_graph
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.onnx.export import ExportedFile, export_graphs
from editjudge_export.onnx.precision import Precision


class DinoModel(ViTModel):
    """A ViT without the pooling layer, which the checkpoints of DINO lack."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__(config, add_pooling_layer=False)


MODEL = DinoModel


def export(checkpoint: Path, folder: Path, precision: Precision = "fp32", *, size: int = 224) -> list[ExportedFile]:
    """Writes dino.onnx. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the file goes.
        precision: Of the graph.
        size: Pixels of a side of the pictures; a multiple of those of a patch.
    """
    model = load_model(checkpoint, DinoModel)
    return export_graphs(model, lambda copy: [make_graph(copy, "dino", size)], folder, precision)


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    """None: its published files hold transformers' defaults of the day, not what it was trained and evaluated with."""
    return {}
