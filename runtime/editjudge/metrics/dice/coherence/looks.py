"""How what changed looks to CLIP, before and after, and whether that is what a phrase says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from editjudge.image.transforms import crop_box
from editjudge.image.vectors import Vector
from editjudge.metrics.dice.coherence.colours import NAMES as COLOURS
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain
from editjudge.types import ALL, EditIntent, Floats, Image

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

SEEN = 6
"""Differences, the strongest first, that CLIP looks at."""
CROP = 1.15
"""How much larger than its box what CLIP sees of a region is."""
PATTERNS = ("striped", "checkered", "dotted", "plaid", "wooden", "marble", "golden", "metallic", "furry")
"""What an object may be made of or covered with, which is told apart from what was asked for."""


@dataclass(frozen=True)
class RegionLooks:
    """CLIP's features float32[D] of a region's place, of length 1; None: not looked at, as nothing stands there."""

    before: Vector | None
    after: Vector | None


@dataclass(frozen=True)
class Vocabulary:
    """Names with CLIP's features float32[N, D], of length 1, and what cosines are multiplied with for a softmax."""

    names: tuple[str, ...]
    features: Floats
    scale: float

    def share(self, seen: Vector, phrases: Sequence[str]) -> float:
        """How likely a feature is one of some of the names, 0 to 1."""
        likely = self.rate(seen)
        return float(likely[[name in phrases for name in self.names]].sum())

    def rate(self, seen: Vector) -> Floats:
        """float32[N], together 1: how likely a feature is each of the names."""
        logits = self.scale * (self.features @ seen)
        likely = np.exp(logits - logits.max())
        return np.asarray(likely / likely.sum(), np.float32)


def look_at(context: EditContext, found: DetectedRegions) -> list[RegionLooks]:
    """The looks of the strongest regions, in one run of CLIP."""
    crops: list[Image] = []
    sides: list[tuple[bool, bool]] = []
    for region in found.regions[:SEEN]:
        sides.append((region.change != "ADD", region.change != "REMOVE"))
        pictures = (context.original, context.aligned.picture)
        crops += [_crop(picture, region.box, found) for picture, seen in zip(pictures, sides[-1], strict=True) if seen]
    features = iter(unit(context.models.model(Clip).images(crops)) if crops else ())
    return [RegionLooks(*(next(features) if seen else None for seen in pair)) for pair in sides]


def open_vocabulary(context: EditContext, phrases: Sequence[str]) -> Vocabulary | None:
    """The names that the bundle has, and phrases besides; None: it has none."""
    elements = context.models.model(Domain).elements
    if elements is None:
        return None
    names = tuple(dict.fromkeys((*phrases, *elements)))
    scale = context.models.bundle.settings("elements").scale
    return Vocabulary(names, unit(context.models.model(Clip).texts(names)), scale)


def list_phrases(intents: Sequence[EditIntent]) -> list[str]:
    """What intents name, each once."""
    named = (phrase for one in intents for phrase in (one.source, one.target, one.anchor, one.keep))
    return list(dict.fromkeys(phrase for phrase in named if phrase is not None and phrase != ALL))


def list_rivals(intent: EditIntent) -> list[str]:
    """What the result might be instead: the same thing in other colours, or of other stuff."""
    words = (intent.target or "").split()
    if len(words) < 2 or intent.edit_type not in ("color", "texture", "replace", "add"):
        return []
    thing = words[-1]
    return [f"{attribute} {thing}" for attribute in (*COLOURS, *PATTERNS)]


def unit(vectors: Floats) -> Floats:
    """float32[N, D], each of length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)


def _crop(picture: Image, box: Floats, found: DetectedRegions) -> Image:
    return picture[crop_box(found.enlarge(box, *picture.shape[:2]), CROP, picture.shape)]
