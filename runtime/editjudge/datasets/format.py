"""The format of a data set: which columns it is recognised by, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from editjudge.datasets.cells import describe_cell, find_picture, read_label, read_number, read_picture, read_text
from editjudge.datasets.sample import EditSample
from editjudge.errors import InputError

Known = TypeVar("Known")
Record = dict[str, Any]
"""A line of a table: its cells by column."""
UNREADABLE = (InputError, KeyError, TypeError, ValueError, RecursionError)
"""What reading a record raises that is not as its format has it."""


class Broken(str):
    """Stands in place of a record that cannot be read, and says why; `known` is what can be read of it."""

    known: Record

    def __new__(cls, problem: str, known: Record | None = None) -> Self:
        broken = super().__new__(cls, problem)
        broken.known = known or {}
        return broken


def keep_whole(record: Record) -> Sequence[Record | Broken]:
    """The split of a record that is a single edit."""
    return [record]


@dataclass(frozen=True)
class DatasetFormat:
    """How to read the edits of a table.

    Attributes:
        known_by: The columns that a table in this format has.
        original, instruction: The columns of these.
        edited: The column of the edited picture; None where the set has no edited pictures of its own.
        id, group, human: What these are, from a record of one edit; by default each edit is a group of its own.
        split: Splits a record of several edits into records of one, or of what is wrong with one.
        pieces: How many edits a record holds; None where that varies.
        result_names: Where in a folder of results the edited picture may lie, beside its id; without a suffix.
        split_pictures: The columns of pictures before the split, where that renames them.
        complete: Adds to a record of one edit what only the files in the folder of the table tell. Raises InputError.
    """

    name: str
    known_by: frozenset[str]
    original: str
    edited: str | None
    instruction: str
    id: Callable[[Record], object] = lambda record: None
    group: Callable[[Record], object] | None = None
    human: Callable[[Record], object] = lambda record: None
    split: Callable[[Record], Sequence[Record | Broken]] = keep_whole
    pieces: int | None = 1
    result_names: Callable[[Record], Sequence[str]] = lambda record: ()
    split_pictures: frozenset[str] = frozenset()
    complete: Callable[[Record, Path], Record] = lambda record, folder: record

    @property
    def pictures(self) -> frozenset[str]:
        """The table's columns that hold the pictures to be scored."""
        return self.split_pictures or frozenset({self.original, self.edited or self.original})

    def row(self, record: Record | Broken, index: int, folder: Path, edits: Path | None) -> EditSample:
        """The edit that a record describes. Raises InputError.

        Args:
            index: Stands in for a missing id.
            folder: What paths in the record are relative to.
            edits: A folder of results, whose pictures replace the data set's own edited ones.
        """
        if isinstance(record, Broken):
            raise InputError(record)
        record = self.complete(record, folder)
        name = read_label(self.id(record)) or str(index)
        original = record.get(self.original)
        if edits is None:
            edited_cell = record.get(self.edited or "")
            edited = read_picture(edited_cell, folder)
        else:
            edited = find_picture(edits, [*self.result_names(record), name.lstrip("/")])
            edited_cell = edited.relative_to(edits).as_posix()
        rating = self.human(record)
        row = {
            "id": name,
            "group": read_label((self.group or self.id)(record)),
            "original": describe_cell(original),
            "edited": describe_cell(edited_cell),
            "instruction": read_text(record.get(self.instruction)),
            "human": read_number(rating),
        }
        columns = {**row, **{key: describe_cell(cell) for key, cell in record.items() if key not in row}}
        if row["human"] is None:
            columns["human"] = read_text(rating)  # what is no number is not lost without a word
        return EditSample(**{**row, "original": read_picture(original, folder), "edited": edited, "columns": columns})

    def broken_row(self, record: Record, index: int, problem: str) -> EditSample:
        """An edit that cannot be read, with what is known of it; without an id, its group or `index` stands in."""
        group = _attempt(lambda: read_label((self.group or self.id)(record)))
        name = _attempt(lambda: read_label(self.id(record))) or group or str(index)
        rating = _attempt(lambda: self.human(record))
        human = read_number(rating)
        cells = {key: _attempt(partial(describe_cell, cell)) for key, cell in record.items()}
        cells |= {"id": name, "group": group, "instruction": read_text(record.get(self.instruction))}
        cells["human"] = read_text(rating) if human is None else human
        columns = {key: cell for key, cell in cells.items() if cell is not None}
        return EditSample(name, group=group, human=human, columns=columns, problem=problem)


def _attempt(read: Callable[[], Known]) -> Known | None:
    """None where the record lacks what it takes."""
    try:
        return read()
    except UNREADABLE:
        return None
