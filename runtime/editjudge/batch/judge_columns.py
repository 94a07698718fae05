"""The columns that a judge adds to a data set: its number is a metric's, the rest is what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from editjudge.batch.score_columns import (
    ERROR,
    FEEDBACK,
    PASS,
    ColumnKind,
    Values,
    columns,
    metric_column,
    side_column,
)
from editjudge.metrics.vlm_judge.judged_edit import JudgedEdit
from editjudge.metrics.vlm_judge.names import PREFIX, is_judge, parse_judge_name
from editjudge.metrics.vlm_judge.prompts.catalog import find_prompts
from editjudge.metrics.vlm_judge.prompts.prompt_set import ChoiceField

ASKED = "asked"
"""The column, beside those of the sides, with the prompts and the seed."""


def all_columns(metrics: Sequence[str]) -> dict[str, ColumnKind]:
    """All columns that scoring and judging add, in their order."""
    found = columns(metrics)
    error = found.pop(ERROR)
    for name in filter(is_judge, metrics):
        found |= judge_columns(name)
    return {**found, ERROR: error}


def judge_columns(name: str) -> dict[str, ColumnKind]:
    """All of a judge's, always the same ones. name: as in `--metrics`."""
    found: dict[str, ColumnKind] = {metric_column(name): "number"}
    for question in find_prompts(parse_judge_name(name).prompts).questions:
        found[side_column(name, question.name)] = "number"
        if any(isinstance(field, ChoiceField) for field in question.fields):
            found[side_column(name, question.name, PASS)] = "truth"
        found[side_column(name, question.name, FEEDBACK)] = "text"
    return {**found, _asked(name): "text"}


def judged_values(name: str, judged: JudgedEdit) -> Values:
    """The cells of a judgement."""
    cells: Values = {metric_column(name): judged.overall}
    for side, said in judged.sides.items():
        cells |= {side_column(name, side): said.value, side_column(name, side, PASS): said.passed}
        cells |= {side_column(name, side, FEEDBACK): said.feedback}
    cells[_asked(name)] = f"{judged.record.prompts}, seed {judged.record.seed}"
    return {column: cells[column] for column in judge_columns(name)}


def lacks_judgement(values: Values) -> bool:
    """Whether a row was scored and a judge failed at it, so that it can be asked again."""
    return str(values.get(ERROR) or "").startswith(PREFIX)


def _asked(name: str) -> str:
    """The column with the prompts, by their version, and the seed."""
    return side_column(name, ASKED)
