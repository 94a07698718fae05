"""ViFi-CLIP, or any CLIP in its way: the pair of pictures as a clip of two frames, whose features are averaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPModel

from editjudge.errors import InputError
from editjudge_export.architectures import clip, dinov2
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.architectures.text_graph import TextSide, make_text_graph
from editjudge_export.architectures.vifi_clip_weights import PREPROCESSING, load_vifi_clip
from editjudge_export.checkpoints.checkpoint import (
    check_context,
    check_vocabulary,
    load_model,
    load_tokenizer,
)
from editjudge_export.checkpoints.processors import dino_processor
from editjudge_export.onnx.export import ExportedFile, export_graphs, export_tokenizer
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = CLIPModel
FRAMES = 2
"""Of a clip: the original and the edited picture."""

load_pickled = load_vifi_clip


class ClipFrames(nn.Module):
    """frames float32[N, 2, 3, S, S] -> edit_embeds float32[N, D], the mean of their features, not normalised."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, frames: Tensor) -> Tensor:
        features = self.model.get_image_features(frames.flatten(0, 1))
        return features.view(-1, FRAMES, features.shape[-1]).mean(dim=1)


def export(
    checkpoint: Path,
    folder: Path,
    precision: Precision = "fp32",
    *,
    context: int | None = None,
    frames: int = FRAMES,
) -> list[ExportedFile]:
    """Writes vifi_clip.onnx, vifi_clip_text.onnx and vifi_clip_tokenizer.json. Raises InputError or GateError.

    Args:
        checkpoint: The folder of a CLIP; ViFi-CLIP's pickles are converted when a bundle is built.
        folder: Where the files go.
        precision: Of the graphs.
        context: Tokens of a text; by default as many as the model takes.
        frames: Of a clip: 2.
    """
    if frames != FRAMES:
        raise InputError(f"the clip has {frames} frames; an edit is a clip of two pictures, so frames must be {FRAMES}")
    pickle = ARCHITECTURES["vifi_clip"].find_pickle(checkpoint)
    if pickle is not None:
        raise InputError(
            f"{pickle} is a pickle, and a pickle can run code: build a bundle of a recipe that has {checkpoint} as its "
            "vifi_clip with --allow-pickle if you trust it, which converts it, or move it elsewhere"
        )
    model, tokenizer = load_model(checkpoint, CLIPModel), load_tokenizer(checkpoint)
    check_vocabulary(tokenizer, model.config.text_config.vocab_size)
    check_context(checkpoint, context or model.config.text_config.max_position_embeddings)
    exported = export_graphs(model, lambda copy: make_graphs(copy, context), folder, precision)
    return [*exported, export_tokenizer(checkpoint, folder, "vifi_clip_tokenizer")]


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return clip.config_settings(checkpoint)


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    """Those of ViFi-CLIP for its pickles, whose folder has the file of the CLIP that they were trained from."""
    if ARCHITECTURES["vifi_clip"].find_pickle(checkpoint) is not None:
        return dict(PREPROCESSING)
    return dinov2.processor_settings(checkpoint)


def make_graphs(model: CLIPModel, context: int | None = None) -> list[Graph]:
    """vifi_clip, and vifi_clip_text for texts of `context` tokens, by default as many as the model takes."""
    size = model.config.vision_config.image_size

    def draw_clips(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        yield {"frames": torch.randn(batch, FRAMES, 3, size, size, generator=generator)}

    def photograph_clips(names: Sequence[str]) -> Iterator[NamedTensors]:
        pixels = dino_processor(size)(photographs(names), return_tensors="pt")["pixel_values"]
        yield {"frames": torch.stack([pixels, pixels.roll(1, 0)], dim=1)}

    def average(inputs: NamedTensors) -> NamedTensors:
        """Frame by frame, as ViFi-CLIP is defined."""
        features = [model.get_image_features(frame) for frame in inputs["frames"].unbind(1)]
        return {"edit_embeds": torch.stack(features).mean(dim=0)}

    return [
        Graph(
            role="vifi_clip",
            module=ClipFrames(model),
            inputs={"frames": {0: "n"}},
            outputs={"edit_embeds": {0: "n"}},
            examples=draw_clips,
            reference=average,
            photograph_inputs=photograph_clips,
        ),
        make_text_graph("vifi_clip_text", TextSide(model, "get_text_features"), model.config.text_config, context),
    ]
