"""DINO and DINOv2: the feature of a whole picture, the last layer's at the class token, not normalised."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from transformers import Dinov2Model, PreTrainedModel, ViTConfig, ViTModel

from editjudge.errors import InputError

from .checkpoint import load_model
from .export import Exported, export_graphs
from .graph import Graph, Tensors
from .photographs import photographs
from .precision import Precision
from .processors import dino_processor

Role = Literal["dino", "dinov2"]


class DinoModel(ViTModel):
    """The first DINO: a ViT without the pooling layer, which its checkpoints lack."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__(config, add_pooling_layer=False)


ARCHITECTURES: dict[Role, type[PreTrainedModel]] = {"dino": DinoModel, "dinov2": Dinov2Model}


class Features(nn.Module):
    """pixel_values float32[N, 3, S, S] -> features float32[N, D].

    The positions of the patches, which the model brings to the size of the picture each time, are made once.
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
        return _features(self.model, pixel_values)


def _features(model: PreTrainedModel, pixel_values: Tensor) -> Tensor:
    asked = {"interpolate_pos_encoding": True} if isinstance(model, ViTModel) else {}  # DINOv2 does it unasked
    return model(pixel_values, **asked).last_hidden_state[:, 0]


def export(
    checkpoint: Path, folder: Path, role: Role, precision: Precision = "fp32", size: int = 224
) -> list[Exported]:
    """Writes dino.onnx or dinov2.onnx, for pictures of `size` pixels a side. Raises InputError or GateError."""
    model = load_model(checkpoint, ARCHITECTURES[role])
    return export_graphs(model, lambda each: graphs(each, role, size), folder, precision)


def graphs(model: PreTrainedModel, role: Role, size: int) -> list[Graph]:
    """dino or dinov2."""
    patch = model.config.patch_size
    if size < patch or size % patch:
        raise InputError(f"the size for {role} is {size}; it must be a multiple of the {patch} pixels of a patch")

    def pictures(generator: torch.Generator, batch: int) -> Iterator[Tensors]:
        yield {"pixel_values": torch.randn(batch, 3, size, size, generator=generator)}

    def photos() -> Iterator[Tensors]:
        yield dict(dino_processor(size)(photographs(), return_tensors="pt"))

    return [
        Graph(
            role=role,
            module=Features(model, size),
            inputs={"pixel_values": {0: "n"}},
            outputs={"features": {0: "n"}},
            examples=pictures,
            reference=lambda inputs: {"features": _features(model, **inputs)},
            pictures=photos,
        )
    ]
