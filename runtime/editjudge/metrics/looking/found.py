"""Detections and masks of an original and an edited picture as regions, and what of them counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from editjudge.metrics.grounding import Grounding, Region, leave_out
from editjudge.metrics.looking.detect import NO_BOXES, PhraseBoxes
from editjudge.metrics.looking.looked_at import NO_TIME, LookedAt
from editjudge.types import Boxes, Detections, Masks

if TYPE_CHECKING:
    from editjudge.metrics.task import EditTask, Features


@dataclass(frozen=True)
class OriginalBoxes:
    """What was found in the original; None: nothing of the kind was looked for.

    found: by phrase. source, anchor, keep: as the edit has them.
    """

    found: PhraseBoxes
    source: Detections | None
    anchor: Detections | None
    keep: Detections | None

    @classmethod
    def of(cls, task: EditTask, found: PhraseBoxes) -> OriginalBoxes:
        """What was found, as the edit of a task has it."""
        keep = only_sure(found.get(task.keep or ""))
        source = spare(found.get(task.source or ""), keep)
        return cls(found, source, only_sure(found.get(task.anchor or "")), keep)


@dataclass(frozen=True)
class OriginalFeatures:
    """What depends on the original and the instruction alone; None: nothing of the kind was looked for.

    found: what the original shows of what is looked for in it. embedded: whether there was time for the features, and
    for what the flags say of the picture.
    """

    source: Region | None
    anchor: Detections | None
    features: Features
    flags: tuple[str, ...]
    kept: Region | None = None
    found: PhraseBoxes = field(default_factory=dict)
    embedded: bool = True

    @property
    def boxes(self) -> OriginalBoxes:
        """What was found, without masks."""
        source, kept = (None if region is None else region.detections for region in (self.source, self.kept))
        return OriginalBoxes(self.found, source, self.anchor, kept)


@dataclass(frozen=True)
class Observation:
    """What the models say of an edit: where its objects are, and the features of what is to be compared.

    looked_at: what of the edited picture they saw. left_out: the stages that there was no time for.
    """

    grounding: Grounding
    features: Features
    looked_at: LookedAt
    left_out: tuple[str, ...] = ()


def lack_observation(task: EditTask, known: OriginalFeatures | None) -> Observation:
    """Of an edited picture that there was no time to look at; known: of the original."""
    looks = bool(task.not_read or task.phrases or task.edited_phrases)
    source, anchor = (None, None) if known is None else (known.source, known.anchor)
    unseen = replace(Grounding.unseen(source, anchor, task.picture), masked=not looks)
    features = {} if known is None else known.features
    return Observation(unseen, features, NO_TIME, ("detect", "segment", "embed") if looks else ("embed",))


def spare(found: Detections | None, keep: Detections | None) -> Detections | None:
    """What was found, without what is to stay."""
    return found if found is None or keep is None else leave_out(found, keep.boxes)


def both_found(source: Detections | None, target: Detections | None) -> bool:
    """Whether whatever was looked for was found: else no sub-score needs a mask."""
    return all(found is None or len(found) for found in (source, target))


def only_sure(found: Detections | None) -> Detections | None:
    """The anchor, or what is to stay, or nothing of it: as nothing is to happen to it, no pixel can confirm a box that
    the detector doubts."""
    return replace(found, boxes=found.boxes[:0], scores=found.scores[:0]) if found and found.is_weak else found


def list_boxes(detections: Detections | None) -> Boxes:
    """float32[N, 4]."""
    return NO_BOXES if detections is None else detections.boxes


def make_region(detections: Detections | None, masks: Masks, kept: Region | None = None) -> Region | None:
    """A region, less what is to stay.

    Masks not made from its own boxes, as the released code does it, are given to each box; so is none.
    """
    if detections is None:
        return None
    if len(masks) != len(detections):
        masks = np.broadcast_to(masks.any(axis=0), (len(detections), *masks.shape[1:]))
    region = Region(detections, masks)
    return region.without_pixels(kept.mask) if kept else region


def outline(detections: Detections | None) -> Region | None:
    """A region that has boxes, and no pixels in its masks bool[N, 0, 0]: they were not made."""
    return None if detections is None else Region(detections, np.zeros((len(detections), 0, 0), bool))
