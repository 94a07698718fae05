"""Training pairs with a reward from three sides: rows of `editjudge score-dataset`, or of RewardEdit-20K."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike

from PIL import Image

from editjudge import InputError
from editjudge.batch.score_columns import FEEDBACK, side_column
from editjudge.datasets import EditSample, open_dataset
from editjudge.image.decode import ImageSource, load_image
from editjudge.metrics.rewards.metric import REWARD
from editjudge.metrics.rewards.reward_score import HIGHEST, REWARD_SIDES
from editjudge.metrics.rewards.reward_score import NOTHING_WRONG as NONE

JUDGE = REWARD.spec.name
BEST = (HIGHEST,) * len(REWARD_SIDES)
"""The scores of an edit that could not be better."""
NOTHING_WRONG = (NONE,) * len(REWARD_SIDES)
"""The feedback that it would get."""


@dataclass(frozen=True)
class RewardedPair:
    """An edit and what was said of it.

    Attributes:
        scores: 0 to 5 for following, preserving, quality.
        feedback: A sentence for each; "None" where nothing is wrong.
    """

    original: ImageSource
    edited: ImageSource
    instruction: str
    scores: Sequence[float]
    feedback: Sequence[str]


def load_pairs(pairs: Sequence[RewardedPair], size: int) -> list[RewardedPair]:
    """The same pairs with Pillow pictures of size x size pixels."""
    return [replace(pair, original=_load(pair.original, size), edited=_load(pair.edited, size)) for pair in pairs]


def _load(source: ImageSource, size: int) -> Image.Image:
    return Image.fromarray(load_image(source)).resize((size, size), Image.Resampling.LANCZOS)


def join_feedback(feedback: Sequence[str]) -> str:
    """The sentences of the three sides as the one text that is embedded."""
    return "; ".join(feedback)


def read_pairs(path: str | PathLike[str], judge: str = JUDGE) -> tuple[list[RewardedPair], int]:
    """The pairs of a data set, and how many rows are left out as they lack a picture, a score or a sentence.

    judge: the metric whose rewards a table of `score-dataset` has. Raises InputError where no row has one.
    """
    rows = list(open_dataset(path))
    pairs = [pair for row in rows if (pair := _read_pair(row, judge)) is not None]
    if not pairs:
        raise InputError(f"no row of {path} has a reward; write it with score-dataset --metrics {judge}")
    return pairs, len(rows) - len(pairs)


def _read_pair(row: EditSample, judge: str) -> RewardedPair | None:
    try:
        original, edited, instruction = row.edit()
    except InputError:
        return None
    for names in (partial(side_column, judge), _name_human):
        scores = [_read_score(row.columns.get(names(side))) for side in REWARD_SIDES]
        feedback = [row.columns.get(names(side, FEEDBACK)) for side in REWARD_SIDES]
        if None not in scores and all(feedback):
            return RewardedPair(original, edited, instruction, scores, feedback)
    return None


def _name_human(side: str, what: str = "human") -> str:
    """The column of RewardEdit-20K for a side."""
    return f"{what}.{side}"


def _read_score(cell: object) -> float | None:
    try:
        score = float(cell)  # a table of texts has it as such
    except (TypeError, ValueError):
        return None
    return score if 0 <= score <= HIGHEST else None
