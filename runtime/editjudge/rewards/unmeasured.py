"""What a trainer is told of an edit that has no reward, as trainers take numbers only, and as many as edits."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Hashable, Sequence
from statistics import fmean

from editjudge.errors import EditJudgeWarning
from editjudge.rewards.judgement import RewardRow
from editjudge.utils.forks import new_lock


class NeutralRewards:
    """Fills gaps with the number that teaches the least. May be shared by threads.

    Trainers of this family take a reward relative to those of the same prompt: what gets their mean gets no advantage,
    and so neither pulls nor pushes, while NaN would spoil the whole batch, and the least reward would punish an edit
    for what nobody knows of it. Where nothing of a prompt was measured, all of it gets the mean of what was measured so
    far, and none of it has an advantage over the rest.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self._total = 0.0
        self._count = 0

    def fill(self, values: Sequence[float | None], prompts: Sequence[Hashable]) -> list[float]:
        """The values, with the mean of the same prompt's in the place of each None."""
        measured: dict[Hashable, list[float]] = defaultdict(list)
        for value, prompt in zip(values, prompts, strict=True):
            if value is not None:
                measured[prompt].append(value)
        with self._lock:
            self._total += sum(map(sum, measured.values()))
            self._count += sum(map(len, measured.values()))
            otherwise = self._total / self._count if self._count else 0.0
        means = {prompt: fmean(known) for prompt, known in measured.items()}
        return [
            means.get(prompt, otherwise) if value is None else value
            for value, prompt in zip(values, prompts, strict=True)
        ]


def warn_of_gaps(rows: Sequence[RewardRow], values: Sequence[float | None]) -> None:
    """Says how many edits have no reward, and why the first of them has none."""
    missing = [row for row, value in zip(rows, values, strict=True) if value is None]
    if missing:
        why = missing[0]["error"] or "a side was not measured"
        warnings.warn(
            f"{len(missing)} of {len(rows)} edits have no reward ({why}), and count as the mean of their prompt",
            EditJudgeWarning,
            stacklevel=3,
        )
