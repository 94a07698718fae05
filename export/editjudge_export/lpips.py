"""LPIPS on AlexNet: the distance of two pictures, as Zhang et al. 2018 and their package `lpips` 0.1 compute it.

The module is ours: theirs needs torchvision, which loads beside no other torch than the one it was built for. It takes
the same weights, and tests/export/test_export_metrics.py holds it to what theirs gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from editjudge.errors import InputError
from editjudge.image import resize

from .checkpoint import read_config
from .export import Exported, export_graphs
from .graph import Graph, Tensors
from .photographs import photographs
from .precision import Precision
from .weights import SAFE, check_weights

CONFIG = {"model_type": "lpips", "net": "alex", "version": "0.1"}
"""What the config.json of a checkpoint says; its weights have the names that they have here."""

CHANNELS = (64, 192, 384, 256, 256)
SEEN = (1, 4, 7, 9, 11)
"""The layers of AlexNet whose outputs are compared: what follows each convolution."""


class Lpips(nn.Module):
    """original, edited float32[N, 3, H, W] from -1 to 1 -> distance float32[N], from 0."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth, fifth = CHANNELS
        self.features = nn.Sequential(
            nn.Conv2d(3, first, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(first, second, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(second, third, 3, padding=1), nn.ReLU(),
            nn.Conv2d(third, fourth, 3, padding=1), nn.ReLU(),
            nn.Conv2d(fourth, fifth, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.linear = nn.ModuleList(nn.Conv2d(count, 1, 1, bias=False) for count in CHANNELS)
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, original: Tensor, edited: Tensor) -> Tensor:
        layers = zip(self.linear, self._seen(original), self._seen(edited), strict=True)
        return torch.stack([linear((one - other) ** 2).mean(dim=(1, 2, 3)) for linear, one, other in layers]).sum(dim=0)

    def _seen(self, picture: Tensor) -> Iterator[Tensor]:
        """What AlexNet's layers make of a picture, each place of length 1."""
        values = (picture - self.shift) / self.scale
        for place, layer in enumerate(self.features):
            values = layer(values)
            if place in SEEN:
                yield values / ((values**2).sum(dim=1, keepdim=True).sqrt() + 1e-10)


def export(checkpoint: Path, folder: Path, precision: Precision = "fp32", size: int = 512) -> list[Exported]:
    """Writes lpips.onnx, for pictures of `size` pixels a side. Raises InputError or GateError."""
    return export_graphs(load(checkpoint), lambda model: graphs(model, size), folder, precision)


def check_checkpoint(checkpoint: Path) -> None:
    """Raises InputError for a folder that is no checkpoint of LPIPS, or whose weights are not whole."""
    if read_config(checkpoint) != CONFIG:
        raise InputError(f"{checkpoint / 'config.json'} is not that of LPIPS on AlexNet, which is {CONFIG}")
    check_weights(checkpoint, allow_pickle=False)


def load(checkpoint: Path) -> Lpips:
    """The module with the weights of a checkpoint folder, in eval mode. Raises InputError."""
    check_checkpoint(checkpoint)
    model = Lpips()
    try:
        model.load_state_dict(load_file(checkpoint / SAFE))
    except RuntimeError as error:
        raise InputError(f"{checkpoint} cannot be loaded as LPIPS: {' '.join(str(error).split())}") from error
    return model.eval().requires_grad_(False)


def graphs(model: Lpips, size: int) -> list[Graph]:
    """lpips."""
    if size < 64:
        raise InputError(f"the size for LPIPS is {size}; AlexNet's layers need at least 64 pixels a side")

    def pairs(generator: torch.Generator, batch: int) -> Iterator[Tensors]:
        original = torch.rand(batch, 3, size, size, generator=generator) * 2 - 1
        noise = torch.randn(original.shape, generator=generator)
        yield {"original": original, "edited": (original + 0.3 * noise).clamp(-1, 1)}

    def photos() -> Iterator[Tensors]:
        squares = np.stack([resize(picture, size, size, "bicubic") for picture in photographs()])
        pixels = torch.from_numpy(squares).permute(0, 3, 1, 2) / 127.5 - 1
        yield {"original": pixels, "edited": pixels.roll(1, 0)}
        yield {"original": pixels, "edited": pixels}

    return [
        Graph(
            role="lpips",
            module=model,
            inputs={"original": {0: "n"}, "edited": {0: "n"}},
            outputs={"distance": {0: "n"}},
            examples=pairs,
            reference=lambda inputs: {"distance": model(**inputs)},
            pictures=photos,
            gate=1e-5,  # pictures that differ little are 0.01 apart
        )
    ]
