"""Rated edits, and what a bundle's verdict looks at in them, by whatever ranges of Norm()."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.batch.grouping import read_groups
from editjudge.bundles.settings import NormRanges
from editjudge.calibration.ratings import RatedRow, Rating
from editjudge.datasets import Dataset, EditSample
from editjudge.errors import InputError
from editjudge.metrics.registry import (
    MISREAD,
    RULES,
    EditScore,
    PartScore,
    add_up,
    describe_seen,
    find_done,
    find_spill,
    is_doubtful,
    renorm,
)
from editjudge.scorer import Scorer
from editjudge.types import Doubles

FEATURES = ("modify", "modify_low", "preserve", "position", "size", "spill", "whole")
"""What `describe_seen` tells, by the names that the settings of a verdict have for it."""
RowMask = NDArray[np.bool_]


@dataclass(frozen=True)
class MeasuredEdit:
    """What was measured of an edit that has a number.

    Attributes:
        spill: The share of the picture that changed away from the edit's objects.
        doubtful: Whether it is not to be accepted for what the regression does not see.
        misread: Whether it is not to be rejected, as the instruction may have been misread.
    """

    parts: tuple[PartScore, ...]
    spill: float
    doubtful: bool
    misread: bool

    @classmethod
    def of(cls, score: EditScore) -> MeasuredEdit | None:
        """From a score with its evidence; None where a verdict has nothing to look at."""
        if score.kind != "edit" or score.value is None:
            return None
        misread = not MISREAD.isdisjoint(score.flags)
        return cls(score.parts, find_spill(score), is_doubtful(score), misread)

    def renormed(self, norm: NormRanges) -> tuple[PartScore, ...]:
        """Its parts by other ranges of Norm()."""
        rules = RULES[None].for_ranges(norm)
        parts = [renorm(part, norm) for part in self.parts]
        return tuple(
            replace(part, done=None if part.semantic.modify is None else rules.done(part.semantic.modify))
            for part in parts
        )


@dataclass(frozen=True, eq=False)
class RatedEdits:
    """Edits with a number and a rating.

    Attributes:
        measured: MeasuredEdit[N].
        rating: float64[N], the mean of people's ratings, 1 to 5.
        target: float64[N], the share of raters who found it well done.
        group: int[N], from 0: the input that it is an edit of.
    """

    measured: NDArray[np.object_]
    rating: Doubles
    target: Doubles
    group: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.rating)

    @classmethod
    def of(cls, rows: Sequence[RatedEdit]) -> RatedEdits:
        """From what was measured of each edit, its input, and its rating."""
        measured = np.empty(len(rows), object)
        measured[:] = [one for one, _, _ in rows]
        return cls(
            measured=measured,
            rating=np.array([rating.mean for *_, rating in rows], np.float64),
            target=np.array([rating.well_done for *_, rating in rows], np.float64),
            group=np.unique([group for _, group, _ in rows], return_inverse=True)[1].astype(np.intp),
        )

    def take(self, rows: RowMask) -> RatedEdits:
        """Those of bool[N]; groups keep their numbers."""
        return RatedEdits(self.measured[rows], self.rating[rows], self.target[rows], self.group[rows])

    def count_numbers(self, norm: NormRanges) -> Doubles:
        """Their numbers by these ranges, float64[N], 0 to 2."""
        combine = RULES[None].for_ranges(norm).combine
        numbers = [add_up(one.renormed(norm), combine) for one in self.measured]
        return np.array([np.nan if number is None else number for number in numbers], np.float64)

    def view(self, norm: NormRanges) -> VerdictView:
        """What a verdict looks at by these ranges."""
        parts = [one.renormed(norm) for one in self.measured]
        seen = [describe_seen(some, one.spill) for some, one in zip(parts, self.measured, strict=True)]
        return VerdictView(
            features=np.array([[row[name] for name in FEATURES] for row in seen], np.float64),
            done=np.array([find_done(some) for some in parts], np.float64),
            doubtful=np.array([one.doubtful for one in self.measured], bool),
            misread=np.array([one.misread for one in self.measured], bool),
            target=self.target,
            group=self.group,
        )


@dataclass(frozen=True, eq=False)
class VerdictView:
    """What a verdict looks at in edits, and what it is to say of them.

    Attributes:
        features: float64[N, 7], what `describe_seen` says of each, in the order of FEATURES.
        done: float64[N], how far each counts as done.
        doubtful, misread: bool[N], as in MeasuredEdit.
        target: float64[N], the share of raters who found it well done.
        group: int[N].
    """

    features: Doubles
    done: Doubles
    doubtful: RowMask
    misread: RowMask
    target: Doubles
    group: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: RowMask) -> VerdictView:
        """Those of bool[N]."""
        return VerdictView(*(values[rows] for values in vars(self).values()))


NOT_AN_EDIT = "not edited, or another picture, as their pixels show"
"""What is left out, and not for what a verdict looks at."""
RatedEdit = tuple[MeasuredEdit, str, Rating]
"""What was measured, the input, and what people said."""


def score_ratings(
    scorer: Scorer, dataset: Dataset, rated: Mapping[int, RatedRow], watch: Callable[[int], None] = lambda done: None
) -> tuple[list[RatedEdit], Counter[str], str | None]:
    """Scores the rated rows of a table, by their numbers.

    watch: called with the number of edits that are scored by then.

    Returns:
        Those with a number, how many others there are by what is the matter, and why the first was not readable.
    """
    left_out: Counter[str] = Counter()
    rows: dict[int, RatedEdit] = {}
    seen, reason = 0, None
    for groups in read_groups(dataset, [range(len(dataset))]):
        for group in groups:
            some = [(number, row) for number, row in group if number in rated]
            for number, score in _score_group(scorer, some):
                if isinstance(score, str):
                    left_out["not readable"] += 1
                    reason = reason or score
                elif (measured := MeasuredEdit.of(score)) is not None:
                    rows[number] = measured, rated[number].input, rated[number].rating
                else:
                    left_out["without a number" if score.kind == "edit" else NOT_AN_EDIT] += 1
            seen += len(some)
            watch(seen)
    return [rows[number] for number in sorted(rows)], left_out, reason


def _score_group(scorer: Scorer, rated: Sequence[tuple[int, EditSample]]) -> Iterable[tuple[int, EditScore | str]]:
    """The scores of edits of one original and instruction, by number; where one cannot be read, why."""
    if not rated:
        return
    numbers = [number for number, _ in rated]
    try:
        original, _, instruction = rated[0][1].edit()
        prepared = scorer.prepare(original, instruction)
        edited: list[Any] = [row.edit()[1] for _, row in rated]
    except InputError as error:
        yield from ((number, str(error)) for number in numbers)
        return
    for number, one in zip(numbers, prepared.scores(edited), strict=True):
        yield number, one.score or one.error or "it has no score"
