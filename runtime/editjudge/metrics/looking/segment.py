"""Segmentation in the smallest window of each picture that holds all boxes in it, with what is around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from editjudge.image.boxes import Box
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.grounding import TOUCHED, Region
from editjudge.metrics.looking.plan import ChangedPlaces
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import GRID, GROW, WINDOW_SEGMENTERS, Segmenter
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
) -> tuple[list[Masks], list[Masks]]:
    """The masks of lists of boxes in an original, and per edited picture of its own; bool[N, H, W] each.

    Args:
        models: Opens the segmenters.
        task: The original, and whether edited pictures are looked at whole.
        own: Lists of boxes float32[N, 4] in it; none: it is not looked at.
        edited: The pictures, each with its boxes.
        carried: What was found and cut out in the original before; where one of its boxes is among those of an edited
            picture, nothing changed in it, and its mask is taken.
    """
    fresh = [_find_fresh(boxes, carried, _see_changes(aligned)) for aligned, boxes in edited]
    images = [aligned.picture for aligned, _ in edited]
    asked = [boxes[rows] for (_, boxes), rows in zip(edited, fresh, strict=True)]
    if own:
        images, asked = [task.picture, *images], [np.concatenate(own), *asked]
    segment = models.model(Segmenter).segment if task.looks_whole else partial(segment_closely, models)
    masks = segment(images, asked)
    own_masks = np.split(masks.pop(0), np.cumsum([len(one) for one in own])[:-1]) if own else []
    joined = [_join(boxes, rows, found, carried) for (_, boxes), rows, found in zip(edited, fresh, masks, strict=True)]
    return list(own_masks), joined


def _see_changes(aligned: AlignedImage) -> ChangedPlaces:
    return ChangedPlaces(aligned.changes.mask, *aligned.picture.shape[:2])


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


def segment_closely(models: ModelSet, images: Sequence[Image], boxes: Sequence[Boxes]) -> list[Masks]:
    """As `Segmenter.segment`, of pictures uint8[H, W, 3] of one size; whole ones where no window holds the boxes."""
    segmenter, sides = models.model(Segmenter), models.bundle.segmenter.windows
    by_place: dict[int | None, list[tuple[int, Window | None]]] = defaultdict(list)
    for index, (image, prompts) in enumerate(zip(images, boxes, strict=True)):
        shape = image.shape[0], image.shape[1]
        window = None
        if len(prompts):
            window = choose_window(_surround(prompts), shape, segmenter.seen_shape(shape), sides, GRID)
        by_place[None if window is None else window.place].append((index, window))
    masks: list[Masks] = [
        np.zeros((len(own), *image.shape[:2]), bool) for image, own in zip(images, boxes, strict=True)
    ]
    for place, chosen in by_place.items():
        chooser = segmenter if place is None else models.model(WINDOW_SEGMENTERS[place])
        cuts = [images[index] if window is None else window.cut(images[index]) for index, window in chosen]
        inside = [boxes[index] if window is None else window.to_window(boxes[index]) for index, window in chosen]
        for (index, window), found in zip(chosen, chooser.segment(cuts, inside), strict=True):
            if window is None:
                masks[index] = found
            else:
                masks[index][:, window.y0 : window.y1, window.x0 : window.x1] = found
    return masks


def _surround(prompts: Boxes) -> Box:
    """float32[4]: what holds all boxes, each with its surroundings."""
    margin = np.maximum(CONTEXT, (GROW - 1) / 2) * (prompts[:, 2:] - prompts[:, :2])
    return np.concatenate([(prompts[:, :2] - margin).min(axis=0), (prompts[:, 2:] + margin).max(axis=0)])
