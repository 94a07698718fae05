"""Which edit does an instruction find, and which instruction an edit? The rank of the right one among all of a set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from editjudge.errors import InputError
from editjudge.evaluation.captioned_edits import CaptionedEdits
from editjudge.evaluation.options import OPTIONS, EvaluationOptions
from editjudge.evaluation.result import Grid, Result
from editjudge.evaluation.statistics.bootstrap import Indices, Resampling, Statistic
from editjudge.evaluation.statistics.retrieval import DEPTHS, central_ranks, rank_right, recall
from editjudge.utils.arguments import instance
from editjudge.utils.text import shorten

EDITS = instance(CaptionedEdits, "what embed_captioned(dataset, models) gives")

DIRECTIONS = ("instruction to edit", "edit to instruction")
FINAL = " .,;:!?\u2026"
NAMED = 3
"""Rows that a note names."""
RULES = (
    "instructions that are the same but for case, white space and final punctuation are right for each other, and the "
    "best of them counts",
    "equal cosines are ranked in the middle: 1, plus the number of better ones, plus half the number of wrong ones "
    "that are equal",
)


def retrieval(edits: CaptionedEdits, options: EvaluationOptions) -> Result:
    """Recall at 1, 5, 10 and 50, and the mean and median rank, both ways. Raises InputError.

    The intervals are those of other queries on the same set; edits of one instruction stay together.
    """
    EDITS.check(edits=edits)
    OPTIONS.check(options=options)
    label, distinct = label_instructions(edits.instructions)
    if len(edits) < 2:
        raise InputError(f"{edits.name} has one edit that can be embedded; retrieval takes at least two")
    if distinct < 2:
        raise InputError(
            f"all {len(edits):,} edits of {edits.name} have the same instruction, so that each is right for each; "
            "retrieval takes a set with different ones"
        )
    ways = (
        rank_right(edits.captions, edits.edits, label),
        rank_right(edits.edits, edits.captions, label),
    )
    resampling = Resampling(distinct, options.resamples, options.seed)
    shares = _stack([recall(ranks, label, resampling) for ranks in ways])
    shares.value[:, _trivial(edits)], shares.draws[..., _trivial(edits)] = np.nan, np.nan
    central = _stack([central_ranks(ranks, label, resampling) for ranks in ways])
    count = np.array(len(edits))
    return Result(
        "retrieval",
        {
            "recall": Grid.of("share found down to a rank", DIRECTIONS, [f"R@{k}" for k in DEPTHS], shares, count),
            "rank": Grid.of(f"rank among {len(edits):,}", DIRECTIONS, ("mean rank", "median rank"), central, count),
        },
        used={"edits": len(edits), "different instructions": distinct},
        left_out={"rows that cannot be embedded": len(edits.left_out)},
        notes=(*RULES, *_notes(edits, label)),
    )


def label_instructions(instructions: Sequence[str]) -> tuple[Indices, int]:
    """int[N], one for those that are the same but for case, white space and final punctuation; and how many there
    are."""
    normal = [" ".join(text.casefold().split()).rstrip(FINAL) for text in instructions]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(normal))}
    return np.array([numbers[text] for text in normal], dtype=np.intp), len(numbers)


def _trivial(edits: CaptionedEdits) -> list[int]:
    """Which depths reach to the end of the set, where all is found."""
    return [index for index, depth in enumerate(DEPTHS) if depth >= len(edits)]


def _stack(ways: Sequence[Statistic]) -> Statistic:
    """Statistics of one shape on a new first axis."""
    return Statistic(np.stack([way.value for way in ways]), np.stack([way.draws for way in ways], axis=1))


def _notes(edits: CaptionedEdits, label: Indices) -> list[str]:
    repeated = int(np.count_nonzero(np.bincount(label)[label] > 1))
    notes = []
    if repeated:
        notes.append(f"edits that share their instruction with another: {repeated} of {len(edits)}")
    if edits.cut:
        notes.append(f"instructions longer than the encoder reads, cut there: {edits.cut} of {len(edits)}")
    if trivial := _trivial(edits):
        depths = ", ".join(f"R@{DEPTHS[index]}" for index in trivial)
        notes.append(f"left out, as there are only {len(edits)} edits: {depths}")
    if edits.left_out:
        named = "; ".join(f"{shorten(name)} ({why})" for name, why in edits.left_out[:NAMED])
        more = f"; and {len(edits.left_out) - NAMED} more" if len(edits.left_out) > NAMED else ""
        notes.append(f"rows that cannot be embedded: {named}{more}")
    return notes
