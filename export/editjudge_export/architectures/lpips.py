"""LPIPS on AlexNet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from editjudge.errors import InputError
from editjudge.image.transforms import resize
from editjudge_export.architectures.lpips_network import Lpips, load_lpips
from editjudge_export.architectures.lpips_weights import fetch_lpips, measure_lpips
from editjudge_export.onnx.export import ExportedFile, export_graphs
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = Lpips
fetch = fetch_lpips
measure_download = measure_lpips


def export(checkpoint: Path, folder: Path, precision: Precision = "fp32", *, size: int = 512) -> list[ExportedFile]:
    """Writes lpips.onnx. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the file goes.
        precision: Of the graph.
        size: Pixels of a side of the pictures.
    """
    return export_graphs(load_lpips(checkpoint), lambda model: make_graphs(model, size), folder, precision)


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def make_graphs(model: Lpips, size: int) -> list[Graph]:
    """The one graph, `lpips`, for pictures of `size` pixels a side. Raises InputError."""
    if size < 64:
        raise InputError(f"the size for LPIPS is {size}; AlexNet's layers need at least 64 pixels a side")

    def draw_pairs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        original = torch.rand(batch, 3, size, size, generator=generator) * 2 - 1
        noise = torch.randn(original.shape, generator=generator)
        yield {"original": original, "edited": (original + 0.3 * noise).clamp(-1, 1)}

    def photograph_inputs(names: Sequence[str]) -> Iterator[NamedTensors]:
        squares = np.stack([resize(picture, size, size, "bicubic") for picture in photographs(names)])
        pixels = torch.from_numpy(squares).permute(0, 3, 1, 2) / 127.5 - 1
        yield {"original": pixels, "edited": pixels.roll(1, 0)}
        yield {"original": pixels, "edited": pixels}

    return [
        Graph(
            role="lpips",
            module=model,
            inputs={"original": {0: "n"}, "edited": {0: "n"}},
            outputs={"distance": {0: "n"}},
            examples=draw_pairs,
            reference=lambda inputs: {"distance": model(**inputs)},
            photograph_inputs=photograph_inputs,
            gate=1e-5,  # pictures that differ little are 0.01 apart
        )
    ]
