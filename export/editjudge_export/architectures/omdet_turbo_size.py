"""OmDet-Turbo for pictures of another size than it was made for, and for windows of them; no weight depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from transformers import OmDetTurboForObjectDetection
from transformers.models.omdet_turbo import modeling_omdet_turbo as modeling

from editjudge.errors import InputError
from editjudge_export.architectures.grounding_dino_text import substitute

STRIDES = (8, 16, 32)
"""Pixels between the places of the feature maps that the queries start from."""


def give_size(model: OmDetTurboForObjectDetection, height: int, width: int) -> OmDetTurboForObjectDetection:
    """A copy for pictures of height x width. Raises InputError where the model cannot take them.

    It has as many queries as there are places to start from, where those are fewer than the model's queries.
    """
    if min(height, width) < STRIDES[-1] or height % STRIDES[-1] or width % STRIDES[-1]:
        raise InputError(f"the size is {height} x {width} pixels; OmDet-Turbo takes multiples of {STRIDES[-1]}")
    config = deepcopy(model.config)
    config.image_size = [height, width]
    places = sum((height // stride) * (width // stride) for stride in STRIDES)
    config.num_queries = min(config.num_queries, places)
    sized = OmDetTurboForObjectDetection._from_config(config, attn_implementation="eager")
    sized.load_state_dict(model.state_dict())
    return sized.eval().requires_grad_(False)


def crop_anchors(model: OmDetTurboForObjectDetection, whole: tuple[int, int], side: int) -> tuple[Tensor, Tensor]:
    """The boxes that queries start from in a window, those of a whole picture's upper left corner.

    Args:
        model: Of any size.
        whole: The (height, width) of the input for whole pictures.
        side: Pixels of a side of the window.

    Returns float32[1, P, 4], as transformers has them, and bool[1, P, 1], which of them are used.
    """
    shapes = tuple((whole[0] // stride, whole[1] // stride) for stride in STRIDES)
    levels = [height * width for height, width in shapes]
    cropped = []
    for values in model.decoder.generate_anchors(shapes):
        maps = [
            level.view(1, height, width, -1)[:, : side // stride, : side // stride].flatten(1, 2)
            for level, (height, width), stride in zip(values.split(levels, dim=1), shapes, STRIDES, strict=True)
        ]
        cropped.append(torch.cat(maps, dim=1))
    return cropped[0], cropped[1]


@contextmanager
def see_window(anchors: tuple[Tensor, Tensor], whole: tuple[int, int], side: int) -> Iterator[None]:
    """Gives the model a window's coordinates while it is active: fractions of the whole picture.

    A window that it took for a picture would have everything in it too large.

    Args:
        anchors: By `crop_anchors`.
        whole: The (height, width) of the input for whole pictures.
        side: Pixels of a side of the window.
    """
    attend = modeling.MultiScaleDeformableAttention.forward
    in_window = torch.tensor([whole[1] / side, whole[0] / side])

    def give_anchors(*_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        return anchors

    def attend_in_window(*arguments: Any) -> Tensor:
        *before, places, weights, step = arguments
        return attend(*before, places * in_window, weights, step)

    with (
        substitute("generate_anchors", give_anchors, modeling.OmDetTurboDecoder),
        substitute("forward", attend_in_window, modeling.MultiScaleDeformableAttention),
    ):
        yield


@contextmanager
def trace_batch_size() -> Iterator[None]:
    """transformers asks len() for the size of a batch, of which tracing would keep the number."""

    def measure(value: Any) -> Any:
        return value.shape[0] if isinstance(value, Tensor) else len(value)

    modeling.len = measure
    try:
        yield
    finally:
        del modeling.len
