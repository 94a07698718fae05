"""Do edits get the scores that they get when all of them is looked at, where only what changed is; and in what time?

    python -m benchmarks.looking.measure [--inputs 240] [--bundle studio] [--photos FOLDER]

Both sides score the same candidates of held-out studio edits, in turn, their original prepared. With a folder of edited
photographs (`pairs.jsonl` beside its pictures) those are scored too.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.common.reporting import Figure, progress, share, show
from editjudge import EditIntent, EditJudgeError, EditScore, Scorer
from editjudge.image.decode import load_image
from editjudge.types import Image
from studio.edits.edit_set import edit_set

SEED = 2121
SIDES = ("all", "changes")
WINDOWS = "windows alone"
GRADED, STEPPED = ("modify", "preserve"), ("position", "size")
"""Sub-scores of any size, and those that are 0, 0.5 or 1: a pixel of a box may decide these."""
AS_ONE = 0.9
"""The IoU from which two boxes are one but for rounding."""


@dataclass
class ComparedLooks:
    """What both ways of looking made of the same candidates."""

    verdicts: list[bool] = field(default_factory=list)
    pairs: list[bool] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    same_boxes: list[float] = field(default_factory=list)
    flips: list[bool] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    shares: list[float] = field(default_factory=list)
    local: list[bool] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def score_studio(scorers: Sequence[Scorer], inputs: int) -> ComparedLooks:
    """The candidates of rendered edits."""
    found = ComparedLooks()
    for number, edit in enumerate(progress(edit_set(SEED, inputs), inputs, "edits")):
        score_both(scorers, (edit.original, edit.intent), edit.candidates, found, number)
    return found


def score_photographs(scorers: Sequence[Scorer], folder: Path) -> ComparedLooks:
    """Edited photographs, one candidate each; those whose instruction cannot be read are left out."""
    found = ComparedLooks()
    entries = [json.loads(line) for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    for number, entry in enumerate(progress(entries, len(entries), "photographs")):
        original, edited = (load_image(folder / entry[name]) for name in ("original", "edited"))
        with suppress(EditJudgeError):
            score_both(scorers, (original, entry["instruction"]), {entry["quality"]: edited}, found, number)
    return found


def score_both(
    scorers: Sequence[Scorer],
    asked: tuple[Image, EditIntent | str],
    candidates: Mapping[str, Image],
    found: ComparedLooks,
    number: int,
) -> None:
    """Scores the candidates of one original with both, in turn."""
    scores: dict[str, list[EditScore]] = {}
    for place in (0, 1) if number % 2 else (1, 0):
        side, prepared = SIDES[place], scorers[place].prepare(*asked)
        scores[side] = []
        for picture in candidates.values():
            start = time.perf_counter()
            scores[side].append(prepared.score(picture))
            found.times[side].append(time.perf_counter() - start)
    compare(scores["all"], scores["changes"], found)


def compare(every: Sequence[EditScore], near: Sequence[EditScore], found: ComparedLooks) -> None:
    """Adds what the scores of one input's candidates say."""
    for one, other in zip(every, near, strict=True):
        found.verdicts.append(one.verdict.decision == other.verdict.decision)
        found.shares.append(other.looked_at.share)
        found.reasons[re.sub(r"\d+ ?%? ?", "", other.looked_at.reason or WINDOWS)] += 1
        found.local.append(other.looked_at.reason is None)
        if other.looked_at.reason is None:
            change = max_change(one, other, GRADED)
            found.changes.append(change)
            found.flips.append(max_change(one, other, STEPPED) > 0)
            if boxes_agree(one, other):
                found.same_boxes.append(change)
    for first, second in combinations(range(len(every)), 2):
        orders = [sign(scores[first], scores[second]) for scores in (every, near)]
        found.pairs.append(orders[0] == orders[1])


def sign(one: EditScore, other: EditScore) -> int:
    """Which of two is ranked first, to the third decimal of its number."""
    values = [None if score.value is None else round(score.value, 3) for score in (one, other)]
    if values[0] == values[1]:
        return 0
    return 1 if values[1] is None or (values[0] is not None and values[0] > values[1]) else -1


def max_change(one: EditScore, other: EditScore, names: Sequence[str]) -> float:
    """The largest difference of some sub-scores; 1 where one was measured and the other was not."""
    rows = [(a.value, b.value) for a, b in zip(one.sub_scores, other.sub_scores, strict=True) if a.name in names]
    return max(0.0 if a == b else 1.0 if a is None or b is None else abs(a - b) for a, b in rows)


def boxes_agree(one: EditScore, other: EditScore) -> bool:
    """Whether both found the same boxes but for rounding."""
    for side in ("original", "edited"):
        first, second = (np.array([box.box for box in score.regions[side]]) for score in (one, other))
        if first.shape != second.shape:
            return False
        if len(first) and not all(_iou(a, b) >= AS_ONE for a, b in zip(first, second, strict=True)):
            return False
    return True


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    shared = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None).prod()
    union = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared
    return float(shared / max(union, 1e-9))


def summarise(found: ComparedLooks, title: str = "") -> list[Figure]:
    changes, same, local = np.array(found.changes), np.array(found.same_boxes), np.array(found.local)
    times = {side: np.array(found.times[side]) for side in SIDES}
    key, ratio = title.replace(" ", "_"), times["changes"].mean() / times["all"].mean()
    in_windows = times["changes"][local].mean() / times["all"][local].mean() if local.any() else float("nan")
    rows = [
        ("candidates", "candidates", len(found.verdicts), None),
        ("verdict", "the same verdict", share(found.verdicts), 0.99),
        *([("order", "pairs of candidates in the same order", share(found.pairs), 0.99)] if found.pairs else []),
        ("in_windows", "looked at in windows alone", float(local.mean()), None),
        ("same", "of these: the same boxes but for rounding", len(same) / max(1, len(changes)), None),
        (
            "largest",
            "largest change of modify or preserve, those boxes being the same",
            float(same.max(initial=0)),
            -0.05,
        ),
        ("p99", "the same, 99 in 100", quantile(same, 0.99), None),
        (
            "largest_any",
            "largest change of modify or preserve, whatever the boxes",
            float(changes.max(initial=0)),
            None,
        ),
        ("p95_any", "the same, 95 in 100", quantile(changes, 0.95), None),
        ("flips", "position or size falls otherwise", share(found.flips), None),
        ("share", "what was looked at, of looking at all: mean", float(np.mean(found.shares)), None),
        ("time", "time of a candidate, of that for looking at all", float(ratio), -0.4),
        ("time_windows", "of those in windows alone", float(in_windows), None),
    ]
    return [
        Figure(
            f"{key}_{name}".lstrip("_"),
            f"{title}: {what}".lstrip(": "),
            value,
            goal and abs(goal),
            goal is None or goal > 0,
        )
        for name, what, value, goal in rows
    ]


def quantile(values: np.ndarray, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else 0.0


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--inputs", type=int, default=240)
    command_line.add_argument("--bundle", default="studio")
    command_line.add_argument("--photos", type=Path)
    options = command_line.parse_args()
    scorers = [Scorer.load(options.bundle, "cpu", look=side) for side in SIDES]
    studio = score_studio(scorers, options.inputs)
    figures, reasons = summarise(studio), {"studio": dict(studio.reasons.most_common())}
    if options.photos:
        photographs = score_photographs(scorers, options.photos)
        figures += summarise(photographs, "photographs")
        reasons["photographs"] = dict(photographs.reasons.most_common())
    show("Looking where it changed", figures, looked_at=reasons)


if __name__ == "__main__":
    main()
