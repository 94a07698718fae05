"""Takes ratings that others have gathered as a study, without pictures."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from editjudge.errors import InputError
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.score_table import ScoreTable
from editjudge.evaluation.sides import RATER, SIDE, RatedSide, read_sides
from editjudge.study.contents import write_design
from editjudge.study.design import StudyDesign, StudySide
from editjudge.study.schema import connect, create_tables, insert_answer, is_empty, transaction
from editjudge.utils.text import shorten


@dataclass(frozen=True)
class _RatedRow:
    """What is kept of a row beside its ratings: names, and its further cells as they are."""

    id: str
    group: str
    model: str
    cells: dict[str, Any]


def import_ratings(path: str | os.PathLike[str], table: ScoreTable, options: EvaluationOptions) -> tuple[int, int]:
    """Writes a new study with the ratings of a table, and returns how many candidates and raters it has.

    Args:
        path: Where the study is written; nothing may be there.
        table: A row for each candidate. Its further columns are kept, and exported again.
        options: Which columns are the raters', and what tells inputs and editors apart.

    Raises InputError.
    """
    path = Path(path)
    sides = tuple(side for side in read_sides(table, options) if not side.parts)
    rows = _read_rows(table, options, sides)
    design = StudyDesign("imported", tuple(StudySide(side.name, side.name, "") for side in sides), ())
    connection = connect(path, must_exist=False)
    try:
        with transaction(connection, path):
            if not is_empty(connection):
                raise InputError(f"{shorten(str(path))} holds a study already; name another file")
            create_tables(connection)
            write_design(connection, design, "")
            _write_rows(connection, rows)
            _write_answers(connection, sides)
    finally:
        connection.close()
    return len(rows), len(sides[0].raters)


def _read_rows(table: ScoreTable, options: EvaluationOptions, sides: Sequence[RatedSide]) -> list[_RatedRow]:
    """Raises InputError for a row without a group or a model."""
    groups = table.texts(options.group, "name the column that tells inputs apart with --group")
    models = table.texts(options.model, "name the column of the editing models with --model")
    ids = table.labels("id")
    own = {"id", options.group, options.model, *_name_columns(options, sides)}
    found = []
    for row, (group, model) in enumerate(zip(groups, models, strict=True)):
        if group is None or model is None:
            column = options.group if group is None else options.model
            raise InputError(f"{table.name} has nothing in {shorten(column)}, row {row + 1}; fill it in")
        cells = {name: values[row] for name, values in table.columns.items() if name not in own}
        found.append(_RatedRow(ids[row] or f"{group}:{model}", group, model, cells))
    return found


def _name_columns(options: EvaluationOptions, sides: Sequence[RatedSide]) -> set[str]:
    """What the columns of raters may be called."""
    return {
        pattern.replace(SIDE, side.name).replace(RATER, rater)
        for pattern in options.raters
        for side in sides
        for rater in side.raters
    }


def _write_rows(connection: sqlite3.Connection, rows: Sequence[_RatedRow]) -> None:
    """Each row is a page by itself."""
    groups = {name: number for number, name in enumerate(dict.fromkeys(row.group for row in rows))}
    connection.executemany(
        "INSERT INTO inputs (number, name, instruction) VALUES (?, ?, '')",
        [(number, name) for name, number in groups.items()],
    )
    for number, row in enumerate(rows):
        place = groups[row.group]
        connection.execute(
            "INSERT INTO candidates (number, input, id, model, cells) VALUES (?, ?, ?, ?, ?)",
            (number, place, row.id, row.model, json.dumps(row.cells)),
        )
        connection.execute("INSERT INTO pages (number, input, is_check) VALUES (?, ?, 0)", (number, place))
        connection.execute("INSERT INTO page_candidates (page, candidate) VALUES (?, ?)", (number, number))


def _write_answers(connection: sqlite3.Connection, sides: Sequence[RatedSide]) -> None:
    raters = sides[0].raters
    connection.executemany("INSERT INTO raters (number, code) VALUES (?, ?)", list(enumerate(raters, 1)))
    ratings = np.stack([side.values for side in sides], axis=2)  # [rows, raters, sides]
    for row, rater in np.argwhere(np.isfinite(ratings).any(axis=2)).tolist():
        said = zip(sides, ratings[row, rater].tolist(), strict=True)
        known = [(row, side.name, value) for side, value in said if np.isfinite(value)]
        insert_answer(connection, (rater + 1, row, 1, json.dumps([row]), None), known)
