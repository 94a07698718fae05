"""A request, as the engine takes it: pictures as the bytes of their files, and what is asked about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.metrics.registry import Compat
from editjudge.parser.result import Request
from editjudge.ranking import RankedCandidate

RequestKind = Literal["score", "rank", "differences"]
"""A score of each edited picture; the same, best first; what changed in the one."""


@dataclass(frozen=True)
class ScoringRequest:
    """What one client asks of one original. Requests that differ in `edited` alone share what `Scorer.prepare` does.

    Attributes:
        original: The bytes of a picture's file.
        edited: Those of each edited picture; one where the kind is "differences".
        instruction: A text, or what it asks for, where that is known; None: nobody said, where the kind is
            "differences".
        metrics: What is measured as well, as `Scorer.score` has it.
        compat: As `Scorer.score` has it.
        best, budget_ms: As `Prepared.rank` has them; the time that a request waits does not count.
        keeps_evidence: Whether scores keep the arrays that a report shows, some megabytes each.
    """

    kind: RequestKind
    original: bytes
    edited: tuple[bytes, ...]
    instruction: Request | None
    metrics: tuple[str, ...] = ()
    compat: Compat | None = None
    best: int | None = None
    budget_ms: float | None = None
    keeps_evidence: bool = False


Answer = tuple[RankedCandidate, ...] | PictureDifferences
"""Of "score" the candidates in the order given, of "rank" the best first; one that cannot be read has its error."""
