"""Detection of differences: where two pictures that lie on each other differ, and how, by a siamese network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from editjudge.bundles.settings import DifferenceSettings
from editjudge.image.boxes import iou_with, suppress_overlaps
from editjudge.image.transforms import resize, to_tensor
from editjudge.models.grounding_dino import sigmoid
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import take
from editjudge.types import Boxes, Floats, Image
from editjudge.utils.libraries.opencv import cv2

STRIDE = 4
"""Pixels of the network's input from one of its cells to the next."""
NMS_IOU = 0.5
"""Two boxes that overlap by more than this are one difference, of whose kind both have a say."""
CANDIDATES = 1000
"""The best cells, whose boxes are compared with each other."""
MOST = 100
"""Differences of a pair that are told."""


@dataclass(frozen=True, eq=False)
class DetectedChanges:
    """The differences of a pair as the network sees them, the surest first.

    Attributes:
        boxes: float32[N, 4] in pixels of the pictures.
        kinds: float32[N, 3]: how likely each is to be an ADD, a REMOVE, an EDIT; together 1.
        scores: float32[N]: how likely it is that there is such a difference, calibrated, 0 to 1.
        mask: float32[H, W]: how likely each pixel is to have changed.
        evidence: float32[N, 2]: what the scores were made of, the logits of the likeliest kind and of the box.
    """

    boxes: Boxes
    kinds: Floats
    scores: Floats
    mask: Floats
    evidence: Floats


class DifferenceDetector:
    """Finds what differs between two aligned pictures. May be shared by threads."""

    def __init__(self, session: Runner, settings: DifferenceSettings) -> None:
        self._session = session
        self._settings = settings

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        """Raises BundleError where the bundle has no such model."""
        return cls(models.session("difference"), models.bundle.settings("difference"))

    def find(self, original: Image, edited: Image) -> DetectedChanges:
        """The differences of two pictures uint8[H, W, 3] of one size that lie on each other.

        Boxes of what was added or edited lie where it is in the edited picture, those of what was removed where it was.
        Those of a confidence under the bundle's threshold are left out, as are weaker ones that overlap a better one.
        Raises BundleError for a graph that does not give what its role does.
        """
        height, width = original.shape[:2]
        size = self._settings.size
        scale = size / max(height, width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        scaled = [resize(picture, columns, rows, self._settings.resample) for picture in (original, edited)]
        one, other = to_tensor(scaled, (0.0,) * 3, (1.0,) * 3, (size, size))
        outputs = self._session.run({"original": one[None], "edited": other[None]})
        cells = size // STRIDE
        kind, box, quality, mask = (
            take(outputs, name, 1, channels, cells, cells)[0]
            for name, channels in (("kind", 3), ("box", 4), ("quality", 1), ("mask", 1))
        )
        seen = (slice(0, -(-rows // STRIDE)), slice(0, -(-columns // STRIDE)))
        kinds = kind[:, *seen].reshape(3, -1).T
        evidence = np.stack([kinds.max(axis=1), quality[0][seen].ravel()], axis=1)
        scores = self._confidence(evidence)
        boxes = np.clip(_corners(box[:, *seen]), 0, [columns, rows] * 2).astype(np.float32)
        best = np.argsort(-scores, kind="stable")[:CANDIDATES]
        best = best[scores[best] >= self._settings.threshold]
        boxes, kinds, scores = boxes[best], _shares(kinds[best]), scores[best]
        kept = suppress_overlaps(boxes, NMS_IOU, MOST)
        said = [_average(kinds, scores * (iou_with(boxes[index], boxes) >= NMS_IOU)) for index in kept]
        return DetectedChanges(
            boxes[kept] * np.array([width / columns, height / rows] * 2, dtype=np.float32),
            np.array(said, dtype=np.float32).reshape(-1, 3),
            scores[kept],
            _enlarge(sigmoid(mask[0][seen]), rows, columns, original),
            evidence[best][kept],
        )

    def _confidence(self, evidence: Floats) -> Floats:
        """How likely N boxes are to be right, from the logits float32[N, 2] of there being a change, and of the box."""
        *weights, offset = self._settings.confidence
        return sigmoid(np.asarray(evidence @ np.array(weights, dtype=np.float32) + offset, dtype=np.float32))


def _shares(logits: Floats) -> Floats:
    """float32[N, 3]: how likely each of three kinds is, together 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _average(kinds: Floats, weights: Floats) -> Floats:
    """float32[3] of float32[N, 3]; of boxes without area, which overlap not even themselves, that of all."""
    return np.asarray(np.average(kinds, axis=0, weights=weights if weights.any() else None), dtype=np.float32)


def _corners(distances: Floats) -> Boxes:
    """float32[h * w, 4], in pixels of the input, from the distances of each cell to the sides of its box, [4, h, w]."""
    rows, columns = distances.shape[1:]
    x, y = np.meshgrid((np.arange(columns) + 0.5) * STRIDE, (np.arange(rows) + 0.5) * STRIDE)
    left, top, right, bottom = distances
    corners = np.stack([x - left, y - top, x + right, y + bottom], axis=-1)
    return np.asarray(corners.reshape(-1, 4), dtype=np.float32)


def _enlarge(mask: Floats, rows: int, columns: int, picture: Image) -> Floats:
    """The cells of a mask float32[h, w], of which a picture fills so many pixels, as large as the picture: [H, W]."""
    height, width = picture.shape[:2]
    side = (mask.shape[1] * STRIDE, mask.shape[0] * STRIDE)
    filled = cv2.resize(mask, side, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
