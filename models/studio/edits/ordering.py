"""Scores of candidates of known quality, and how often they put two of them in the right order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from editjudge.errors import InstructionError
from editjudge.metrics.bpm.score import EditScore
from editjudge.ranking import Prepared, RankedCandidate, best_first
from editjudge.types import EditIntent, Image
from studio.edits.candidates import EXTREMES, TIERS
from studio.edits.edit_set import RenderedEdit

if TYPE_CHECKING:
    from editjudge import Scorer

Tiers = Mapping[str, int]
"""By quality: of two candidates of different tiers, the one of the higher tier is the better edit."""
USUAL_TIERS: Tiers = {quality: tier for quality, tier in TIERS.items() if quality not in EXTREMES}
"""Those of the qualities that earlier figures are of."""
BOTTOM = ("noise", "regenerated")
"""What the well done edit must beat in the ground truth test: too much is preserved, or too much changed."""

Scores = Mapping[str, EditScore]
"""The scores of the candidates of one input, by quality."""
Better = Callable[[EditScore, EditScore], bool]
"""Whether the first edit is better than the second."""


@dataclass(frozen=True)
class ScoredInput:
    """An input with the scores of its candidates, by quality."""

    index: int
    edit_type: str
    instruction: str
    scores: Scores


def score_set(
    scorer: Scorer,
    edits: Iterable[RenderedEdit],
    intent_of: Callable[[RenderedEdit], EditIntent],
    tiers: Tiers = TIERS,
) -> Iterator[tuple[RenderedEdit, ScoredInput]]:
    """Scores every candidate of a quality that has a tier. The scores have no evidence.

    Leaves out inputs whose instruction cannot be understood.
    """
    for index, edit in enumerate(edits):
        try:
            prepared = scorer.prepare(edit.original, intent_of(edit))
        except InstructionError:
            continue
        yield edit, ScoredInput(index, edit.edit_type, edit.instruction, score_all(prepared, edit.candidates, tiers))


def score_all(prepared: Prepared, candidates: Mapping[str, Image], tiers: Tiers = TIERS) -> dict[str, EditScore]:
    """The scores of the candidates of these qualities, by quality, without evidence."""
    chosen = {quality: picture for quality, picture in candidates.items() if quality in tiers}
    # Hundreds of inputs are kept, and the evidence of a score is large.
    return {
        quality: candidate.score.without_evidence()
        for quality, candidate in zip(chosen, prepared.scores(chosen.values()), strict=True)
    }


def is_better(one: EditScore, other: EditScore) -> bool:
    """Whether a ranking puts one edit before another, whichever of them is given first.

    Of two without a number, or with the same, the pictures themselves may decide that; else neither is better.
    """
    ways = [map(RankedCandidate, indices, (one, other)) for indices in ((0, 1), (1, 0))]
    return [best_first(way)[0].index for way in ways] == [0, 1]


def scores_more(one: EditScore, other: EditScore) -> bool:
    """Whether both edits have a number, and the first the greater one."""
    return one.bpm is not None and other.bpm is not None and one.bpm > other.bpm


def pairs(scores: Scores, tiers: Tiers = TIERS, better: Better = is_better) -> list[tuple[str, str, bool]]:
    """(better, worse, whether it is found so) for every two candidates of different tiers; a tie is not right."""
    ranked = sorted((quality for quality in scores if quality in tiers), key=lambda quality: -tiers[quality])
    return [
        (one, other, better(scores[one], scores[other]))
        for one, other in combinations(ranked, 2)
        if tiers[one] > tiers[other]
    ]


def agreement(inputs: Iterable[Scores], tiers: Tiers = TIERS, better: Better = is_better) -> float:
    """The share of the pairs of all inputs that are ordered right."""
    right = [ordered for scores in inputs for *_, ordered in pairs(scores, tiers, better)]
    return sum(right) / len(right)


def agreement_by_pair(inputs: Iterable[Scores], tiers: Tiers = TIERS) -> dict[tuple[str, str], float]:
    """The share that is ordered right, by (better, worse)."""
    outcomes: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for scores in inputs:
        for better, worse, ordered in pairs(scores, tiers):
            outcomes[better, worse].append(ordered)
    return {pair: sum(right) / len(right) for pair, right in outcomes.items()}


def ground_truth(inputs: Sequence[Scores]) -> float:
    """The share of inputs whose well done edit is ranked before both noise and regeneration (spec section 7)."""
    won = [all(is_better(scores["well_done"], scores[quality]) for quality in BOTTOM) for scores in inputs]
    return sum(won) / len(won)


def share_unjudged(inputs: Iterable[Scores], tiers: Tiers = TIERS) -> float:
    """The share of pairs of different tiers of which one candidate or both have no number."""
    silent = [
        scores[better].bpm is None or scores[worse].bpm is None
        for scores in inputs
        for better, worse, _ in pairs(scores, tiers)
    ]
    return sum(silent) / len(silent)
