"""SAM: the image encoder, and the decoder that turns boxes into one mask each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import SamModel

from editjudge.bundles.roles import name_window_role
from editjudge_export.architectures.sam_sizes import check_sizes, cut_to_window, resize_positions
from editjudge_export.checkpoints.checkpoint import load_config, load_model
from editjudge_export.checkpoints.preprocessing import normalization, read_processor
from editjudge_export.checkpoints.processors import sam_processor
from editjudge_export.onnx.export import ExportedFile, export_graphs
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = SamModel

BOXES = (1, 3)
"""Boxes per picture in the comparison with PyTorch."""
PHOTOGRAPHS = ("coffee", "astronaut")


class Encoder(nn.Module):
    """pixel_values float32[B, 3, S, S] -> image_embeddings float32[B, C, h, w]."""

    def __init__(self, model: SamModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.model.get_image_embeddings(pixel_values)


class Decoder(nn.Module):
    """image_embeddings, input_boxes float32[B, N, 4] (pixels of the S x S input) -> pred_masks, iou_scores.

    pred_masks: float32[B, N, m, m] logits, m = 4 h. iou_scores: float32[B, N].
    """

    def __init__(self, model: SamModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, image_embeddings: Tensor, input_boxes: Tensor) -> tuple[Tensor, Tensor]:
        output = self.model(image_embeddings=image_embeddings, input_boxes=input_boxes, multimask_output=False)
        return output.pred_masks[:, :, 0], output.iou_scores[:, :, 0]


def export(
    checkpoint: Path,
    folder: Path,
    precision: Precision = "fp32",
    *,
    size: int | None = None,
    windows: Sequence[int] = (),
) -> list[ExportedFile]:
    """Writes sam_encoder.onnx and sam_decoder.onnx, and both for windows. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the files go.
        precision: Of the encoder; the decoder stays in float32, except for how its weights are stored.
        size: Pixels of a side of the input; None: as the checkpoint has it. For another its positions are interpolated.
        windows: Pixels of a side of the windows, the largest first.
    """
    model = load_model(checkpoint, SamModel)
    size = size or model.config.vision_config.image_size
    check_sizes(model.config, size, windows)
    return export_graphs(resize_positions(model, size), lambda copy: make_graphs(copy, windows), folder, precision)


def config_settings(checkpoint: Path, size: int | None = None) -> dict[str, Any]:
    """The settings that config.json decides; where `size` is another multiple of its patches, it gives way to that.

    Then the positions are interpolated. Raises InputError.
    """
    vision = load_config(checkpoint, SamModel).vision_config
    side = size if size is not None and size > 0 and size % vision.patch_size == 0 else vision.image_size
    # The mask decoder upsamples twice by two.
    return {"size": side, "mask_size": 4 * side // vision.patch_size}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    """Without the size, which config.json has too, and a recipe may change."""
    return normalization(read_processor(checkpoint))


def make_graphs(model: SamModel, windows: Sequence[int] = ()) -> list[Graph]:
    """sam_encoder and sam_decoder, and both for windows of these sides."""
    graphs = _make_pair(model)
    for place, side in enumerate(windows):
        pair = _make_pair(cut_to_window(model, side))
        graphs += [replace(graph, role=name_window_role(graph.role, place)) for graph in pair]
    return graphs


def _make_pair(model: SamModel) -> list[Graph]:
    """The encoder and the decoder of a model."""
    size = model.config.vision_config.image_size

    def draw_pictures(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        yield {"pixel_values": torch.randn(batch, 3, size, size, generator=generator)}

    def photograph_inputs(names: Sequence[str]) -> Iterator[NamedTensors]:
        processed = sam_processor(size, size // 4)(photographs(names), return_tensors="pt")
        yield {"pixel_values": processed["pixel_values"]}

    def draw_prompts(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        config = model.config.vision_config
        side = config.image_size // config.patch_size
        # Of the size of the encoder's, whose last layer is a norm.
        embeddings = torch.randn(batch, config.output_channels, side, side, generator=generator)
        for boxes in BOXES:
            corners = torch.rand(batch, boxes, 2, 2, generator=generator).sort(dim=2).values * size
            yield {"image_embeddings": embeddings, "input_boxes": corners.flatten(2)}

    def decode(inputs: NamedTensors) -> NamedTensors:
        output = model(**inputs, multimask_output=False)
        return {"pred_masks": output.pred_masks.squeeze(2), "iou_scores": output.iou_scores.squeeze(2)}

    return [
        Graph(
            role="sam_encoder",
            module=Encoder(model),
            inputs={"pixel_values": {0: "batch"}},
            outputs={"image_embeddings": {0: "batch"}},
            examples=draw_pictures,
            reference=lambda inputs: {"image_embeddings": model.get_image_embeddings(**inputs)},
            photograph_inputs=photograph_inputs,
            photographs=PHOTOGRAPHS,  # a batch of two
            batches=(1,),
        ),
        Graph(
            role="sam_decoder",
            module=Decoder(model),
            inputs={"image_embeddings": {0: "batch"}, "input_boxes": {0: "batch", 1: "boxes"}},
            outputs={"pred_masks": {0: "batch", 1: "boxes"}, "iou_scores": {0: "batch", 1: "boxes"}},
            examples=draw_prompts,
            reference=decode,
            gate=1e-3,  # of the largest logit; the mask is where they are above 0
            keep=("",),  # the decoder is small, and half precision would coarsen outlines
        ),
    ]
