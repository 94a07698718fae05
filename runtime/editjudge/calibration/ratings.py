"""What people said of edits, read from tables: of one study, or of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from editjudge.datasets import Dataset, EditSample
from editjudge.datasets.cells import read_number
from editjudge.errors import InputError, quote_value

LOWEST, HIGHEST = 1.0, 5.0
"""The ends of the scale that people rate on."""
RATER = re.compile(r"rater[^_].*_overall")
"""The columns of raters, as a study exports them."""
OF_MASKS = re.compile(r"rater[^_].*_mask")
"""Those of a study of masks."""


@dataclass(frozen=True)
class Rating:
    """What people said of an edit: the mean, 1 to 5, and the share of raters who found it well done, 0 to 1."""

    mean: float
    well_done: float


@dataclass(frozen=True)
class RatedRow:
    """The input that a row is an edit of, and what people said of it."""

    input: str
    rating: Rating


def read_ratings(tables: Sequence[Dataset], good_from: float) -> tuple[list[dict[int, RatedRow]], dict[str, int]]:
    """The rated rows of each table by their numbers, and how many are left out for which reason.

    Rows of one group and original are edits of one input; without a group, those of one original and one instruction.
    An edit that stands in several rows counts once, with the mean of what was said.

    Raises InputError for a rating that is off the scale, for ratings of masks and preferences, and where none is.
    """
    rows = [dict(enumerate(table.rows(pictures=False))) for table in tables]
    rated = [{number: row for number, row in some.items() if row.human is not None} for some in rows]
    _check_kind([row for some in rated for row in some.values()], [row for some in rows for row in some.values()])
    found: list[dict[int, RatedRow]] = [{} for _ in tables]
    first: dict[tuple[str, ...], tuple[int, int]] = {}
    said: dict[tuple[int, int], list[Rating]] = {}
    for place, some in enumerate(rated):
        folder = Path(tables[place].path).parent
        for number, row in some.items():
            names = _name_pictures(row, folder)
            key = (str(place), str(number)) if names is None else (*names, str(row.instruction))
            here = first.setdefault(key, (place, number))
            said.setdefault(here, []).append(read_rating(row, good_from))
            if here == (place, number):
                found[place][number] = RatedRow(_name_input(row, names), said[here][0])
    for (place, number), ratings in said.items():
        mean, share = (float(np.mean([vars(one)[name] for one in ratings])) for name in ("mean", "well_done"))
        found[place][number] = RatedRow(found[place][number].input, Rating(mean, share))
    again = sum(len(ratings) - 1 for ratings in said.values())
    without = sum(len(some) for some in rows) - sum(len(some) for some in rated)
    return found, {"without a rating": without, "rows of an edit that was rated before": again}


def read_rating(row: EditSample, good_from: float) -> Rating:
    """The rating of a row that has one. Raises InputError where it is off the scale."""
    raters = {column: read_number(cell) for column, cell in row.columns.items() if RATER.fullmatch(column)}
    known = {column: rating for column, rating in raters.items() if rating is not None}
    mean = row.human if row.human is not None else float("nan")
    for column, rating in {"human": mean, **known}.items():
        if not LOWEST <= rating <= HIGHEST:
            raise InputError(
                f"row {quote_value(row.id)} has the rating {rating:g} in {column}; ratings must be from {LOWEST:g} to "
                f"{HIGHEST:g}"
            )
    return Rating(mean, float(np.mean([rating >= good_from for rating in known.values() or [mean]])))


def _check_kind(rated: Sequence[EditSample], rows: Sequence[EditSample]) -> None:
    """Raises InputError where people were asked something else, or nothing."""
    if not rated:
        texts = (row.columns.get("human") for row in rows)
        text = next((text for text in texts if isinstance(text, str) and text.strip()), None)
        if text is not None:
            raise InputError(f"the column human has {quote_value(text)}, which is no number; write one as 4.33")
        raise InputError("there are no ratings; they must stand in a column named human")
    if any(OF_MASKS.fullmatch(column) for column in rated[0].columns):
        raise InputError("these are ratings of masks, which say nothing of the edits; have edits rated (--kind rate)")
    values = [row.human for row in rated if row.human is not None]
    if min(values) < 0 and max(values) <= 1:
        raise InputError(
            "these look like preferences, from -1 to 1, and a calibration needs ratings from 1 to 5; have edits rated "
            "(--kind rate)"
        )


def _name_pictures(row: EditSample, folder: Path) -> tuple[str, str] | None:
    """The files of both pictures, wherever the table lies; None where one is not a file's name."""
    names = row.columns.get("original"), row.columns.get("edited")
    if not all(isinstance(name, str) and name for name in names):
        return None
    original, edited = (str(folder / str(name)) for name in names)
    return original, edited


def _name_input(row: EditSample, names: tuple[str, str] | None) -> str:
    if names is None:
        return row.id if row.group is None else row.group
    return f"{names[0]}\n{row.instruction if row.group is None else row.group}"
