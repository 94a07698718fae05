"""Models of the toy world in the midst of which time is up, and budgets that suffice for everything or nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from editjudge import Scorer
from editjudge.metrics import EditScore
from editjudge.utils.deadlines.deadline import OutOfTimeError, current_deadline
from support import toy_world

ENOUGH, NO_TIME = 1e6, 0.001
"""Milliseconds."""


def end_time(*_: object) -> Any:
    """As a session of ONNX Runtime in which time is up, and which is stopped."""
    deadline = current_deadline()
    assert deadline is not None
    deadline.end = time.monotonic()
    raise OutOfTimeError


def slow_scorer(kind: type, function: str, compat: str | None = None) -> Scorer:
    """In one of whose models time is up."""
    scorer = toy_world.scorer(compat)
    setattr(scorer.models.model(kind), function, end_time)
    return scorer


def without_time(score: EditScore) -> EditScore:
    return replace(score, timings_ms={})
