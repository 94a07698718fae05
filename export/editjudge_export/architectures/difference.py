"""The network that finds the differences of two pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from editjudge.errors import InputError
from editjudge.image.transforms import resize
from editjudge_export.architectures.difference_network import DifferenceModel
from editjudge_export.checkpoints.checkpoint import load_model, read_config
from editjudge_export.onnx.export import ExportedFile, export_graphs
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = DifferenceModel
OUTPUTS = ("kind", "box", "quality", "mask")


def export(checkpoint: Path, folder: Path, precision: Precision = "fp32", *, size: int = 256) -> list[ExportedFile]:
    """Writes difference.onnx. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the file goes.
        precision: Of the graph.
        size: Pixels of a side of the pictures; a multiple of 32.
    """
    return export_graphs(
        load_model(checkpoint, DifferenceModel), lambda model: make_graphs(model, size), folder, precision
    )


def config_settings(checkpoint: Path) -> dict[str, Any]:
    """The side that it was trained at: boxes are learnt in its pixels."""
    return {"size": read_config(checkpoint)["size"]}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def make_graphs(model: DifferenceModel, size: int) -> list[Graph]:
    """The one graph, `difference`, for pictures of `size` pixels a side. Raises InputError."""
    if size < 32 or size % 32:
        raise InputError(f"the size for the network of differences is {size}; it must be a multiple of 32")

    def draw_pairs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        original = torch.rand(batch, 3, size, size, generator=generator)
        noise = torch.randn(original.shape, generator=generator)
        yield {"original": original, "edited": (original + 0.2 * noise).clamp(0, 1)}

    def photograph_inputs(names: Sequence[str]) -> Iterator[NamedTensors]:
        squares = np.stack([resize(picture, size, size, "area") for picture in photographs(names)])
        pixels = torch.from_numpy(squares).permute(0, 3, 1, 2) / 255
        pasted = pixels.clone()
        pasted[:, :, size // 4 : size // 2, size // 4 : size // 2] = pixels.roll(1, 0)[:, :, : size // 4, : size // 4]
        yield {"original": pixels, "edited": pasted}
        yield {"original": pixels, "edited": pixels}

    return [
        Graph(
            role="difference",
            module=model,
            inputs={"original": {0: "n"}, "edited": {0: "n"}},
            outputs={name: {0: "n"} for name in OUTPUTS},
            examples=draw_pairs,
            reference=lambda inputs: dict(zip(OUTPUTS, model(**inputs), strict=True)),
            transforms=dict.fromkeys(("kind", "quality", "mask"), torch.sigmoid),
            photograph_inputs=photograph_inputs,
        )
    ]
