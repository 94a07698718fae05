"""Writes the ratings of a study as a table that `editjudge evaluate` reads: a row for each candidate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from editjudge.batch.score_columns import ColumnKind
from editjudge.batch.table_writers import check_output, write_table
from editjudge.errors import InputError, quote_value
from editjudge.evaluation.options import RATINGS
from editjudge.evaluation.score_table import ScoreTable, read_scores
from editjudge.evaluation.sides import OVERALL
from editjudge.study.database import StudyDatabase
from editjudge.study.ratings import read_checks, read_ratings

CANDIDATES = (
    "SELECT candidates.number, id, name, model, candidates.original, candidates.edited, instruction, cells "
    "FROM candidates JOIN inputs ON inputs.number = input WHERE role IS NULL ORDER BY candidates.number"
)
ExportedRow = dict[str, Any]


def list_rows(study: StudyDatabase, passed_checks: bool = False, codes: bool = False) -> list[ExportedRow]:
    """A row for each candidate, with the means over all raters and what each of them said; None for what none said.

    Args:
        passed_checks: Leave out raters who failed a check.
        codes: Name the columns of raters by their codes, and not by their numbers.

    Raises InputError where nobody has rated.
    """
    heard = read_ratings(study)
    left_out = find_failed(study) if passed_checks else set[int]()
    names = {rater: code if codes else str(rater) for rater, code in study.select("SELECT number, code FROM raters")}
    raters = [rater for rater in sorted({rater for rater, _ in heard}) if rater not in left_out]
    if not raters:
        raise InputError(f"{study.path.name} has no ratings to export; ask raters first, or leave out --passed-checks")
    rows = []
    for number, *given, cells in study.select(CANDIDATES):
        row: ExportedRow = dict(zip(("id", "group", "model", "original", "edited", "instruction"), given, strict=True))
        if study.design.kind == "imported":
            row = {name: row[name] for name in ("id", "group", "model")}
        for side in study.design.side_names:
            values = {rater: heard.get((rater, side), {}).get(number, ()) for rater in raters}
            if column := _mean_column(side, study.design.side_names):
                row[column] = _mean([value for said in values.values() for value in said])
            row |= {f"rater{names[rater]}_{side}": _mean(said) for rater, said in values.items()}
        rows.append({**json.loads(cells or "{}"), **row})
    return rows


def find_failed(study: StudyDatabase) -> set[int]:
    """The raters who failed a check, by number."""
    return {rater for rater, checks in read_checks(study).items() if checks.passed < checks.answered}


def export_study(
    study: StudyDatabase, output: Path, scores: Path | None = None, passed_checks: bool = False, codes: bool = False
) -> int:
    """Writes the table whole or not at all, and returns how many rows it has. Raises InputError, DeviceError.

    Args:
        scores: What score-dataset has written for the same edits, whose columns are added by id.
    """
    check_output(output)
    rows = list_rows(study, passed_checks, codes)
    if scores is not None:
        rows = join_scores(rows, read_scores(scores))
    kinds: dict[str, ColumnKind] = {name: "number" for name in rows[0] if _is_number(name, study)}
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_table(output, lambda: ({name: row.get(name) for name in columns} for row in rows), kinds)
    return len(rows)


def join_scores(rows: Sequence[ExportedRow], table: ScoreTable) -> list[ExportedRow]:
    """The rows with the columns of a table of scores, by id. Raises InputError where ids do not match."""
    ids = table.texts("id", "write it with editjudge score-dataset")
    places = {name: place for place, name in enumerate(ids)}
    if len(places) < len(ids) or len({row["id"] for row in rows}) < len(rows):
        raise InputError(f"{table.name} or the study has an id twice, so scores cannot be told apart; make ids unique")
    for row in rows:
        if row["id"] not in places:
            raise InputError(f"{table.name} has no row of the id {quote_value(row['id'])}; score the study's data set")
    return [
        {**row, **{name: cells[places[row["id"]]] for name, cells in table.columns.items() if name not in row}}
        for row in rows
    ]


def as_table(study: StudyDatabase, rows: Sequence[Mapping[str, Any]]) -> ScoreTable:
    """Rows as the experiments take them."""
    return ScoreTable(study.path.name, {name: [row.get(name) for row in rows] for name in rows[0]})


def _mean_column(side: str, sides: Sequence[str]) -> str | None:
    """The column of the mean of a side: `human` for what was rated as a whole."""
    return "human" if side == OVERALL or len(sides) == 1 else RATINGS.get(side)


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return sum(known) / len(known) if known else None


def _is_number(name: str, study: StudyDatabase) -> bool:
    ours = (f"_{side}" for side in study.design.side_names)
    return name in ("human", *RATINGS.values()) or (name.startswith("rater") and name.endswith(tuple(ours)))
