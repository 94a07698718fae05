"""What changed, by name: CLIP's best of the phrases that were asked for and of the names that the bundle has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from editjudge.image.transforms import crop_box
from editjudge.metrics.dice.difference import CHANGES
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain
from editjudge.types import ALL, EditIntent, Floats, Image

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

NAMED = 8
"""Differences, the strongest first, that are named."""
CROP = 1.15
"""How much larger than its box what CLIP sees of a region is."""
UNSURE = "no name fits well enough to be told"


def name_elements(context: EditContext, found: DetectedRegions) -> tuple[list[str | None], str | None]:
    """The name of each region or None; and, where none has one, why."""
    nameless: list[str | None] = [None] * len(found.regions)
    if not found.regions:
        return nameless, None
    bundle, domain = context.models.bundle, context.models.model(Domain)
    if not bundle.has("elements"):
        return nameless, f"bundle {bundle.name} has no names of objects"
    names = _list_names(context)
    feature = context.original_feature
    if domain.probe is not None and not domain.probe.accepts(feature, context.original):
        return (
            nameless,
            f"bundle {bundle.name} does not know pictures like these, and so has no names for what is in them",
        )
    clip = context.models.model(Clip)
    seen = clip.images([_crop(context, found, index) for index in range(min(NAMED, len(found.regions)))])
    words = clip.texts(names)
    settings = bundle.settings("elements")
    best = [_choose(names, settings.scale * row, settings.sure) for row in _unit(seen) @ _unit(words).T]
    told = best + nameless[len(best) :]
    return told, None if any(told) else UNSURE


def _list_names(context: EditContext) -> list[str]:
    """The phrases of what was asked for, and the names that the bundle has, each once."""
    phrases = [phrase for one in (context, *context.more) for phrase in _phrases(one.intent)]
    return list(dict.fromkeys((*phrases, *sorted(context.models.bundle.words("elements") or ()))))


def _phrases(intent: EditIntent) -> Sequence[str]:
    return [
        phrase for phrase in (intent.source, intent.target, intent.anchor, intent.keep) if phrase not in (None, ALL)
    ]


def _choose(names: Sequence[str], logits: Floats, sure: float) -> str | None:
    """The likeliest name, if it and others of the same thing, as "blue car" and "car", are likely enough."""
    likely = np.exp(logits - logits.max())
    best = names[int(likely.argmax())]
    same = [name.split()[-1] == best.split()[-1] for name in names]
    return best if likely[same].sum() >= sure * likely.sum() else None


def _crop(context: EditContext, found: DetectedRegions, index: int) -> Image:
    """A region of the picture that shows it."""
    region = found.regions[index]
    picture = context.original if CHANGES[int(region.kinds.argmax())] == "REMOVE" else context.aligned.picture
    height, width = picture.shape[:2]
    box = region.box * np.array([width / found.width, height / found.height] * 2, np.float32)
    return picture[crop_box(box, CROP, picture.shape)]


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
