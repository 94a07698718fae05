"""Detection: where phrases are in pictures, by Grounding DINO, a whole batch in one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.settings import DetectorSettings
from editjudge.image.boxes import suppress_overlaps, to_corners
from editjudge.image.transforms import resize, to_tensor
from editjudge.models.grounding_dino_text import Caption, CaptionTokenizer
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.outputs import take
from editjudge.types import Boxes, Detections, Floats, Image

NMS_IOU = 0.5
"""Two boxes of one phrase that overlap by more than this are one object."""
MOST = 32
"""Boxes of a phrase that count, the best: each costs time in every stage that follows, and what takes a picture must be
bounded."""


class Detector:
    """Finds what phrases name. May be shared by threads."""

    def __init__(self, session: Runner, captions: CaptionTokenizer, settings: DetectorSettings) -> None:
        self._session = session
        self._captions = captions
        self._settings = settings

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        settings = models.bundle.detector
        captions = CaptionTokenizer(models.bundle.file("detector_tokenizer"), settings.text_length)
        return cls(models.session("detector"), captions, settings)

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
        logits = take(outputs, "logits", len(images), None, len(captions[0].input_ids), finite=False)
        return logits, take(outputs, "pred_boxes", len(images), logits.shape[1], 4)

    def _select(
        self, phrases: Sequence[str], tokens: Floats, spans: Sequence[slice], corners: Boxes
    ) -> dict[str, Detections]:
        scores = np.stack([tokens[:, span].max(axis=1) for span in spans], axis=1)
        threshold, weak = self._settings.box_threshold, self._settings.weak_threshold
        owner = self._assign(scores, tokens, spans, threshold)
        weak_owner = owner if weak is None else self._assign(scores, tokens, spans, weak)
        found = {}
        for column, phrase in enumerate(phrases):
            mine = _sort_by_score(owner == column, scores[:, column])
            kept = mine[suppress_overlaps(corners[mine], NMS_IOU, MOST)]
            is_weak = not len(kept)
            if is_weak:
                kept = _sort_by_score(weak_owner == column, scores[:, column])[:1]
            found[phrase] = Detections(phrase, corners[kept], scores[kept, column], is_weak and len(kept) > 0)
        return found

    def _assign(self, scores: Floats, tokens: Floats, spans: Sequence[slice], threshold: float) -> NDArray[np.intp]:
        """For each box the index of the phrase that it is of; -1 for a box of none, by a threshold on `scores`."""
        over = scores > threshold
        owner = np.where(over, claims(tokens, spans, self._settings.text_threshold), -np.inf).argmax(axis=1)
        return np.where(over[np.arange(len(owner)), owner], owner, -1)


def _sort_by_score(chosen: NDArray[np.bool_], scores: Floats) -> NDArray[np.intp]:
    """The indices of the chosen boxes, best first."""
    mine = np.flatnonzero(chosen)
    return mine[np.argsort(-scores[mine], kind="stable")]


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
    for visible, (rows, columns) in zip(mask, shapes, strict=True):
        visible[:rows, :columns] = 1
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
