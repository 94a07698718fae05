"""What a judge says of an edit of a batch: a reward, or why there is none; and both as rows for a trainer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from editjudge.batch.worker import OF_THE_MACHINE
from editjudge.errors import EditJudgeError, InputError, quote_value
from editjudge.metrics.rewards.reward_score import REWARD_SIDES, JudgeRecord, RewardScore
from editjudge.rewards.edit_triple import EditTriple
from editjudge.utils.oom import convert_memory_errors

RewardRow = dict[str, Any]
"""The JSON of `RewardScore.to_dict()` with "overall" and "error"."""

OVERALL = "overall"
REWARD_VALUES = (OVERALL, *REWARD_SIDES)
"""What a trainer can be given of a row."""


class BatchJudge(Protocol):
    """Judges batches of edits. May be shared by threads."""

    @property
    def record(self) -> JudgeRecord: ...

    def judge(self, edits: Sequence[EditTriple]) -> list[RewardScore | str]:
        """For each edit its reward, or a sentence that says why it has none.

        Raises BundleError, DeviceError or OutOfMemoryError for what is the machine's fault and no edit's.
        """

    def close(self) -> None: ...


def attempt(judge: Callable[[], RewardScore]) -> RewardScore | str:
    """What the call gives, or why it gave nothing, as `BatchJudge.judge` says it."""
    try:
        with convert_memory_errors():
            return judge()
    except OF_THE_MACHINE:
        raise
    except EditJudgeError as error:
        return str(error)
    except Exception as error:  # one edit out of many thousands must not end a training
        return f"{type(error).__name__}: {error}; this is a bug"


def write_row(judged: RewardScore | str, record: JudgeRecord) -> RewardRow:
    """A row; of an edit that has no reward, the sides and the overall are null. `record`: who was asked."""
    if isinstance(judged, RewardScore):
        return {**judged.to_dict(), "overall": judged.overall, "error": None}
    return {**dict.fromkeys(REWARD_SIDES), "judge": record.to_dict(), "overall": None, "error": judged}


def check_side(side: object) -> str:
    """overall, or the name of a side. Raises InputError."""
    if side not in REWARD_VALUES:
        raise InputError(f"there is no side {quote_value(side)} of a reward; choose {', '.join(REWARD_VALUES)}")
    return str(side)


def read_value(row: RewardRow, side: str) -> float | None:
    """The overall of a row, or the score of a side: 0 to 5; None where it was not measured."""
    value: float | None = row["overall"] if side == OVERALL else row[side] and row[side]["score"]
    return value
