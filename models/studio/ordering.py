"""Scores of candidates of known quality, and how often they put two of them in the right order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from editjudge.errors import InstructionError
from editjudge.types import EditIntent, EditScore
from studio.candidates import TIERS
from studio.edit_set import RenderedEdit

if TYPE_CHECKING:
    from editjudge import Scorer

BOTTOM = ("noise", "regenerated")
"""What the well done edit is to beat in the ground truth test: too much preserved, and too much changed."""


@dataclass(frozen=True)
class Scored:
    """An input with the scores of its candidates by quality."""

    index: int
    edit_type: str
    instruction: str
    scores: Mapping[str, EditScore]

    @property
    def bpm(self) -> dict[str, float]:
        return {quality: score.bpm for quality, score in self.scores.items()}


def score_set(
    scorer: Scorer, edits: Iterable[RenderedEdit], intent_of: Callable[[RenderedEdit], EditIntent]
) -> Iterator[tuple[RenderedEdit, Scored]]:
    """Scores every candidate, without the evidence; leaves out inputs whose instruction cannot be understood."""
    for index, edit in enumerate(edits):
        try:
            prepared = scorer.prepare(edit.original, intent_of(edit))
        except InstructionError:
            continue
        qualities, images = zip(*edit.candidates.items(), strict=True)
        ranked = sorted(prepared.rank(images), key=lambda one: one.index)
        # Hundreds of inputs are kept, and the pictures behind each score are large.
        scores = {quality: replace(one.score, evidence=None) for quality, one in zip(qualities, ranked, strict=True)}
        yield edit, Scored(index, edit.edit_type, edit.instruction, scores)


def pairs(bpm: Mapping[str, float]) -> list[tuple[str, str, bool]]:
    """(better, worse, whether scored so) for each two candidates of different tiers; a tie is not right."""
    ranked = sorted(bpm, key=lambda quality: -TIERS[quality])
    return [
        (better, worse, bpm[better] > bpm[worse])
        for better, worse in combinations(ranked, 2)
        if TIERS[better] > TIERS[worse]
    ]


def agreement(bpms: Iterable[Mapping[str, float]]) -> float:
    """The share of pairs of all inputs together that are ordered right."""
    right = [ordered for bpm in bpms for *_, ordered in pairs(bpm)]
    return sum(right) / len(right)


def agreement_by_pair(bpms: Iterable[Mapping[str, float]]) -> dict[tuple[str, str], float]:
    """The share ordered right for each (better, worse)."""
    found: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for bpm in bpms:
        for better, worse, ordered in pairs(bpm):
            found[better, worse].append(ordered)
    return {pair: sum(right) / len(right) for pair, right in found.items()}


def ground_truth(bpms: Sequence[Mapping[str, float]]) -> float:
    """The share of inputs whose well done edit beats both noise and regeneration (spec section 7)."""
    return sum(bpm["well_done"] > max(bpm[quality] for quality in BOTTOM) for bpm in bpms) / len(bpms)
