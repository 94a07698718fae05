"""Segmentation in the smallest window of each picture that holds all boxes in it, with what is around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from editjudge.image.boxes import Box
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.grounding import TOUCHED, Region
from editjudge.metrics.looking.plan import ChangedPlaces
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import GROW, WINDOW_SEGMENTERS, Segmenter
from editjudge.models.windows.window import Window, choose_window
from editjudge.types import Boxes, Image, Masks

CONTEXT = 0.5
"""How much is seen around what is cut out, on each side, as a share of its length."""


def segment_all(
    models: ModelSet,
    task: EditTask,
    own: Sequence[Boxes],
    edited: Sequence[tuple[AlignedImage, Boxes]],
    carried: Region | None,
    *,
    known: bool = False,
) -> tuple[list[Masks], list[Masks]]:
    """The masks of lists of boxes in an original, and per edited picture of its own; bool[N, H, W] each.

    Edited pictures are cut out in the window that the original is, as far as it holds their boxes, so that what a
    window does to masks is the same on both sides.

    Args:
        models: Opens the segmenters.
        task: The original, and whether edited pictures are looked at whole.
        own: Lists of boxes float32[N, 4] in it.
        edited: The pictures, each with its boxes.
        carried: What was found and cut out in the original before; where one of its boxes is among those of an edited
            picture, nothing changed in it, and its mask is taken.
        known: Whether the original was cut out before, so that it is not looked at; its masks are none then.
    """
    fresh = [_find_fresh(boxes, carried, ChangedPlaces.of(aligned)) for aligned, boxes in edited]
    images = [aligned.picture for aligned, _ in edited]
    asked = [boxes[rows] for (_, boxes), rows in zip(edited, fresh, strict=True)]
    every = np.concatenate(own)
    if not known:
        images, asked = [task.picture, *images], [every, *asked]
    usual = _choose(models, every, task.picture) if len(every) and not task.looks_whole else None
    if task.looks_whole or (len(every) and usual is None):  # edited pictures are seen as the original is
        masks = models.model(Segmenter).segment(images, asked)
    else:
        masks = segment_closely(models, images, asked, usual)
    own_masks = [] if known else np.split(masks.pop(0), np.cumsum([len(one) for one in own])[:-1])
    joined = [_join(boxes, rows, found, carried) for (_, boxes), rows, found in zip(edited, fresh, masks, strict=True)]
    return list(own_masks), joined


def _find_fresh(boxes: Boxes, carried: Region | None, changed: ChangedPlaces) -> NDArray[np.intp]:
    """The rows of the boxes that are not among those carried over, or in which something changed."""
    if carried is None or not len(carried):
        return np.arange(len(boxes))
    same = (boxes[:, None] == carried.boxes[None]).all(axis=2).any(axis=1)
    return np.array(
        [row for row, box in enumerate(boxes) if not same[row] or changed.share(box) >= TOUCHED], dtype=np.intp
    )


def _join(boxes: Boxes, fresh: NDArray[np.intp], found: Masks, carried: Region | None) -> Masks:
    """The masks of boxes: of the fresh ones as found, of the others as they were."""
    if len(fresh) == len(boxes) or carried is None:
        return found
    masks = np.zeros((len(boxes), *found.shape[1:]), bool)
    masks[fresh] = found
    for row in np.setdiff1d(np.arange(len(boxes)), fresh):
        masks[row] = carried.masks[(carried.boxes == boxes[row]).all(axis=1)][0]
    return masks


def segment_closely(
    models: ModelSet, images: Sequence[Image], boxes: Sequence[Boxes], usual: Window | None = None
) -> list[Masks]:
    """As `Segmenter.segment`, of pictures uint8[H, W, 3] of one size, each in the smallest window that holds its boxes.

    usual: the window that is taken where it holds them. Without any the whole picture is looked at.
    """
    by_place: dict[int | None, list[tuple[int, Window | None]]] = defaultdict(list)
    for index, (image, prompts) in enumerate(zip(images, boxes, strict=True)):
        window = None
        if len(prompts):
            window = usual if usual and _holds(usual, prompts, image) else _choose(models, prompts, image)
        by_place[None if window is None else window.place].append((index, window))
    masks: list[Masks] = [
        np.zeros((len(own), *image.shape[:2]), bool) for image, own in zip(images, boxes, strict=True)
    ]
    for place, chosen in by_place.items():
        chooser = models.model(Segmenter if place is None else WINDOW_SEGMENTERS[place])
        cuts = [images[index] if window is None else window.cut(images[index]) for index, window in chosen]
        inside = [boxes[index] if window is None else window.to_window(boxes[index]) for index, window in chosen]
        for (index, window), found in zip(chosen, chooser.segment(cuts, inside), strict=True):
            if window is None:
                masks[index] = found
            else:
                masks[index][:, window.y0 : window.y1, window.x0 : window.x1] = found
    return masks


def _choose(models: ModelSet, boxes: Boxes, image: Image) -> Window | None:
    segmenter, shape = models.model(Segmenter), (image.shape[0], image.shape[1])
    return choose_window(_surround(boxes, CONTEXT), shape, segmenter.seen_shape(shape), segmenter.window_sizes)


def _holds(window: Window, boxes: Boxes, image: Image) -> bool:
    """Whether a window shows all of a picture that masks of these boxes may cover."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = np.clip(_surround(boxes, (GROW - 1) / 2), 0, (width, height, width, height)).tolist()
    return bool(window.x0 <= x0 and window.y0 <= y0 and x1 <= window.x1 and y1 <= window.y1)


def _surround(prompts: Boxes, context: float) -> Box:
    """float32[4]: what holds all boxes; context: what is seen around each, on each side, as a share of its length."""
    margin = context * (prompts[:, 2:] - prompts[:, :2])
    return np.concatenate([(prompts[:, :2] - margin).min(axis=0), (prompts[:, 2:] + margin).max(axis=0)])
