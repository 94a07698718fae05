"""What the tests of reports share."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.metrics import EditScore, Evidence
from editjudge.metrics.bpm.score import RegionScore, SemanticScore
from editjudge.types import EditIntent, FoundBox


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
    return EditScore(
        bpm=0.7 * 1.4 + 0.3 * 2.0,
        semantic=SemanticScore(1.4, 0.5, 0.9, 0.21, 0.985),
        region=RegionScore(2.0, 1.0, 1.0),
        confidence=0.9,
        flags=("resized",),
        explanation="The square turned blue.",
        intent=EditIntent("color", "square", "blue square"),
        regions={
            "original": (FoundBox("square", (10.0, 20.0, 50.0, 60.0), 0.9),),
            "edited": (FoundBox("blue square", (10.0, 20.0, 50.0, 60.0), 0.8),),
        },
        timings_ms={"parse": 0.0, "detect": 20.0, "segment": 10.0, "embed": 5.0, "judge": 1.0, "total": 36.5},
        bundle="studio 1",
        version="0.1.0",
        evidence=Evidence(original, edited, mask, mask, change, (80, 120)),
    )
