"""What reports and terminals show: an edit, its candidates and their scores; and a ranking as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from editjudge.errors import InputError
from editjudge.metrics.registry import EditScore
from editjudge.ranking import RankedCandidate


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


def name_candidates(ranked: Sequence[RankedCandidate], names: Sequence[str]) -> tuple[Candidate, ...]:
    """The candidates of a ranking as reports show them. names: of all of them, in the order in which they were given.

    Raises InputError where none has a score.
    """
    if all(entry.score is None for entry in ranked):
        raise InputError(f"none of the candidates could be scored: {ranked[0].error or ranked[0].left_out}")
    return tuple(
        Candidate(names[entry.index], entry.score, error=entry.error or entry.left_out, bound=entry.bound)
        for entry in ranked
    )


def ranking_to_dict(instruction: str, ranked: Sequence[RankedCandidate], files: Sequence[str | None]) -> dict[str, Any]:
    """The JSON of a ranking. files: of all candidates, in the order in which they were given; None: it has no name."""
    rows = [
        {
            "rank": place,
            "index": entry.index,
            "file": files[entry.index],
            "ordered_by": Candidate("", entry.score, bound=entry.bound).ordered_by,
            "score": entry.score and entry.score.to_dict(),
            "error": entry.error,
            "bound": entry.bound,
            "left_out": entry.left_out,
        }
        for place, entry in enumerate(ranked, 1)
    ]
    return {"instruction": instruction, "ranking": rows}
