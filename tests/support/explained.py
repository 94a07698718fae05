"""Scores of one part, and of what else changed, for sentences about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from editjudge.metrics.bpm.score import EditScore
from editjudge.types import EditIntent
from support.scores import BEFORE, IntBox, mask_of, part_of, score_of

UNTOUCHED = "; the rest of the picture is untouched."

COLOR = EditIntent("color", "hydrant", "blue hydrant")
ADD = EditIntent("add", None, "apple", anchor="sofa", position="right")
GROW = EditIntent("size", "rocket", "rocket", size="larger")
MOVE = EditIntent("move", "rocket", "rocket", position="right")
STYLE = EditIntent("style", "all", "black and white")


def made(
    intent: EditIntent,
    *,
    modify: float | None = 1.0,
    position: float | None = 1.0,
    size: float | None = 1.0,
    flags: tuple[str, ...] = (),
    before: IntBox = BEFORE,
    after: IntBox = BEFORE,
    change: np.ndarray | None = None,
    changed: np.ndarray | None = None,
    bpm: float | None = 1.0,
) -> EditScore:
    """The score of an edit of one part."""
    part = part_of(intent, modify=modify, position=position, size=size, flags=flags)
    return score_of(part, bpm=bpm, before=before, after=after, change=change, changed=changed)


def with_spots(score: EditScore, spots: np.ndarray) -> EditScore:
    """The score of a picture of which some places changed otherwise than the rest."""
    changes = replace(score.evidence.changes, spots=spots)
    return replace(score, evidence=replace(score.evidence, changes=changes))


def changed(x0: int, y0: int, x1: int, y1: int, by: float = 0.5) -> np.ndarray:
    return mask_of((x0, y0, x1, y1)).astype(np.float32) * np.float32(by)
