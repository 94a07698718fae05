"""What reports and terminals show: candidates of an edit with their scores, and what each part of a score adds."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from editjudge.overall import ALPHA
from editjudge.types import EditScore

if TYPE_CHECKING:
    from editjudge.ranking import Ranked


@dataclass(frozen=True)
class Candidate:
    """An edited picture in a report: its name, its score or why there is none, and what it is known to be, if it is."""

    name: str
    score: EditScore | None
    quality: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, ranked: Ranked, file: Path, quality: str | None = None) -> Candidate:
        """A ranked candidate, named as its file."""
        return cls(file.name, ranked.score, quality, ranked.error)


@dataclass(frozen=True)
class Judged:
    """An instruction and its candidates, best first. key: a short word for links, unique in the report."""

    instruction: str
    candidates: tuple[Candidate, ...]
    key: str = "edit"


@dataclass(frozen=True)
class Part:
    """A sub-score: its value 0 to 1 and its raw value (None: does not apply), and how much of the BPM it decides."""

    name: str
    value: float | None
    raw: float | None
    weight: float

    @property
    def gain(self) -> float:
        """What the part adds to the BPM."""
        return self.weight * (self.value or 0.0)


def parts(score: EditScore) -> tuple[Part, ...]:
    """modify, preserve, position and size, in this order."""
    semantic, region = score.semantic, score.region
    share = 1.0 if region.score is None else ALPHA
    return (
        *_sharing(
            2 * share,
            modify=(semantic.modify, semantic.modify_raw),
            preserve=(semantic.preserve, semantic.preserve_raw),
        ),
        *_sharing(2 * (1 - share), position=(region.position, None), size=(region.size, None)),
    )


def _sharing(weight: float, **values: tuple[float | None, float | None]) -> list[Part]:
    """Parts that share a weight equally; one that does not apply leaves its share to the other."""
    count = sum(value is not None for value, _ in values.values())
    return [Part(name, value, raw, 0.0 if value is None else weight / count) for name, (value, raw) in values.items()]


def printable(text: str) -> str:
    """The text with what would not show, or would turn or hide other text, replaced by a visible mark."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
