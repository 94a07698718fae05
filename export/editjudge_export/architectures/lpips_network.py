"""The network of LPIPS on AlexNet: the distance of two pictures, as Zhang et al. 2018 and their package `lpips` 0.1.

This module stands in for theirs, which needs torchvision, and that works only beside the torch it was built for. It
takes the same weights, and tests/export/test_metric_models.py compares its results with theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from editjudge.errors import InputError
from editjudge_export.checkpoints.checkpoint import read_config
from editjudge_export.checkpoints.weights import SAFE, check_weights

CONFIG = {"model_type": "lpips", "net": "alex", "version": "0.1"}
"""The config.json of a checkpoint; the names of its weights are those of `Lpips`."""

CHANNELS = (64, 192, 384, 256, 256)
COMPARED_LAYERS = (1, 4, 7, 9, 11)
"""The layers of AlexNet whose outputs are compared: those after each convolution."""


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
        layers = zip(self.linear, self._activations(original), self._activations(edited), strict=True)
        return torch.stack([linear((one - other) ** 2).mean(dim=(1, 2, 3)) for linear, one, other in layers]).sum(dim=0)

    def _activations(self, picture: Tensor) -> Iterator[Tensor]:
        """The outputs of AlexNet's compared layers, of length 1 at each place."""
        values = (picture - self.shift) / self.scale
        for index, layer in enumerate(self.features):
            values = layer(values)
            if index in COMPARED_LAYERS:
                yield values / ((values**2).sum(dim=1, keepdim=True).sqrt() + 1e-10)


def check_lpips(checkpoint: Path) -> None:
    """Raises InputError for a folder that is no checkpoint of LPIPS, or whose weights are not whole."""
    if read_config(checkpoint) != CONFIG:
        raise InputError(f"{checkpoint / 'config.json'} is not that of LPIPS on AlexNet, which is {CONFIG}")
    check_weights(checkpoint, allow_pickle=False)


def load_lpips(checkpoint: Path) -> Lpips:
    """The network with the weights of a checkpoint folder, in eval mode. Raises InputError."""
    check_lpips(checkpoint)
    model = Lpips()
    try:
        model.load_state_dict(load_file(checkpoint / SAFE))
    except RuntimeError as error:
        raise InputError(f"{checkpoint} cannot be loaded as LPIPS: {' '.join(str(error).split())}") from error
    return model.eval().requires_grad_(False)
