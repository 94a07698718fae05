"""How a region that changed fits a thing that was asked for: its kind, place, size, colour and looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from editjudge.image.boxes import shared_area, stands
from editjudge.image.vectors import Vector, direction
from editjudge.metrics.dice.coherence.colours import colour_share, find_colour
from editjudge.metrics.dice.coherence.looks import RegionLooks, Vocabulary
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.metrics.dice.regions.region import ChangedRegion, SmallLab
from editjudge.metrics.grounding import Grounding
from editjudge.metrics.intents import text_direction
from editjudge.types import Boxes, EditIntent, EditType, Floats

if TYPE_CHECKING:
    from editjudge.metrics.task import Features

KINDS: dict[EditType, tuple[float, float, float]] = {
    "add": (1.0, 0.0, 0.5),
    "remove": (0.0, 1.0, 0.5),
    "move": (1.0, 1.0, 0.4),
    "size": (0.4, 0.4, 1.0),
    "replace": (0.4, 0.4, 1.0),
    "color": (0.1, 0.1, 1.0),
    "texture": (0.1, 0.1, 1.0),
    "action": (0.3, 0.3, 1.0),
    "style": (0.2, 0.2, 1.0),
    "other": (0.6, 0.6, 1.0),
}
"""How well it fits a type of edit that something was added, removed or edited; a shadow or a rim tells kinds apart
badly, so that none but the contrary is out of the question."""
SIDES = ("left", "right", "up", "down", "inside", "near")
LARGER = 1.2
"""The ratio of areas, edited over original, from which something is larger (BPM, section 3.3)."""
SPATIAL = ("move", "size")
HERE, AWAY = 0.5, 0.15
"""Shares of a region in a place: from which it lies there, and under which it lies elsewhere."""
NOWHERE: Boxes = np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class PartView:
    """A thing that was asked for, and where it is; None of what is not known.

    Attributes:
        intent: What was asked for.
        where: Where its objects are, in pixels of the small pictures.
        features: CLIP's, of the objects and of the phrases.
        vocabulary: What a region is told apart from.
    """

    intent: EditIntent
    where: Grounding | None = None
    features: Features | None = None
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class RegionFit:
    """How a region fits a part; each from 0, not at all, or -1, the contrary, to 1; 0 also where it was not measured.

    Attributes:
        kind: Whether this is the kind of change that was asked for.
        inside: The share of the region that lies where it was asked for.
        cover: How much of that place it covers, as an IoU.
        stand: Whether it stands where it should, relative to what was named or to where it was.
        size: Whether it has the size that it should have, relative to what was there.
        look: Whether the change goes the way of the words, by CLIP.
        colour: How much more of it has the colour that was asked for.
        found: Whether all objects were found.
        strength: Its energy, against the strongest region.
        moved: Whether it is half of a move.
        named: Whether what results, or what was removed, is what was named and not something else, by CLIP.
        was: Whether what was edited is what was named.
        kept: The share of the region that lies in what was to stay, beyond that in the place that was asked for.
    """

    kind: float = 0.0
    inside: float = 0.0
    cover: float = 0.0
    stand: float = 0.0
    size: float = 0.0
    look: float = 0.0
    colour: float = 0.0
    found: float = 0.0
    strength: float = 0.0
    moved: float = 0.0
    named: float = 0.0
    was: float = 0.0
    kept: float = 0.0


def measure_fit(found: DetectedRegions, index: int, part: PartView, look: RegionLooks | None) -> RegionFit:
    """How a region fits a part.

    Args:
        found: The regions.
        index: Which of them.
        part: What was asked for.
        look: The region's; None: it was not looked at.
    """
    region, intent, where = found.regions[index], part.intent, part.where
    partner = found.regions[found.partners[index]] if index in found.partners else None
    kind = float(region.kinds @ np.array(KINDS[intent.edit_type], np.float32))
    colour = measure_colour(region, intent, found.pictures)
    strength, moved = region.energy / found.regions[0].energy, float(partner is not None)
    if where is None:
        return RegionFit(kind=kind, colour=colour, strength=strength, moved=moved)
    inside, cover = _overlap(region.box, _expect(region, intent, where))
    named, was = _measure_names(region, part, look)
    spared = NOWHERE if where.kept is None else where.kept.boxes
    return RegionFit(
        kind=kind,
        inside=inside,
        cover=cover,
        stand=_measure_stand(region, partner, intent, where),
        size=_measure_size(intent, where),
        look=_measure_look(part),
        colour=colour,
        found=float(where.missing is None),
        strength=strength,
        moved=moved,
        named=named,
        was=was,
        kept=max(0.0, _overlap(region.box, spared)[0] - inside),
    )


def measure_colour(region: ChangedRegion, intent: EditIntent, pictures: SmallLab) -> float:
    """How much more of a region has the colour that was asked for than had it before, -1 to 1; 0 where none was."""
    name = find_colour(intent.target, intent.source)
    if name is None or not region.mask.any():
        return 0.0
    before, after = (
        colour_share(picture[region.window][region.mask], name) for picture in (pictures.original, pictures.edited)
    )
    return after if intent.edit_type == "add" else after - before


def _expect(region: ChangedRegion, intent: EditIntent, where: Grounding) -> Boxes:
    """float32[N, 4]: where a region of its kind would be asked for."""
    source = where.original.boxes if where.original is not None else NOWHERE
    target = where.edited.boxes if where.edited is not None else NOWHERE
    if intent.edit_type == "move" and region.change == "REMOVE":
        return source
    if intent.edit_type == "move" and region.change == "ADD":
        return target
    return np.concatenate([source, target])


def _overlap(box: Floats, expected: Boxes) -> tuple[float, float]:
    """The largest share of a box that lies in an expected one, and the largest IoU."""
    if not len(expected):
        return 0.0, 0.0
    own = max(1.0, float(np.prod(box[2:] - box[:2])))
    shared = np.array([shared_area(box, one) for one in expected])
    sizes = np.prod(expected[:, 2:] - expected[:, :2], axis=1)
    return float((shared / own).max()), float((shared / (own + sizes - shared)).max())


def _measure_stand(region: ChangedRegion, partner: ChangedRegion | None, intent: EditIntent, where: Grounding) -> float:
    """1 where what results stands as asked, -1 where it does not, 0 where that was not asked or cannot be told.

    Of a move by its own halves, which are where they are whatever the detector says.
    """
    is_new = region.change == "ADD"
    new, old = (region, partner) if is_new else (partner, region)
    source = where.original.boxes if where.original is not None else NOWHERE
    results = where.edited.boxes if where.edited is not None else NOWHERE
    if intent.edit_type == "move" and partner is not None and new is not None and old is not None:
        source, results = old.box[None], new.box[None]
    elif intent.edit_type == "add" and is_new:
        results = region.box[None]
    if not len(results):
        return 0.0
    if intent.position in SIDES and intent.edit_type in ("add", "move"):
        reference = source if intent.anchor is None else NOWHERE if where.anchor is None else where.anchor.boxes
        if not len(reference):
            return 0.0
        return 1.0 if any(stands(box, intent.position, reference[0]) for box in results) else -1.0
    if not len(source) or intent.edit_type in ("add", "move"):
        return 0.0
    stayed = max(_overlap(box, source)[1] for box in results)
    return min(1.0, max(-1.0, 4 * stayed - 1))


def _measure_size(intent: EditIntent, where: Grounding) -> float:
    """1 where the size is as asked, -1 where it is not, 0 where that cannot be told."""
    if where.original is None or where.edited is None or where.missing is not None:
        return 0.0
    before, after = (
        max(1.0, float(np.prod(region.enclosing_box[2:] - region.enclosing_box[:2])))
        for region in (where.original, where.edited)
    )
    ratio = float(np.log(after / before))
    if intent.size == "unchanged":
        return float(np.clip(1 - abs(ratio) / np.log(1.35), -1, 1))
    grown = ratio if intent.size == "larger" else -ratio
    return float(np.clip(grown / np.log(LARGER), -1, 1))


def _measure_look(part: PartView) -> float:
    """The cosine of the change of the objects' looks with that of the words; 0 where it cannot be told."""
    intent, features = part.intent, part.features
    if features is None or intent.edit_type in SPATIAL:
        return 0.0
    if intent.is_global:
        if not {"original_picture", "edited_picture", "target"} <= features.keys():
            return 0.0
        return direction(features["original_picture"], features["edited_picture"], features["target"])
    if not {"original_crop", "edited_crop"} <= features.keys():
        return 0.0
    return direction(features["original_crop"], features["edited_crop"], text_direction(intent, features))


def _measure_names(region: ChangedRegion, part: PartView, look: RegionLooks | None) -> tuple[float, float]:
    """Whether it is what was named, and whether what was edited was that before; -1 to 1 each, 0 where not measured."""
    intent, vocabulary = part.intent, part.vocabulary
    if look is None or vocabulary is None or intent.is_global:
        return 0.0, 0.0

    def rate(seen: Vector | None, phrase: str | None) -> float:
        return 0.0 if seen is None or phrase is None else 2 * vocabulary.share(seen, (phrase,)) - 1

    if look.after is None:
        return rate(look.before, intent.source), 0.0
    return rate(look.after, intent.target), rate(look.before, intent.source)
