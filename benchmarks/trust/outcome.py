"""What is kept of a score, and how a ranking and a reader would take it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

KINDS = ("edit", "unchanged", "noise", "other_picture")
FACT = re.compile(r"\b(there (is|are|was|were) no|(is|are) gone|(is|are) still where|was not removed|nothing was)\b")
"""What only somebody who saw it could say; of a pair in which nothing was edited, pixels did see it."""
MOVED = 0.15
"""A change of the score that a user would notice."""


@dataclass(frozen=True)
class Outcome:
    """A score without its arrays; what an older version does not say is None."""

    bpm: float | None
    confidence: float
    flags: tuple[str, ...]
    kind: str | None
    changed_share: float
    decision: str | None
    probability: float | None
    text: str

    @classmethod
    def of(cls, score: Any) -> Outcome:
        verdict = getattr(score, "verdict", None)
        return cls(
            score.bpm,
            score.confidence,
            tuple(score.flags),
            getattr(score, "kind", None),
            getattr(score, "changed_share", 0.0),
            verdict and verdict.decision,
            verdict and verdict.probability,
            f"{getattr(score, 'headline', '')} {score.explanation}",
        )

    @property
    def is_no_op(self) -> bool:
        return "no_op" in self.flags

    @property
    def place(self) -> tuple[float, ...]:
        """The order of a ranking, the best first."""
        known = (1, 0.0) if self.bpm is None else (0, -self.bpm)
        return *known, KINDS.index(self.kind or "edit"), self.changed_share

    @property
    def numbers_nothing(self) -> bool:
        """Whether there is a number where nothing was measured."""
        lost = {"source_not_found", "anchor_not_found", "out_of_domain"} & set(self.flags)
        return self.bpm is not None and (self.confidence == 0 or bool(lost))

    @property
    def claims_unseen(self) -> bool:
        """Whether a sentence states as a fact what was not seen."""
        unseen = {"source_not_found", "target_not_found", "out_of_domain"} & set(self.flags)
        return bool(unseen) and self.kind in (None, "edit") and FACT.search(self.text) is not None

    def moved_from(self, other: Outcome) -> bool:
        """Whether a user would notice the difference of two scores."""
        if self.bpm is None or other.bpm is None:
            return self.bpm is not other.bpm
        return abs(self.bpm - other.bpm) > MOVED
