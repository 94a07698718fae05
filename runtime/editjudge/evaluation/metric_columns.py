"""The metrics that a table of scores may hold: in which column, and which direction is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import get_args

from editjudge.batch.score_columns import metric_column
from editjudge.errors import InputError
from editjudge.evaluation.score_table import Numbers, ScoreTable
from editjudge.metrics.base import Aspect
from editjudge.metrics.registry import DEFAULT, METRICS, check_names, find_metric
from editjudge.metrics.vlm_judge.names import is_judge
from editjudge.utils.arguments import FLAG, TEXT, TEXTS, instance
from editjudge.utils.text import shorten


@dataclass(frozen=True)
class MetricColumn:
    """A metric in a table, and what it looks at."""

    name: str
    column: str
    higher_is_better: bool = True
    aspect: Aspect = "both"

    def __post_init__(self) -> None:
        TEXT.check(name=self.name, column=self.column)
        FLAG.check(higher_is_better=self.higher_is_better)

    def read(self, table: ScoreTable) -> Numbers:
        """float64[N], turned so that higher is better; NaN where it did not judge. Raises InputError."""
        values = table.measurements(self.column, "score the data set with it (--metrics), or leave it out here")
        return values if self.higher_is_better else -values


TABLE = instance(ScoreTable, "what read_scores(path) gives")

_ASPECTS = get_args(Aspect)
_SPECS = sorted(
    (metric.spec for metric in METRICS), key=lambda spec: (spec is not DEFAULT, _ASPECTS.index(spec.aspect))
)
KNOWN: Mapping[str, MetricColumn] = {
    spec.name: MetricColumn(
        spec.name, spec.name if spec is DEFAULT else metric_column(spec.name), spec.higher_is_better, spec.aspect
    )
    for spec in _SPECS
}
"""By name: that of the score itself, then the others by what they look at."""
READINGS: Mapping[str, MetricColumn] = {
    name: MetricColumn(name, name, aspect="overall") for name in ("expected_rating", "verdict.probability")
}
"""By name: what the bundle makes of the score itself, where it was calibrated. Higher is better."""


def select_columns(
    table: ScoreTable, names: Sequence[str] | None = None, needed: bool = True
) -> tuple[MetricColumn, ...]:
    """The metrics with these names, or the score itself, what was made of it, and every known one that the table holds.

    An unknown name is a column, and says which direction is better: "column:higher", "column:lower". Raises InputError.

    Args:
        needed: Whether something is to be compared with the score; else it is left out where the table lacks it.
    """
    TABLE.check(table=table)
    TEXTS.or_none("all that the table holds").check(names=names)
    if not names:
        always = DEFAULT.name if needed else None
        first, *others = KNOWN.values()
        known = (first, *READINGS.values(), *others)
        return *(one for one in known if one.name == always or one.column in table), *_find_judges(table)
    metrics: dict[str, MetricColumn] = {}
    for metric in [_parse_name(table, name) for name in names]:
        if metric.name in metrics:
            raise InputError(f"the metric {metric.name} is asked for twice; name each once")
        metrics[metric.name] = metric
    return tuple(metrics.values())


def _parse_name(table: ScoreTable, name: str) -> MetricColumn:
    if name in KNOWN or name in READINGS:
        return KNOWN.get(name) or READINGS[name]
    if is_judge(name) and metric_column(name) in table.columns:
        return _describe_judge(name)
    column, _, direction = name.rpartition(":")
    if direction not in ("higher", "lower"):
        said = shorten(name)
        raise InputError(f"the metric {said} is not known; say what is better, {said}:higher or {said}:lower")
    is_metric = column not in table and metric_column(column) in table
    return MetricColumn(column, metric_column(column) if is_metric else column, direction == "higher")


def _find_judges(table: ScoreTable) -> list[MetricColumn]:
    """The judges whose numbers the table holds, in its order."""
    prefix, found = metric_column(""), []
    for column in table.columns:
        name = column.removeprefix(prefix)
        if column.startswith(prefix) and is_judge(name) and column in table:
            with suppress(InputError):  # a column of others that is called alike
                found.append(_describe_judge(name))
    return found


def _describe_judge(name: str) -> MetricColumn:
    """Raises InputError for what is no judge's name."""
    check_names([name])
    spec = find_metric(name).spec
    return MetricColumn(name, metric_column(name), spec.higher_is_better, spec.aspect)
