"""Scores as a scorer would build them, from parts that are given."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from editjudge.image.alignment import PairAlignment
from editjudge.image.canvas import Content
from editjudge.image.changes import ChangeKind, Changes
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.score import EditScore, PartScore, RegionScore, SemanticScore, Verdict
from editjudge.types import Drift, EditIntent, FoundBox

SIDE = 100
"""Of the frame, in pixels."""
BEFORE, AFTER = (20, 40, 40, 60), (70, 40, 90, 60)
STILL = Drift((0.0, 0.0), 1.0, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
NOT_MEASURED = SemanticScore(None, None, None, None, None)

UNSEEN = re.compile(r"there is no (?!rest)|is gone|(is|are) not (there|in)|could not be found|was not found")
"""Sentences of fact about what was only not found by this bundle."""

IntBox = tuple[int, int, int, int]


def mask_of(box: IntBox | None) -> np.ndarray:
    """bool[SIDE, SIDE]: a box."""
    area = np.zeros((SIDE, SIDE), bool)
    if box is not None:
        area[box[1] : box[3], box[0] : box[2]] = True
    return area


def part_of(
    intent: EditIntent,
    *,
    modify: float | None = 1.0,
    preserve: float | None = 1.0,
    position: float | None = 1.0,
    size: float | None = 1.0,
    flags: tuple[str, ...] = (),
) -> PartScore:
    both = None if modify is None or preserve is None else modify + preserve
    semantic = SemanticScore(both, modify, preserve, modify, preserve)
    region = RegionScore(None if position is None or size is None else position + size, position, size)
    return PartScore(intent, semantic, RegionScore(None, None, None) if intent.is_global else region, flags)


def score_of(
    *parts: PartScore,
    bpm: float | None = 1.0,
    kind: ChangeKind = "edit",
    flags: tuple[str, ...] = (),
    before: IntBox = BEFORE,
    after: IntBox = BEFORE,
    change: np.ndarray | None = None,
    changed: np.ndarray | None = None,
    **fields: Any,
) -> EditScore:
    """The score of an edit.

    Args:
        parts: What was asked for, with what was measured of it.
        bpm: What it adds up to.
        kind: What happened to the picture.
        flags: Beside those of the parts.
        before, after: Where the first part's source was, and where its target is.
        change: float32[SIDE, SIDE], per pixel; by default half of all where it changed.
        changed: bool[SIDE, SIDE], where the picture changed; nothing by default.
        fields: Others of EditScore.
    """
    intent = parts[0].intent
    all_flags = tuple(dict.fromkeys((*flags, *(flag for part in parts for flag in part.flags))))
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    masks = (mask_of(None), mask_of(None)) if intent.is_global else (mask_of(before), mask_of(after))
    where = mask_of(None) if changed is None else changed
    change = where.astype(np.float32) / 2 if change is None else change
    content = Content.whole(SIDE, SIDE)
    evidence = Evidence(picture, picture, *masks, change, Changes(kind, PairAlignment.still(), where), content)
    found = () if "target_not_found" in all_flags else (FoundBox(intent.target or "", after, 0.9),)
    given = {
        "confidence": 0.9,
        "verdict": Verdict("not_judged", None),
        "headline": "",
        "changed_share": float(where.mean()),
        "alignment": STILL,
        "explanation": "",
        "timings_ms": {},
        "bundle": "b",
        "version": "1",
    }
    return EditScore(
        bpm=bpm, semantic=parts[0].semantic, region=parts[0].region, kind=kind, flags=all_flags, intent=intent,
        parts=parts, regions={"original": (FoundBox(intent.source or "", before, 0.9),), "edited": found},
        evidence=evidence, **{**given, **fields},
    )  # fmt: skip
