"""What the tests of reports share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.image.alignment import PairAlignment
from editjudge.image.canvas import Content
from editjudge.image.changes import Changes
from editjudge.metrics import EditScore, Evidence
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore, Verdict
from editjudge.types import EditIntent, FoundBox
from support.scores import STILL


@pytest.fixture
def score() -> EditScore:
    """A square that turns from red to blue at the left, while a spot at the right changes that should not."""
    original = np.full((40, 60, 3), 200, np.uint8)
    mask = np.zeros((40, 60), bool)
    mask[10:30, 5:25] = True
    original[mask] = 220, 30, 30
    edited = original.copy()
    edited[mask] = 30, 30, 220
    edited[20:25, 50:56] = 0
    change = np.sqrt((((original.astype(np.float32) - edited) / 255) ** 2).mean(axis=2)).astype(np.float32)
    intent = EditIntent("color", "square", "blue square")
    semantic, region = SemanticScore(1.4, 0.5, 0.9, 0.21, 0.985), RegionScore(2.0, 1.0, 1.0)
    changes = Changes("edit", PairAlignment.still(), change > 0.1)
    return EditScore(
        bpm=0.7 * 1.4 + 0.3 * 2.0,
        semantic=semantic,
        region=region,
        confidence=0.9,
        verdict=Verdict("accept", 0.93),
        headline="Accept: the square turned blue.",
        kind="edit",
        changed_share=changes.share,
        alignment=STILL,
        flags=("resized",),
        explanation="The square turned blue. Take this with care: the edited picture has another size and was scaled.",
        intent=intent,
        parts=(PartScore(intent, semantic, region),),
        regions={
            "original": (FoundBox("square", (10.0, 20.0, 50.0, 60.0), 0.9),),
            "edited": (FoundBox("blue square", (10.0, 20.0, 50.0, 60.0), 0.8),),
        },
        timings_ms={"parse": 0.0, "detect": 20.0, "segment": 10.0, "embed": 5.0, "judge": 1.0, "total": 36.5},
        bundle="studio 1",
        version="0.1.0",
        evidence=Evidence(original, edited, mask, mask, change, changes, Content.whole(80, 120)),
    )


@pytest.fixture
def unjudged(score: EditScore) -> EditScore:
    """The same pictures, of which a bundle could judge nothing."""
    nothing = np.zeros((40, 60), bool)
    semantic, region = SemanticScore(None, None, None, None, None), RegionScore(None, None, None)
    flags = ("source_not_found", "out_of_domain")
    return replace(
        score,
        bpm=None,
        semantic=semantic,
        region=region,
        confidence=0.0,
        verdict=Verdict("not_judged", None),
        headline="Not scored: the original looks like a photograph.",
        explanation="What became of the square is not known.",
        flags=flags,
        parts=(PartScore(score.intent, semantic, region, flags[:1]),),
        regions={"original": (), "edited": ()},
        evidence=replace(score.evidence, original_mask=nothing, edited_mask=nothing),
    )


@pytest.fixture
def compound(score: EditScore) -> EditScore:
    """A score of two parts, the second of which was not done."""
    first, other = score.parts[0], EditIntent("remove", "spot", None)
    failed = PartScore(other, SemanticScore(0.75, 0.0, 0.75, 0.0, 0.98), RegionScore(2.0, 1.0, 1.0), ("contrary",))
    return replace(score, bpm=0.8, parts=(first, failed), flags=("contrary", "compound"))
