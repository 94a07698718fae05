"""The form of a data set: by which columns it is known, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editjudge.datasets.cell import found, label, number, picture, shown, text
from editjudge.datasets.row import Row

Record = dict[str, Any]
"""A line of a table: its cells by column."""


def alone(record: Record) -> Sequence[Record]:
    """A record that is a single edit."""
    return [record]


def _nothing(record: Record) -> None:
    return None


@dataclass(frozen=True)
class Form:
    """known_by: the columns that a table of this form has. original, edited, instruction: the columns of these.

    edited: None where the set has no edited pictures of its own. id, group, human: what of a record becomes these of a
    row. split: the records of single edits that a record of several falls into; pieces: how many, None where that
    varies; split_pictures: the pictures' columns before the split, where that names them anew. places: where an edited
    picture may lie in a folder of results, without its suffix, beside ID itself.
    """

    name: str
    known_by: frozenset[str]
    original: str
    edited: str | None
    instruction: str
    id: Callable[[Record], object] = _nothing
    group: Callable[[Record], object] = _nothing
    human: Callable[[Record], object] = _nothing
    split: Callable[[Record], Sequence[Record]] = alone
    pieces: int | None = 1
    places: Callable[[Record], Sequence[str]] = lambda record: ()
    split_pictures: frozenset[str] = frozenset()

    @property
    def pictures(self) -> frozenset[str]:
        """The table's columns that hold the pictures to be scored."""
        return self.split_pictures or frozenset({self.original, self.edited or self.original})

    def row(self, record: Record, index: int, folder: Path, edits: Path | None) -> Row:
        """The row that a record means. folder: what paths are relative to. edits: a folder of results, which goes
        before the set's own edited pictures."""
        name = label(self.id(record)) or str(index)
        original = record.get(self.original)
        if edits is None:
            edited_cell = record.get(self.edited or "")
            edited = picture(edited_cell, folder)
        else:
            edited = found(edits, [*self.places(record), name.lstrip("/")])
            edited_cell = edited.relative_to(edits).as_posix()
        row = {
            "id": name,
            "group": label(self.group(record)),
            "original": shown(original),
            "edited": shown(edited_cell),
            "instruction": text(record.get(self.instruction)),
            "human": number(self.human(record)),
        }
        columns = {**row, **{key: shown(cell) for key, cell in record.items() if key not in row}}
        return Row(**{**row, "original": picture(original, folder), "edited": edited, "columns": columns})
