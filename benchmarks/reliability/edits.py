"""The demo's edits, decoded, and what of a score has to be the same wherever and whenever it is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from editjudge import EditScore, ParseResult, Scorer
from editjudge.benchmarking.inputs import demo_edits
from editjudge.image.decode import load_image
from editjudge.types import Image

VARYING = ("timings_ms", "models", "evidence")


@dataclass(frozen=True)
class KnownEdit:
    """An edit and its right score: uint8[H, W, 3] RGB pictures, what was asked for in words and as it was read."""

    original: Image
    edited: Image
    instruction: str
    parsed: ParseResult
    answer: dict[str, Any]

    def is_answered_by(self, score: EditScore) -> bool:
        return comparable(score) == self.answer


def comparable(score: EditScore) -> dict[str, Any]:
    """All that a score says, but for times and places."""
    return {key: value for key, value in score.to_dict().items() if key not in VARYING}


def record_known(scorer: Scorer) -> list[KnownEdit]:
    """The candidates of the demo with the scores that this Scorer gives when it is left alone."""
    known = []
    for original, edited, instruction in (sample.edit() for sample in demo_edits()):
        assert isinstance(instruction, str)
        pictures, parsed = (load_image(original), load_image(edited)), scorer.parse(instruction)
        known.append(KnownEdit(*pictures, instruction, parsed, comparable(scorer.score(*pictures, parsed))))
    return known
