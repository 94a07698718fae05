"""The feature of a whole picture by DINO or DINOv2: the last layer's at the class token, not normalised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, ViTModel

from editjudge.errors import InputError
from editjudge_export.checkpoints.processors import dino_processor
from editjudge_export.onnx.graph import Graph, NamedTensors
from editjudge_export.verification.photographs import photographs


class ClassTokenFeatures(nn.Module):
    """pixel_values float32[N, 3, S, S] -> features float32[N, D].

    The model resizes the positions of its patches to the size of the picture on each run; here that is done once.
    """

    def __init__(self, model: PreTrainedModel, size: int) -> None:
        super().__init__()
        self.model = deepcopy(model)
        embeddings = self.model.embeddings
        patches = (size // self.model.config.patch_size) ** 2
        with torch.inference_mode():
            nothing = torch.zeros(1, 1 + patches, self.model.config.hidden_size)
            positions = embeddings.interpolate_pos_encoding(nothing, size, size).clone()
        embeddings.interpolate_pos_encoding = lambda *_: positions

    def forward(self, pixel_values: Tensor) -> Tensor:
        return _run(self.model, pixel_values)


def _run(model: PreTrainedModel, pixel_values: Tensor) -> Tensor:
    options = {"interpolate_pos_encoding": True} if isinstance(model, ViTModel) else {}  # DINOv2 always does it
    return model(pixel_values, **options).last_hidden_state[:, 0]


def make_graph(model: PreTrainedModel, role: str, size: int) -> Graph:
    """The graph of a role, dino or dinov2, for pictures of `size` pixels a side. Raises InputError."""
    patch = model.config.patch_size
    if size < patch or size % patch:
        raise InputError(f"the size for {role} is {size}; it must be a multiple of the {patch} pixels of a patch")

    def draw_pictures(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        yield {"pixel_values": torch.randn(batch, 3, size, size, generator=generator)}

    def photograph_inputs(names: Sequence[str]) -> Iterator[NamedTensors]:
        yield dict(dino_processor(size)(photographs(names), return_tensors="pt"))

    return Graph(
        role=role,
        module=ClassTokenFeatures(model, size),
        inputs={"pixel_values": {0: "n"}},
        outputs={"features": {0: "n"}},
        examples=draw_pictures,
        reference=lambda inputs: {"features": _run(model, **inputs)},
        photograph_inputs=photograph_inputs,
    )
