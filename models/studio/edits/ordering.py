"""Scores of candidates of known quality, and how often they put two of them in the right order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from editjudge.errors import InstructionError
from editjudge.metrics.bpm.score import EditScore
from editjudge.types import EditIntent
from studio.edits.candidates import TIERS
from studio.edits.edit_set import RenderedEdit

if TYPE_CHECKING:
    from editjudge import Scorer

BOTTOM = ("noise", "regenerated")
"""What the well done edit must beat in the ground truth test: too much is preserved, or too much changed."""


@dataclass(frozen=True)
class ScoredInput:
    """An input with the scores of its candidates, by quality."""

    index: int
    edit_type: str
    instruction: str
    scores: Mapping[str, EditScore]

    @property
    def bpm(self) -> dict[str, float]:
        return {quality: score.bpm for quality, score in self.scores.items()}


def score_set(
    scorer: Scorer, edits: Iterable[RenderedEdit], intent_of: Callable[[RenderedEdit], EditIntent]
) -> Iterator[tuple[RenderedEdit, ScoredInput]]:
    """Scores every candidate; leaves out inputs whose instruction cannot be understood. The scores have no evidence."""
    for index, edit in enumerate(edits):
        try:
            prepared = scorer.prepare(edit.original, intent_of(edit))
        except InstructionError:
            continue
        qualities, images = zip(*edit.candidates.items(), strict=True)
        # Hundreds of inputs are kept, and the evidence of a score is large.
        scores = {
            quality: candidate.score.without_evidence()
            for quality, candidate in zip(qualities, prepared.scores(images), strict=True)
        }
        yield edit, ScoredInput(index, edit.edit_type, edit.instruction, scores)


def pairs(bpm: Mapping[str, float]) -> list[tuple[str, str, bool]]:
    """(better, worse, whether the scores say so) for every two candidates of different tiers; a tie is not right."""
    ranked = sorted(bpm, key=lambda quality: -TIERS[quality])
    return [
        (better, worse, bpm[better] > bpm[worse])
        for better, worse in combinations(ranked, 2)
        if TIERS[better] > TIERS[worse]
    ]


def agreement(bpms: Iterable[Mapping[str, float]]) -> float:
    """The share of the pairs of all inputs that are ordered right."""
    right = [ordered for bpm in bpms for *_, ordered in pairs(bpm)]
    return sum(right) / len(right)


def agreement_by_pair(bpms: Iterable[Mapping[str, float]]) -> dict[tuple[str, str], float]:
    """The share that is ordered right, by (better, worse)."""
    outcomes: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for bpm in bpms:
        for better, worse, ordered in pairs(bpm):
            outcomes[better, worse].append(ordered)
    return {pair: sum(right) / len(right) for pair, right in outcomes.items()}


def ground_truth(bpms: Sequence[Mapping[str, float]]) -> float:
    """The share of inputs whose well done edit beats both noise and regeneration (spec section 7)."""
    return sum(bpm["well_done"] > max(bpm[quality] for quality in BOTTOM) for bpm in bpms) / len(bpms)
