"""The columns that scoring adds to a data set: the score's JSON, flattened with dots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Literal, get_type_hints

from editjudge.metrics.dice.difference import Difference, find_worst
from editjudge.metrics.looking.looked_at import PixelBox
from editjudge.metrics.registry import EditScore
from editjudge.metrics.rewards.metric import REWARD
from editjudge.metrics.rewards.reward_score import REWARD_SIDES, RewardResult, RewardScore
from editjudge.types import Triple
from editjudge.utils.json_safe import drop_zero_signs, to_json

ColumnKind = Literal["number", "whole", "truth", "text", "numbers", "texts", "boxes", "places"]
Values = dict[str, Any]
"""The cells of one row by their columns."""

LEFT_OUT = {"timings_ms", "models", "evidence", "metrics"}
"""Fields of a score without columns: times and models depend on the machine, but the same data must give the same file
wherever a run was cut off; metrics have columns of their own where they were asked for."""
PARTS = "parts"
"""The column with the parts of a compound, as JSON: evaluation adds them up anew. Empty where there is one part alone,
which the other columns tell."""
DIFFERENCES = "differences"
"""The column with the number of differences."""
WORST = "worst_difference"
"""The column with the strongest difference that was not asked for, in a few words. Empty where there is none."""
ERROR = "error"
PASS, FEEDBACK = "pass", "feedback"
"""What a judge says of a side beside its number, in columns of their own."""

KINDS: dict[Any, ColumnKind] = {
    float: "number",
    float | None: "number",
    tuple[float, float]: "numbers",
    Triple: "numbers",
    tuple[str, ...]: "texts",
    tuple[PixelBox, ...]: "places",
}
"""By the type of a field; all others are texts. Places are boxes without a phrase."""


def _field_columns(kind: type[Any], prefix: str = "") -> Iterator[tuple[str, ColumnKind]]:
    """The columns of a dataclass, by the types of its fields."""
    for name, hint in get_type_hints(kind).items():
        if name in LEFT_OUT:
            continue
        if is_dataclass(hint):
            assert isinstance(hint, type)
            yield from _field_columns(hint, f"{prefix}{name}.")
        elif name == "regions":
            yield from ((f"{name}.{side}", "boxes") for side in ("original", "edited"))
        elif name == DIFFERENCES:
            yield from ((DIFFERENCES, "whole"), (WORST, "text"))
        else:
            yield f"{prefix}{name}", KINDS.get(hint, "text")


SCORE: dict[str, ColumnKind] = dict(_field_columns(EditScore))
"""The columns of the score itself."""


def columns(metrics: Sequence[str]) -> dict[str, ColumnKind]:
    """All columns that scoring adds, in their order: always the same ones, whatever the scores are."""
    measured: dict[str, ColumnKind] = dict.fromkeys(map(metric_column, metrics), "number")
    rewards = reward_columns(REWARD.spec.name) if REWARD.spec.name in metrics else {}
    return {**SCORE, **measured, **rewards, ERROR: "text"}


def metric_column(name: str) -> str:
    """The column of a metric that was measured beside the score."""
    return f"metrics.{name}"


def side_column(judge: str, side: str, what: str | None = None) -> str:
    """The column of what a judge, by the name of its metric, says of a side: the number, or with `what` its feedback or
    whether it passes."""
    return ".".join(["judges", judge, side, *([what] if what else [])])


def reward_columns(judge: str) -> dict[str, ColumnKind]:
    """The columns of all sides of a reward."""
    found: dict[str, ColumnKind] = {}
    for side in REWARD_SIDES:
        found |= {side_column(judge, side): "number", side_column(judge, side, PASS): "truth"}
        found |= {side_column(judge, side, FEEDBACK): "text"}
    return found


def reward_values(judge: str, reward: RewardScore) -> Values:
    """The cells of a reward."""
    cells: Values = {}
    for side in REWARD_SIDES:
        said = getattr(reward, side)
        cells |= {side_column(judge, side): said.score, side_column(judge, side, PASS): said.passed}
        cells |= {side_column(judge, side, FEEDBACK): said.feedback}
    return cells


def score_values(score: EditScore) -> Values:
    """The cells of a score, and of the metrics that were measured with it."""
    cells = dict(_flatten(score.to_dict()))
    cells[PARTS] = to_json(cells[PARTS]) if len(score.parts) > 1 else None
    cells[DIFFERENCES], cells[WORST] = len(score.differences), _name_worst(score.differences)
    metrics = {metric_column(name): result.value for name, result in score.metrics.items()}
    rewards: Values = {}
    for name, result in score.metrics.items():
        if isinstance(result, RewardResult) and result.reward:
            rewards |= reward_values(name, result.reward)
    cells = {name: cells[name] for name in SCORE} | metrics | rewards
    return {name: drop_zero_signs(cell) for name, cell in cells.items()}


def _name_worst(differences: Sequence[Difference]) -> str | None:
    """The strongest difference that was not asked for: "REMOVE dog at 10,20,110,90"."""
    index = find_worst(differences)
    if index is None:
        return None
    worst = differences[index]
    named = [worst.change, *([worst.element] if worst.element else [])]
    return f"{' '.join(named)} at {','.join(f'{value:.0f}' for value in worst.box)}"


def pack(value: Any) -> str:
    """A line of JSON for our own reading: numbers that are not finite stay what they are."""
    return json.dumps(value, default=lambda number: number.item())


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
