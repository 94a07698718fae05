"""CLIP: vision and text apart, each up to the projected embedding, not normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPModel

from editjudge_export.architectures.text_graph import TextSide, make_text_graph
from editjudge_export.checkpoints.checkpoint import (
    check_vocabulary,
    load_config,
    load_model,
    load_tokenizer,
)
from editjudge_export.checkpoints.preprocessing import center_crop, normalization, read_processor
from editjudge_export.checkpoints.processors import clip_processor
from editjudge_export.onnx.export import ExportedFile, export_graphs, export_tokenizer
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = CLIPModel


class Vision(nn.Module):
    """pixel_values float32[N, 3, S, S] -> image_embeds float32[N, D]."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.model.get_image_features(pixel_values)


def export(
    checkpoint: Path, folder: Path, precision: Precision = "fp32", *, context: int | None = None
) -> list[ExportedFile]:
    """Writes clip_vision.onnx, clip_text.onnx and clip_tokenizer.json. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the files go.
        precision: Of the graphs.
        context: Tokens of a text; by default as many as the model takes.
    """
    model, tokenizer = load_model(checkpoint, CLIPModel), load_tokenizer(checkpoint)
    check_vocabulary(tokenizer, model.config.text_config.vocab_size)
    exported = export_graphs(model, lambda copy: make_graphs(copy, context), folder, precision)
    return [*exported, export_tokenizer(checkpoint, folder, "clip_tokenizer")]


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {"size": load_config(checkpoint, CLIPModel).vision_config.image_size}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    processor = read_processor(checkpoint)
    return {**normalization(processor), **center_crop(processor)}


def make_graphs(model: CLIPModel, context: int | None = None) -> list[Graph]:
    """clip_vision, and clip_text for texts of `context` tokens, by default as many as the model takes."""
    size = model.config.vision_config.image_size

    def draw_pictures(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        yield {"pixel_values": torch.randn(batch, 3, size, size, generator=generator)}

    def photograph_inputs(names: Sequence[str]) -> Iterator[NamedTensors]:
        yield dict(clip_processor(size)(photographs(names), return_tensors="pt"))

    return [
        Graph(
            role="clip_vision",
            module=Vision(model),
            inputs={"pixel_values": {0: "n"}},
            outputs={"image_embeds": {0: "n"}},
            examples=draw_pictures,
            reference=lambda inputs: {"image_embeds": model.get_image_features(**inputs)},
            photograph_inputs=photograph_inputs,
        ),
        make_text_graph("clip_text", TextSide(model, "get_text_features"), model.config.text_config, context),
    ]
