"""The directed embedding of edits: the network that fuses CLIP's features of a pair, and its side for instructions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from editjudge.models.pair.views import DETAIL, PLACES, stack_inputs, view_pair
from editjudge_export.architectures.edit_network import FRAMES, EditClipModel
from editjudge_export.architectures.text_graph import TextSide, make_text_graph
from editjudge_export.checkpoints.checkpoint import (
    check_context,
    check_vocabulary,
    load_model,
    load_tokenizer,
)
from editjudge_export.onnx.export import ExportedFile, export_graphs, export_tokenizer
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = EditClipModel
INPUTS = ("features", "details", "boxes", "seen")
"""Of the fusing network, as `editjudge.models.pair.views.PairInputs` names them."""


def export(
    checkpoint: Path, folder: Path, precision: Precision = "fp32", *, context: int | None = None
) -> list[ExportedFile]:
    """Writes edit_clip.onnx, edit_clip_text.onnx and edit_clip_tokenizer.json. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the files go.
        precision: Of the graphs.
        context: Tokens of an instruction; by default as many as the model takes.
    """
    model, tokenizer = load_model(checkpoint, EditClipModel), load_tokenizer(checkpoint)
    check_vocabulary(tokenizer, model.text.config.vocab_size)
    check_context(checkpoint, context or model.text.config.max_position_embeddings)
    exported = export_graphs(model, lambda copy: make_graphs(copy, context), folder, precision)
    return [*exported, export_tokenizer(checkpoint, folder, "edit_clip_tokenizer")]


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    """None: what it sees of a pair is `editjudge.models.pair.views`."""
    return {}


def make_graphs(model: EditClipModel, context: int | None = None) -> list[Graph]:
    """edit_clip, and edit_clip_text for instructions of `context` tokens, by default as many as the model takes."""
    width = model.config.features

    def draw_pairs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        """Every number of places; those that an edit has not are zero, as in a score."""
        for places in range(1, PLACES + 1):
            seen = (torch.arange(PLACES) < places).float()
            corners = torch.rand(batch, PLACES, 2, 2, generator=generator).sort(dim=2).values
            drawn = {
                "features": torch.randn(batch, PLACES, FRAMES, width, generator=generator),
                "details": torch.rand(batch, PLACES, FRAMES, 3, DETAIL, DETAIL, generator=generator) - 0.5,
                "boxes": corners.flatten(2),
            }
            hidden = {name: value * seen.view(PLACES, *[1] * (value.ndim - 2)) for name, value in drawn.items()}
            yield {**hidden, "seen": seen.expand(batch, PLACES).clone()}

    def photograph_inputs(names: Sequence[str]) -> Iterator[NamedTensors]:
        """Photographs with a part of another pasted in; CLIP's features are drawn."""
        pictures = photographs(names)
        pairs = [(one, _paste(one, other)) for one, other in zip(pictures, [*pictures[1:], pictures[0]], strict=True)]
        views = [view_pair(*pair) for pair in pairs]
        count = sum(len(view.all) for view in views)
        features = np.random.default_rng(0).standard_normal((count, width)).astype(np.float32)
        yield {name: torch.from_numpy(value) for name, value in stack_inputs(views, features).feeds().items()}

    return [
        Graph(
            role="edit_clip",
            module=model.fusion,
            inputs={name: {0: "n"} for name in INPUTS},
            outputs={"edit_embeds": {0: "n"}},
            examples=draw_pairs,
            reference=lambda inputs: {"edit_embeds": model(**inputs)},
            photograph_inputs=photograph_inputs,
        ),
        make_text_graph("edit_clip_text", TextSide(model, "embed_texts"), model.text.config, context),
    ]


def _paste(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    pasted, (height, width) = (
        one.copy(),
        [min(sides) // 3 for sides in zip(one.shape[:2], other.shape[:2], strict=True)],
    )
    pasted[height : 2 * height, width : 2 * width] = other[:height, :width]
    return pasted
