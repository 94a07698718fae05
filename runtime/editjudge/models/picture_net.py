"""A network of four layers that looks at a whole picture, small enough for NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from editjudge.image.transforms import resize
from editjudge.types import Image

SIDE = 64
"""Pixels: any picture is stretched to this."""
WINDOWS = ((8, 4), (3, 1))
"""The side and the step of the windows of either layer that looks at windows."""

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class PictureNet:
    """Two layers over windows; two more over the mean and highest value of each of their channels, and an embedding.

    Attributes:
        edges: float32[8 * 8 * 3, A], and its bias; rows, columns, then channels of a window.
        shapes: float32[3 * 3 * A, B], and its bias.
        hidden: float32[2 * B + D, C], and its bias.
        output: float32[C].
    """

    edges: Weights
    edges_bias: Weights
    shapes: Weights
    shapes_bias: Weights
    hidden: Weights
    hidden_bias: Weights
    output: Weights

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], length: int) -> Self:
        """The network for an embedding of a length. Raises KeyError where an array is missing, and ValueError."""
        net = cls(**{field.name: np.asarray(arrays[field.name], np.float32) for field in fields(cls)})
        (side, _), (window, _) = WINDOWS
        edges, shapes, hidden = (
            matrix.shape[-1] if matrix.ndim else 0 for matrix in (net.edges, net.shapes, net.hidden)
        )
        wanted = [
            (side * side * 3, edges), (edges,), (window * window * edges, shapes), (shapes,),
            (2 * shapes + length, hidden), (hidden,), (hidden,),
        ]  # fmt: skip
        if [getattr(net, field.name).shape for field in fields(cls)] != wanted:
            raise ValueError("its arrays do not fit each other")
        return net

    def logit(self, picture: Image, embedding: Weights) -> float:
        """What the network says of a picture uint8[H, W, 3] and its embedding float32[D] of length 1."""
        values: Weights = resize(picture, SIDE, SIDE, "area").astype(np.float32) / np.float32(255) - np.float32(0.5)
        for (side, step), weight, bias in zip(
            WINDOWS, (self.edges, self.shapes), (self.edges_bias, self.shapes_bias), strict=True
        ):
            values = np.maximum(_windows(values, side, step) @ weight + bias, 0)
        known = np.concatenate([values.mean(axis=(0, 1)), values.max(axis=(0, 1)), embedding])
        return float(np.maximum(known @ self.hidden + self.hidden_bias, 0) @ self.output)


def _windows(values: Weights, side: int, step: int) -> Weights:
    """float32[H, W, C] as float32[rows, columns, side * side * C]."""
    views = np.lib.stride_tricks.sliding_window_view(values, (side, side), axis=(0, 1))[::step, ::step]
    return views.transpose(0, 1, 3, 4, 2).reshape(*views.shape[:2], -1)
