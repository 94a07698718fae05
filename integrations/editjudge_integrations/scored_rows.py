"""Scores of rows of edits, one after the other, of which those that stand together may share an original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from editjudge import EditScore, InputError, Scorer


def score_rows(
    scorer: Scorer, originals: Sequence[Any], edited: Sequence[Any], instructions: Sequence[str]
) -> Iterator[EditScore]:
    """The score of each row, without its evidence. Rows in succession that have the original and the instruction in
    common are prepared once.

    Args:
        scorer: Scores them.
        originals: Pictures, or their paths, as a Scorer takes them.
        edited: As many.
        instructions: As many.

    Raises InputError where these are not of one length, and what a Scorer raises; of a row that cannot be scored its
    sentence begins with the row's number.
    """
    check_lengths(originals=originals, edited=edited, instructions=instructions)
    rows = enumerate(zip(originals, edited, instructions, strict=True))
    for _, group in groupby(rows, key=_RowStart):
        yield from _score_group(scorer, list(group))


def check_lengths(**columns: Sequence[Any]) -> None:
    """Raises InputError for columns of several lengths, and for a text or a picture where a list is wanted."""
    for name, column in columns.items():
        if isinstance(column, str | bytes) or not hasattr(column, "__len__"):
            raise InputError(f"{name} is one {type(column).__name__}; give a list, an entry for each edit")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise InputError(f"there are {said}; give as many of each")


class _RowStart:
    """What rows are grouped by: an original that is the same path or the same object, and the instruction."""

    def __init__(self, row: tuple[int, tuple[Any, Any, str]]) -> None:
        _, (self.original, _, self.instruction) = row

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _RowStart) or self.instruction != other.instruction:
            return False
        if isinstance(self.original, str) and isinstance(other.original, str):
            return self.original == other.original
        return self.original is other.original  # arrays are not compared: that would cost more than it saves

    __hash__ = None  # type: ignore[assignment]


def _score_group(scorer: Scorer, rows: list[tuple[int, tuple[Any, Any, str]]]) -> Iterable[EditScore]:
    _, (original, _, instruction) = rows[0]
    prepared = None
    for number, (_, edited, _) in rows:
        try:
            if len(rows) == 1:
                score = scorer.score(original, edited, instruction)
            else:
                prepared = prepared or scorer.prepare(original, instruction)
                score = prepared.score(edited)
        except InputError as error:
            raise type(error)(f"edit {number}: {error}") from error
        yield score.without_evidence()
