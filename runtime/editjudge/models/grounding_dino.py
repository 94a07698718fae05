"""Detection: where phrases are in pictures, by Grounding DINO or OmDet-Turbo, a whole batch in one run.

Grounding DINO scores the tokens of phrases, and OmDet-Turbo phrases, which are read like phrases of one token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from editjudge.bundles.roles import name_window_role
from editjudge.bundles.settings import DetectorSettings
from editjudge.image.boxes import suppress_overlaps, to_corners
from editjudge.image.transforms import resize, to_tensor
from editjudge.models.grounding_dino_text import CaptionTokenizer
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.omdet.phrase_features import PhraseFeatures
from editjudge.models.outputs import take
from editjudge.models.windows.window import PictureSize, WindowSizes
from editjudge.types import Boxes, Detections, Floats, Image

NMS_IOU = 0.5
"""Two boxes of one phrase that overlap by more than this are one object."""
MOST = 32
"""Boxes of a phrase that count, the best: each costs time in every stage that follows, and what takes a picture must be
bounded."""


GRID = 32
"""Pixels of the model's input by which windows are moved: as far apart as the places of its second coarsest level."""


class Captions(Protocol):
    """Words for a detector what it is to look for. May be shared by threads."""

    def caption(self, phrases: Sequence[str]) -> Any:
        """What is looked for in one picture.

        It has spans, per phrase which of the model's scores are its own, and columns, how many there are of each box.
        Raises InstructionError for a phrase that is empty or too long.
        """

    def inputs(self, captions: Sequence[Any]) -> Mapping[str, NDArray[Any]]:
        """The text inputs of the model for a batch."""


class Detector:
    """Finds what phrases name. May be shared by threads.

    Args:
        session: Runs the model.
        captions: Tells it what to look for.
        settings: Of the input that it takes.
        whole: Of that for whole pictures, of which these are windows; None: they are whole.

    Attributes:
        place: Of the size of the windows that it is for, in `DetectorSettings.windows`; None: it is for whole pictures.
    """

    place: ClassVar[int | None] = None

    def __init__(
        self, session: Runner, captions: Captions, settings: DetectorSettings, whole: DetectorSettings | None = None
    ) -> None:
        self._session = session
        self._captions = captions
        self._settings = settings
        self._whole = whole or settings

    @classmethod
    def open(cls, models: ModelSet) -> Self:
        role, settings = "detector", models.bundle.detector
        captions: Captions
        if settings.architecture == "omdet-turbo":
            captions = models.model(PhraseFeatures)
        else:
            captions = CaptionTokenizer(models.bundle.file("detector_tokenizer"), settings.text_length)
        if cls.place is None:
            return cls(models.session(role), captions, settings)
        side = settings.windows[cls.place]
        window = replace(settings, height=side, width=side, windows=())
        return cls(models.session(name_window_role(role, cls.place)), captions, window, settings)

    def find(
        self,
        images: Sequence[Image],
        phrases: Sequence[Sequence[str]],
        wholes: Sequence[PictureSize] | None = None,
    ) -> list[list[Detections]]:
        """Looks for B lists of phrases in B pictures uint8[H, W, 3] of any sizes, in one run of the model.

        wholes: per picture the (height, width) of that which it is a window of, in the same pixels; always, and only,
        for a detector of windows. Its boxes may reach beyond these.

        Returns, per picture and phrase, its boxes in pixels of that picture, best first: those whose best token scores
        over the box threshold. A box is given to one phrase, the one it fits best; a phrase that is named twice gets
        its boxes twice. Raises InstructionError for a phrase that is empty or too long.
        """
        unique = [list(dict.fromkeys(wanted)) for wanted in phrases]
        asked = [index for index, wanted in enumerate(unique) if wanted]
        if not asked:
            return [[] for _ in images]
        captions = [self._captions.caption(unique[index]) for index in asked]
        shapes = [image.shape[:2] for image in images] if wholes is None else wholes
        sizes = None if wholes is None else [self.seen_shape(wholes[index]) for index in asked]
        logits, boxes = self._run([images[index] for index in asked], captions, sizes)
        found: list[dict[str, Detections]] = [{} for _ in images]
        for row, index in enumerate(asked):
            height, width = shapes[index]
            corners = to_corners(boxes[row], width, height)
            found[index] = self._select(unique[index], sigmoid(logits[row]), captions[row].spans, corners)
        return [[found[index][phrase] for phrase in wanted] for index, wanted in enumerate(phrases)]

    def seen_shape(self, shape: tuple[int, ...]) -> PictureSize:
        """The (height, width) at which the model sees a whole picture of `shape`, without padding."""
        settings = self._whole
        if settings.fit == "stretch":
            return settings.height, settings.width
        return fitted_shape(shape, min(settings.height, settings.width))

    @property
    def window_sizes(self) -> WindowSizes:
        """The windows that there are other models for; of a detector of whole pictures."""
        return WindowSizes(self._whole.windows, GRID, self._whole.height * self._whole.width)

    def _run(
        self, images: Sequence[Image], captions: Sequence[Any], wholes: Sequence[PictureSize] | None = None
    ) -> tuple[Floats, Floats]:
        pictures = picture_inputs(images, self._settings)
        if wholes is not None and self._settings.architecture == "grounding-dino":  # the other's are all of one size
            pictures["whole_size"] = np.array(wholes, dtype=np.float32)
        outputs = self._session.run({**pictures, **self._captions.inputs(captions)})
        columns = max(caption.columns for caption in captions)
        logits = take(outputs, "logits", len(images), None, columns, finite=False)
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


class MediumDetector(Detector):
    """The detector of the larger windows."""

    place = 0


class SmallDetector(Detector):
    """The detector of the smaller ones."""

    place = 1


WINDOW_DETECTORS: tuple[type[Detector], ...] = (MediumDetector, SmallDetector)
"""By the place of the size of their windows."""


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
