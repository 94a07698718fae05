"""What reports and terminals show: an edit, its candidates and their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from editjudge.metrics.registry import EditScore


@dataclass(frozen=True)
class Candidate:
    """An edited picture.

    Attributes:
        name: That of its file.
        score: None: it could not be scored.
        quality: What it is known to be, if it is, in words.
        error: Why there is no score.
        bound: What a score could be at most that was not needed; None: there is a score, or nothing is known of it.
    """

    name: str
    score: EditScore | None
    quality: str | None = None
    error: str | None = None
    bound: float | None = None

    @property
    def ordered_by(self) -> Literal["score", "pictures", "bound"] | None:
        """What its place among the others rests on; None: it has none, and comes last, in the order given."""
        if self.score is None:
            return None if self.bound is None else "bound"
        return "pictures" if self.score.value is None else "score"

    @property
    def failure(self) -> str:
        """Why there is no score, for reports."""
        return self.error or "could not be scored"


@dataclass(frozen=True)
class RankedEdit:
    """An instruction and its candidates, best first. key: a short word for links, unique in the report."""

    instruction: str
    candidates: tuple[Candidate, ...]
    key: str = "edit"
