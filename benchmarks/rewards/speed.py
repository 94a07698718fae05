"""What the local reward costs beside the score of an edit.

python -m benchmarks.rewards.speed
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from editjudge import Scorer
from editjudge.image.transforms import resize
from editjudge.metrics.context import new_context
from editjudge.metrics.registry import scoring_metric
from editjudge.metrics.rewards.following import judge_following
from editjudge.metrics.rewards.preserving import judge_preserving
from editjudge.metrics.rewards.quality import judge_quality
from editjudge.metrics.task import EditTask
from studio.edits.edit_set import RenderedEdit, edit_set

SEED = 2027
SIDES = (512, 1024)
"""Pixels of the pictures' side."""
GOAL = 10.0
"""Milliseconds."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--edits", type=int, default=40, help="rendered edits")
    options.add_argument("--threads", type=int, default=2, help="of OpenCV, and of each model")
    asked = options.parse_args()
    cv2.setNumThreads(asked.threads)
    scorer = Scorer.load(asked.bundle, threads=asked.threads)
    edits = list(edit_set(SEED, asked.edits))
    show("what a local reward costs", [figure for side in SIDES for figure in measure(scorer, edits, side)])


def measure(scorer: Scorer, edits: list[RenderedEdit], side: int) -> list[Figure]:
    """Milliseconds of warm edits, median: of a score, of what a reward adds, and of each of its sides by itself.

    An edit is scored with and without the reward in turns, so that one load of the machine meets both.
    """
    spent: dict[str, list[float]] = {}
    for number, edit in enumerate(progress(edits, len(edits), f"{side} pixels")):
        original, edited = (
            resize(picture, side, side, "bicubic") for picture in (edit.original, edit.candidates["well_done"])
        )
        calls: dict[str, Callable[[], object]] = {
            "score": lambda: scorer.score(original, edited, edit.intent),  # noqa: B023  (called before the next edit)
            "rewarded": lambda: scorer.score(original, edited, edit.intent, metrics="reward"),  # noqa: B023
        }
        names = list(calls) if number % 2 else list(calls)[::-1]
        for name in names:
            spent.setdefault(name, []).append(_time(calls[name]))
        for name, milliseconds in _time_sides(scorer, edit, original, edited).items():
            spent.setdefault(name, []).append(milliseconds)
    rows = {name: np.array(times[len(times) // 10 :]) for name, times in spent.items()}  # the first ones warm up
    more = float(np.median(rows["rewarded"] - rows["score"]))
    return [
        Figure(f"score_{side}", f"{side} x {side}: score", float(np.median(rows["score"])), unit=" ms"),
        Figure(f"reward_{side}", f"{side} x {side}: the reward, more", more, GOAL, at_least=False, unit=" ms"),
        *(
            Figure(f"{name}_{side}", f"{side} x {side}: {name} by itself", float(np.median(rows[name])), unit=" ms")
            for name in ("following", "preserving", "quality")
        ),
    ]


def _time_sides(scorer: Scorer, edit: RenderedEdit, original: np.ndarray, edited: np.ndarray) -> dict[str, float]:
    metric = scoring_metric()
    task = EditTask.of(original, [edit.intent], metric.rules)
    context = new_context(task, task.align(edited), scorer.models)
    score = metric.score(context)
    return {
        "following": _time(lambda: judge_following(context, score)),
        "preserving": _time(lambda: judge_preserving(context, score)),
        "quality": _time(lambda: judge_quality(context)),
    }


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
