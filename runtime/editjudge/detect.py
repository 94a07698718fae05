"""Detection: where phrases are in pictures, by Grounding DINO, a whole batch in one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.bundle import Bundle, DetectorSettings
from editjudge.caption import Caption, CaptionTokenizer
from editjudge.image import resize, to_tensor
from editjudge.opening import open_model
from editjudge.types import Boxes, Detections, Image, Ran

NMS_IOU = 0.5
"""Two boxes of one phrase that overlap by more than this are one object."""
MOST = 32
"""Boxes of a phrase that count, the best: each costs time in every stage that follows, and what takes a picture must be
bounded."""

Floats = NDArray[np.float32]


class Detector:
    """Finds what phrases name. May be shared by threads."""

    def __init__(self, bundle: Bundle, device: str = "auto", threads: int | None = None) -> None:
        self._settings = bundle.detector
        self._captions = CaptionTokenizer(bundle.file("detector_tokenizer"), self._settings.text_length)
        self._session = open_model(bundle, "detector", device, threads)
        self.models: dict[str, Ran] = {"detector": self._session.ran}

    def find(self, images: Sequence[Image], phrases: Sequence[Sequence[str]]) -> list[list[Detections]]:
        """Looks for B lists of phrases in B pictures uint8[H, W, 3] of any sizes, in one run of the model.

        Returns, per picture and phrase, its boxes in pixels of that picture, best first: those whose best token scores
        over the box threshold. A box is given to one phrase, the one it fits best; a phrase that is named twice gets
        its boxes twice. Raises InstructionError for a phrase that is empty or too long.
        """
        unique = [list(dict.fromkeys(wanted)) for wanted in phrases]
        asked = [index for index, wanted in enumerate(unique) if wanted]
        if not asked:
            return [[] for _ in images]
        captions = [self._captions.caption(unique[index]) for index in asked]
        logits, boxes = self._run([images[index] for index in asked], captions)
        found: list[dict[str, Detections]] = [{} for _ in images]
        for row, index in enumerate(asked):
            height, width = images[index].shape[:2]
            tokens = sigmoid(logits[row])
            corners = to_corners(boxes[row], width, height)
            found[index] = self._select(unique[index], tokens, captions[row].spans, corners)
        return [[found[index][phrase] for phrase in wanted] for index, wanted in enumerate(phrases)]

    def _run(self, images: Sequence[Image], captions: Sequence[Caption]) -> tuple[Floats, Floats]:
        outputs = self._session.run({**picture_inputs(images, self._settings), **self._captions.inputs(captions)})
        return outputs["logits"], outputs["pred_boxes"]

    def _select(
        self, phrases: Sequence[str], tokens: Floats, spans: Sequence[slice], corners: Boxes
    ) -> dict[str, Detections]:
        scores = np.stack([tokens[:, span].max(axis=1) for span in spans], axis=1)
        found_at = scores > self._settings.box_threshold
        owner = np.where(found_at, claims(tokens, spans, self._settings.text_threshold), -np.inf).argmax(axis=1)
        found = {}
        for column, phrase in enumerate(phrases):
            mine = np.flatnonzero((owner == column) & found_at[:, column])
            mine = mine[np.argsort(-scores[mine, column], kind="stable")]
            kept = mine[suppress_overlaps(corners[mine], NMS_IOU, MOST)]
            found[phrase] = Detections(phrase, corners[kept], scores[kept, column])
        return found


def picture_inputs(images: Sequence[Image], settings: DetectorSettings) -> dict[str, NDArray[Any]]:
    """B pictures uint8[H, W, 3] as the model takes them, as GroundingDinoImageProcessor makes them.

    "pixel_values" float32[B, 3, height, width]; of padded pictures also "pixel_mask" int64[B, height, width], 1 where
    the picture is. The model's boxes are in fractions of the picture either way: it leaves the padding out.
    """
    height, width = settings.height, settings.width
    if settings.fit == "stretch":
        resized = [resize(image, width, height, settings.resample) for image in images]
        return {"pixel_values": to_tensor(resized, settings.mean, settings.std)}
    shapes = [fitted_shape(image.shape[:2], min(height, width)) for image in images]
    resized = [resize(image, *shape[::-1], settings.resample) for image, shape in zip(images, shapes, strict=True)]
    mask = np.zeros((len(images), height, width), dtype=np.int64)
    for shown, (rows, columns) in zip(mask, shapes, strict=True):
        shown[:rows, :columns] = 1
    pixels = to_tensor(resized, settings.mean, settings.std, (height, width))
    return {"pixel_values": pixels, "pixel_mask": mask}


def fitted_shape(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """The (height, width) of a picture scaled to fit into a square, rounded as GroundingDinoImageProcessor does.

    That is: the shorter side to the nearest pixel, ties to even; the longer one down, from the shorter's exact length.
    A picture whose shorter side has its length already keeps the other as well, as far as the square reaches.
    """
    shorter, longer = sorted(shape[:2])
    exact = side * shorter / longer
    short, long = round(exact), int(exact * longer / shorter)
    if shorter == short:
        long = longer
    short, long = max(1, short), min(side, long)
    return (short, long) if shape[0] <= shape[1] else (long, short)


def sigmoid(logits: Floats) -> Floats:
    """0 to 1; padding, which is -inf, becomes 0 to the precision of float32."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0))), dtype=np.float32)


def claims(tokens: Floats, spans: Sequence[slice], text_threshold: float) -> Floats:
    """How strongly each of P phrases claims each of Q boxes, [Q, P], from the scores of the tokens float32[Q, T].

    A token over the text threshold speaks for its phrase, and one under it against: of "car" and "blue car", which
    score alike by their best token, a blue car is the second and a red one the first.
    """
    return np.stack([(tokens[:, span] - text_threshold).sum(axis=1) for span in spans], axis=1)


def to_corners(boxes: Floats, width: int, height: int) -> Boxes:
    """x0, y0, x1, y1 in pixels, clipped to the picture, from centre and size float32[Q, 4] in fractions of it."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    corners = np.concatenate([centre - half, centre + half], axis=1)
    return np.asarray(np.clip(corners, 0.0, 1.0) * np.array([width, height] * 2), dtype=np.float32)


def suppress_overlaps(boxes: Boxes, limit: float, most: int) -> NDArray[np.intp]:
    """The indices of at most `most` boxes, best first, each of which overlaps no better one by an IoU over `limit`."""
    kept: list[int] = []
    free = np.ones(len(boxes), dtype=bool)
    while len(kept) < most and free.any():
        best = int(free.argmax())
        kept.append(best)
        free &= iou_with(boxes[best], boxes) <= limit
        free[best] = False
    return np.array(kept, dtype=np.intp)


def iou_with(box: NDArray[np.float32], boxes: Boxes) -> Floats:
    """float32[N]: the IoU of one box with each of N; one without area overlaps nothing."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), dtype=np.float32)
