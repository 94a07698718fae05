"""Instructions of two parts: does doing both score more than doing one, and that more than doing none?"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.common.reporting import Figure, progress, share
from benchmarks.trust.outcome import Outcome
from editjudge import EditJudgeError, Scorer
from studio.edits.compound import compound_set

SEED = 31


def record(scorer: Scorer, count: int) -> list[dict[str, Outcome]]:
    """The scores of the candidates of `count` compounds; of an instruction that cannot be read there are none."""
    inputs: list[dict[str, Outcome]] = []
    for edit in progress(compound_set(SEED, count), count, "compounds"):
        try:
            ranked = scorer.prepare(edit.original, edit.instruction).scores(edit.candidates.values())
            inputs.append({name: Outcome.of(one.score) for name, one in zip(edit.candidates, ranked, strict=True)})
        except EditJudgeError:
            inputs.append({})
    return inputs


def summarise(inputs: Sequence[dict[str, Outcome]]) -> list[Figure]:
    read = [rows for rows in inputs if rows and "compound" in rows["both"].flags]
    judged = [rows for rows in read if rows["both"].bpm is not None]
    return [
        Figure("compound", "compound: both done > one done > none", share([is_ordered(rows) for rows in read]), 0.97),
        Figure("compound_judged", "  of those that have a number", share([is_ordered(rows) for rows in judged])),
        Figure("compound_read", "compound: read as one", len(read) / len(inputs)),
    ]


def is_ordered(rows: dict[str, Outcome]) -> bool:
    both, none = rows["both"].place, rows["none"].place
    return all(both < rows[one].place < none for one in ("first", "second"))
