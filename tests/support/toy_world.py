"""A toy world of flat rectangles, and models of it that are exact because they can look at the pixels.

Nothing here is learned. A car is wide, a tower is tall, a box is square; the background is grey. The detector finds
rectangles by their outline and knows them by their shape, whatever colour is asked for, as real detectors mostly do.
The segmenter hands back the rectangle's pixels. The embedder has three axes of colour and three of shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import cv2
import numpy as np

from editjudge.bundles.settings import NormRanges
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import WINDOW_DETECTORS, Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import WINDOW_SEGMENTERS, Segmenter
from editjudge.models.windows.window import WindowSizes
from editjudge.scorer import Scorer
from editjudge.types import FRAME, Detections, EditIntent, Placement

GREY = 128
COLOURS = {"red": (220, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 220)}
SHAPES = {"car": (60, 30), "tower": (30, 60), "box": (40, 40)}
NAMES = tuple(SHAPES)
CPU = Placement("cpu", "NumPy")


def draw(*things: tuple[str, str, int, int], side: int = 200, scale: float = 1.0) -> np.ndarray:
    """uint8[side, side, 3] with things (colour, name, x and y of the centre)."""
    picture = np.full((side, side, 3), GREY, np.uint8)
    for colour, name, x, y in things:
        width, height = (round(length * scale / 2) for length in SHAPES[name])
        picture[y - height : y + height, x - width : x + width] = COLOURS[colour]
    return picture


def shapes(picture: np.ndarray) -> list[tuple[str, tuple[int, int, int, int]]]:
    """The names and boxes of what stands out from the background by more than noise."""
    solid = (np.abs(picture.astype(int) - GREY).max(axis=2) > 70).astype(np.uint8)
    items = []
    for x, y, width, height, area in cv2.connectedComponentsWithStats(solid, connectivity=4)[2][1:]:
        if area > 100:
            ratio = width / height
            items.append(("car" if ratio > 1.5 else "tower" if ratio < 0.67 else "box", (x, y, x + width, y + height)))
    return items


class Eyes:
    """Detector."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def find(
        self,
        images: Sequence[np.ndarray],
        phrases: Sequence[Sequence[str]],
        wholes: Sequence[tuple[int, int]] | None = None,
    ) -> list[list[Detections]]:
        self.calls.append(sum(bool(wanted) for wanted in phrases))
        return [[self._look(image, phrase) for phrase in wanted] for image, wanted in zip(images, phrases, strict=True)]

    def seen_shape(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """It sees every pixel."""
        return shape[0], shape[1]

    window_sizes = WindowSizes((), 32, 1)

    def _look(self, image: np.ndarray, phrase: str) -> Detections:
        boxes = [box for name, box in shapes(image) if name == phrase.rsplit(maxsplit=1)[-1]]
        return Detections(phrase, np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 0.8, np.float32))


class Scissors:
    """Segmenter."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def segment(self, images: Sequence[np.ndarray], boxes: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.calls.append(sum(bool(len(prompts)) for prompts in boxes))
        masks = []
        for image, prompts in zip(images, boxes, strict=True):
            cut = np.zeros((len(prompts), *image.shape[:2]), bool)
            for mask, (x0, y0, x1, y1) in zip(cut, prompts.astype(int), strict=True):
                mask[y0:y1, x0:x1] = True
            masks.append(cut)
        return masks

    def seen_shape(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return shape[0], shape[1]

    window_sizes = WindowSizes((), 16, 1)


class Sense:
    """Embedder."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def images(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        self.calls.append(len(crops))
        return np.stack([self._feel(crop) for crop in crops])

    def _feel(self, crop: np.ndarray) -> np.ndarray:
        kinds = [name for name, _ in shapes(crop)]
        solid = np.abs(crop.astype(int) - GREY).max(axis=2) > 70
        colour = crop[solid].mean(axis=0) / 255 if solid.any() else np.full(3, 0.5)
        return np.array([*colour, *(float(name in kinds) for name in NAMES)], np.float32)

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._read(text.lower().split()) for text in texts])

    def _read(self, words: list[str]) -> np.ndarray:
        colours = [np.array(COLOURS[word]) / 255 for word in words if word in COLOURS]
        colour = colours[0] if colours else np.full(3, 0.5)
        return np.array([*colour, *(float(name in words) for name in NAMES)], np.float32)


class Paper:
    """What a scorer asks of a bundle: names, ranges, words."""

    name = title = "toy world"

    def __init__(self, frame: int = FRAME, windows: tuple[int, ...] = ()) -> None:
        self.windows = SimpleNamespace(windows=windows)
        ranges = NormRanges(modify=(0.0, 0.8), preserve=(0.5, 1.0))
        self.manifest = SimpleNamespace(
            norm=ranges, verdict=None, quality_scale=None, coherence=None, frame=frame,
            look="changes" if windows else "all",
        )  # fmt: skip

    def has(self, role: str) -> bool:
        return role in PLACEMENTS or (bool(self.windows.windows) and role == "detector_medium")

    @property
    def detector(self) -> SimpleNamespace:
        return self.windows

    segmenter = detector

    def words(self, role: str) -> frozenset[str] | None:
        return frozenset((*COLOURS, *NAMES)) if role == "vocabulary" else None


PLACEMENTS = dict.fromkeys(("detector", "sam_encoder", "sam_decoder", "clip_vision", "clip_text"), CPU)


def model_set(frame: int = FRAME) -> ModelSet:
    """The exact models, in the place of a bundle's."""
    models = {Detector: Eyes(), Segmenter: Scissors(), Clip: Sense()}
    return ModelSet(Paper(frame), "cpu", models=models, placements=PLACEMENTS)  # type: ignore[arg-type]


def window_scorer(windows: tuple[int, ...] = (240, 160), area: int = 400 * 400) -> Scorer:
    """A scorer with models of windows of these sides, which see as well as those of whole pictures of an area."""
    stand_ins = {kind: Eyes() for kind in (Detector, *WINDOW_DETECTORS)}
    cutters = {kind: Scissors() for kind in (Segmenter, *WINDOW_SEGMENTERS)}
    stand_ins[Detector].window_sizes = WindowSizes(windows, 32, area)
    cutters[Segmenter].window_sizes = WindowSizes(windows, 16, area)
    models = {**stand_ins, **cutters, Clip: Sense()}
    opened = ModelSet(Paper(windows=windows), "cpu", models=models, placements=PLACEMENTS)  # type: ignore[arg-type]
    return Scorer(opened)


def scorer(compat: str | None = None, frame: int = FRAME) -> Scorer:
    return Scorer(model_set(frame), compat=compat)  # type: ignore[arg-type]


COLOR = EditIntent("color", "red car", "blue car")
ADD = EditIntent("add", None, "blue box", anchor="car", position="right")
REMOVE = EditIntent("remove", "tower", None)
REPLACE = EditIntent("replace", "tower", "green box")
LARGER = EditIntent("size", "car", "car", size="larger")
MOVE = EditIntent("move", "car", "car", position="right")
STYLE = EditIntent("style", "all", "green")
