"""Writes rewards as RewardEdit-20K has them: `{ID: [{"Score": 0 to 5, "Negative Prompt": TEXT} x 3]}`, a .json file.

A row with an error, or with a side that was not measured, is left out: nobody is trained on a number that is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from editjudge.batch.score_columns import ERROR, FEEDBACK, Values, side_column
from editjudge.datasets import Dataset
from editjudge.datasets.formats import rewardedit
from editjudge.errors import InputError, quote_value
from editjudge.metrics.rewards.metric import REWARD
from editjudge.metrics.rewards.reward_score import REWARD_SIDES
from editjudge.metrics.vlm_judge.names import is_judge, parse_judge_name
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES
from editjudge.utils import atomic_file
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import shorten

FORMS = (rewardedit.FORM.name,)


def check_reward_file(path: Path, form: str, dataset: Dataset, metrics: Sequence[str]) -> str:
    """The one of the metrics whose rewards such a file would have. Raises InputError where it could not be written."""
    if not isinstance(form, str) or form not in FORMS:
        raise InputError(f"there is no form {quote_value(form)} to write; choose one of {', '.join(FORMS)}")
    atomic_file.check_suffix("--output", path, (".json",))
    atomic_file.check_writable(path)
    judge = next(filter(_gives_rewards, metrics), None)
    if judge is None:
        raise InputError(f"{form} is made of rewards, and no metric gives any; add --metrics {REWARD.spec.name}")
    ids: set[str] = set()
    for row in dataset.rows(pictures=False):
        if row.id in ids:
            raise InputError(
                f"two rows have the id {shorten(row.id)}, under which {form} has one reward; give each its own"
            )
        ids.add(row.id)
    return judge


def write_reward_file(path: Path, rows: Iterable[Values], judge: str) -> int:
    """Writes the rewards that the judge gave the rows; returns how many rows were left out. Raises InputError."""
    left_out, before = 0, "{"
    with atomic_file.replace_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for row in rows:
            scores = [row.get(side_column(judge, side)) for side in REWARD_SIDES]
            if row.get(ERROR) or None in scores:
                left_out += 1
                continue
            texts = [str(row[side_column(judge, side, FEEDBACK)]) for side in REWARD_SIDES]
            said = [{rewardedit.SCORE: score, rewardedit.TEXT: text} for score, text in zip(scores, texts, strict=True)]
            file.write(f"{before}\n{to_json(str(row['id']))}: {to_json(said)}")
            before = ","
        file.write(f"{before if before == '{' else ''}\n}}\n")
    return left_out


def _gives_rewards(metric: str) -> bool:
    if is_judge(metric):
        return parse_judge_name(metric).prompts == THREE_SIDES.name
    return metric == REWARD.spec.name
