"""Segmentation: the mask of the object in each box, by SAM; the picture encoded once, its boxes decoded together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from editjudge.bundles.roles import name_window_role
from editjudge.bundles.settings import SegmenterSettings
from editjudge.image.transforms import crop_box, resize, to_tensor
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import take
from editjudge.models.windows.window import PictureSize, WindowSizes
from editjudge.types import Boxes, Floats, Image, Masks
from editjudge.utils.libraries.opencv import cv2

GROW = 1.2
"""A mask may reach beyond its box by this factor, about the box's centre; what lies further out is another object."""

PROMPTED = 32
"""Boxes of a picture that are decoded in one run: as many as engines are built for, and what fits a small GPU."""

GRID = 16
"""Pixels of the model's input by which windows are moved: those of a patch."""


class Segmenter:
    """Cuts objects out along their outline. May be shared by threads.

    Attributes:
        place: Of the size of the windows that it is for, in `SegmenterSettings.windows`; None: it is for whole ones.
    """

    place: ClassVar[int | None] = None

    def __init__(self, encoder: Runner, decoder: Runner, settings: SegmenterSettings) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._settings = settings

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        settings = models.bundle.segmenter
        if cls.place is None:
            return cls(models.session("sam_encoder"), models.session("sam_decoder"), settings)
        side = settings.windows[cls.place]
        encoder, decoder = (
            models.session(name_window_role(role, cls.place)) for role in ("sam_encoder", "sam_decoder")
        )
        mask_size = settings.mask_size * side // settings.size
        return cls(encoder, decoder, replace(settings, size=side, mask_size=mask_size, windows=()))

    def segment(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> list[Masks]:
        """The masks of boxes; a picture without boxes is not looked at.

        Args:
            images: B pictures uint8[H, W, 3] of any sizes.
            boxes: Per picture float32[N, 4] in its pixels.

        Returns per picture bool[N, H, W].
        """
        prompted = [index for index, prompts in enumerate(boxes) if len(prompts)]
        masks = [no_masks(image.shape[:2]) for image in images]
        if prompted:
            pictures = [images[index] for index in prompted]
            shapes = [picture.shape[:2] for picture in pictures]
            decoded = self.decode(self.encode(pictures), [boxes[index] for index in prompted], shapes)
            for index, picture_masks in zip(prompted, decoded, strict=True):
                masks[index] = picture_masks
        return masks

    def seen_shape(self, shape: tuple[int, ...]) -> PictureSize:
        """The (height, width) at which the model sees a whole picture of `shape`, without padding."""
        return input_shape(shape, self._settings.size)

    @property
    def window_sizes(self) -> WindowSizes:
        """The windows that there are other models for; of a segmenter of whole pictures."""
        return WindowSizes(self._settings.windows, GRID, self._settings.size**2)

    def encode(self, images: Sequence[Image]) -> Floats:
        """The features float32[B, C, h, w] of B pictures, for `decode`.

        One after the other: at 1024 x 1024 the attention maps of a single picture take gigabytes.
        """
        runs = [self._encoder.run(picture_inputs([image], self._settings)) for image in images]
        return np.concatenate([take(run, "image_embeddings", 1, None, None, None, finite=False) for run in runs])

    def decode(self, features: Floats, boxes: Sequence[Boxes], shapes: Sequence[PictureSize]) -> list[Masks]:
        """The masks bool[N, H, W] of B pictures of the given (H, W), from their features and boxes."""
        if not any(map(len, boxes)):
            return [no_masks(shape) for shape in shapes]
        prompts = self._prompts(boxes, shapes)
        parts = [prompts[:, start : start + PROMPTED] for start in range(0, prompts.shape[1], PROMPTED)]
        runs = [self._decoder.run({"image_embeddings": features, "input_boxes": part}) for part in parts]
        side = self._settings.mask_size
        masks = [
            take(run, "pred_masks", len(shapes), part.shape[1], side, side, finite=False)
            for run, part in zip(runs, parts, strict=True)
        ]
        logits = np.concatenate(masks, axis=1)
        return [self._masks(*picture) for picture in zip(logits, boxes, shapes, strict=True)]

    def _prompts(self, boxes: Sequence[Boxes], shapes: Sequence[PictureSize]) -> Floats:
        """The boxes in pixels of the model's input, float32[B, N, 4]; a shorter list repeats its first box."""
        prompts = np.empty((len(boxes), max(map(len, boxes)), 4), dtype=np.float32)
        for corners, shape, row in zip(boxes, shapes, prompts, strict=True):
            height, width = input_shape(shape, self._settings.size)
            scale = np.array([width / shape[1], height / shape[0]] * 2, dtype=np.float32)
            row[:] = corners[0] * scale if len(corners) else 0
            row[: len(corners)] = corners * scale
        return prompts

    def _masks(self, logits: Floats, boxes: Boxes, shape: PictureSize) -> Masks:
        """Upsamples as SamProcessor.post_process_masks: to the padded square, cut to the picture, to its size."""
        size = self._settings.size
        height, width = input_shape(shape, size)
        masks = np.zeros((len(boxes), *shape), dtype=bool)
        for box, low, mask in zip(boxes, logits, masks, strict=False):
            square = cv2.resize(low, (size, size), interpolation=cv2.INTER_LINEAR)
            full = cv2.resize(square[:height, :width], (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
            near = crop_box(box, GROW, shape)
            mask[near] = full[near] > self._settings.threshold
        return masks


class MediumSegmenter(Segmenter):
    """The segmenter of the larger windows."""

    place = 0


class SmallSegmenter(Segmenter):
    """The segmenter of the smaller ones."""

    place = 1


WINDOW_SEGMENTERS: tuple[type[Segmenter], ...] = (MediumSegmenter, SmallSegmenter)
"""By the place of the size of their windows."""


def picture_inputs(images: Sequence[Image], settings: SegmenterSettings) -> dict[str, Floats]:
    """B pictures uint8[H, W, 3] as the model takes them: "pixel_values" float32[B, 3, size, size], zero-padded."""
    shapes = [input_shape(image.shape[:2], settings.size) for image in images]
    resized = [resize(image, *shape[::-1], settings.resample) for image, shape in zip(images, shapes, strict=True)]
    return {"pixel_values": to_tensor(resized, settings.mean, settings.std, (settings.size, settings.size))}


def no_masks(shape: tuple[int, ...]) -> Masks:
    """bool[0, H, W]."""
    return np.zeros((0, shape[0], shape[1]), dtype=bool)


def input_shape(shape: tuple[int, ...], size: int) -> PictureSize:
    """The (height, width) of a picture once its longest side is `size`, rounded as SamImageProcessor does."""
    scale = size / max(shape[0], shape[1])
    return max(1, int(shape[0] * scale + 0.5)), max(1, int(shape[1] * scale + 0.5))
