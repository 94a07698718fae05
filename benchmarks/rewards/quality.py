"""Is the edited picture clean? The quality of edits with artefacts of each kind, in four steps.

python -m benchmarks.rewards.quality [--photos FOLDER]

FOLDER is as for `benchmarks.drift.measure`. The studio's pictures are held out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from itertools import combinations, islice
from pathlib import Path

import cv2
import numpy as np
from scipy.stats import spearmanr

from benchmarks.common.reporting import Figure, progress, share, show
from benchmarks.rewards.damaged import DamagedCase, read_cases, render_cases
from editjudge.bundles.bundle import Bundle
from editjudge.image.decode import load_image
from editjudge.metrics.context import EditContext
from editjudge.metrics.looking.framing import Framing
from editjudge.metrics.rewards.quality import judge_quality
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.types import Image
from studio.artefacts.steps import KINDS, STEPS

SEED = 1019
GOAL_RHO, GOAL_ORDER = 0.90, 0.95
LIMIT = 7.0
"""Milliseconds of a pair of 512 x 512."""
ROUNDS = 15

Steps = Sequence[float]
"""The quality by grade: undamaged, then each step."""


class QualityJudge:
    """Asks for the quality of a pair alone; nothing is known of what was asked for."""

    def __init__(self, bundle: str, threads: int) -> None:
        self._models = ModelSet(Bundle.load(bundle), "cpu", threads)

    def open(self, original: Image, edited: Image) -> EditContext:
        task = EditTask.of(original, [], Framing())
        return EditContext(task, task.align(edited), self._models)

    def rate(self, original: Image, edited: Image) -> float:
        score = judge_quality(self.open(original, edited)).score
        return float("nan") if score is None else score


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits, as above")
    options.add_argument("--pairs", type=int, default=60, help="of photographs")
    options.add_argument("--inputs", type=int, default=60, help="rendered edits")
    options.add_argument("--threads", type=int, default=2, help="of OpenCV")
    asked = options.parse_args()
    cv2.setNumThreads(asked.threads)
    judge = QualityJudge(asked.bundle, asked.threads)
    cases = progress(render_cases(SEED, asked.inputs), asked.inputs, "rendered")
    figures = summarise("rendered", measure(judge, cases), goal=GOAL_RHO)
    if asked.photos:
        pairs = progress(read_cases(asked.photos, asked.pairs), 2 * asked.pairs, "photographs")
        figures += summarise("photos", measure(judge, pairs), goal_order=GOAL_ORDER)
        figures += summarise_edits(judge, asked.photos)
    show("quality of edited pictures", [*figures, time_judge(judge)])


def measure(judge: QualityJudge, cases: Iterable[DamagedCase]) -> dict[str, list[Steps]]:
    """By kind, the steps of every case in which it can be seen."""
    found: dict[str, list[Steps]] = {kind: [] for kind in KINDS}
    for case in cases:
        for kind, rows in found.items():
            steps = [judge.rate(case.original, picture) for picture in case.damage(kind)]
            if steps and not np.isnan(steps).any():
                rows.append(steps)
    return found


def summarise(
    title: str, measured: dict[str, list[Steps]], goal: float | None = None, goal_order: float | None = None
) -> list[Figure]:
    figures, all_pairs = [], []
    for kind, rows in measured.items():
        grades = np.tile(np.arange(STEPS + 1), len(rows))
        rho = -float(spearmanr(grades, np.ravel(rows)).statistic) if rows else float("nan")
        pairs = [row[one] > row[other] for row in rows for one, other in combinations(range(STEPS + 1), 2)]
        all_pairs += pairs
        means = ", ".join(f"{mean:.2f}" for mean in np.mean(rows, axis=0)) if rows else ""
        figures += [
            Figure(f"{title}_{kind}_rho", f"{title}: {kind} ({len(rows)}; {means}), Spearman", rho, goal),
            Figure(f"{title}_{kind}_order", f"{title}: {kind}, order of two steps right", share(pairs), goal_order),
        ]
    return [*figures, Figure(f"{title}_order", f"{title}: order, of all kinds", share(all_pairs), goal_order)]


def summarise_edits(judge: QualityJudge, folder: Path) -> list[Figure]:
    """What real edits get, by what somebody said of them."""
    ratings: dict[str, list[float]] = {}
    for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        rating = judge.rate(load_image(folder / entry["original"]), load_image(folder / entry["edited"]))
        ratings.setdefault(entry["quality"], []).append(rating)
    figures = []
    for quality, found in ratings.items():
        told = [rating for rating in found if rating == rating]  # noqa: PLR0124  (NaN is not itself)
        tenth, middle = np.quantile(told, (0.1, 0.5)) if told else (np.nan, np.nan)
        what = f"real edits that are {quality} ({len(told)} of {len(found)} measured)"
        figures += [
            Figure(f"real_{quality}_kept", f"{what}: share of 4 or more", share([rating >= 4 for rating in told])),
            Figure(f"real_{quality}_passed", f"{what}: share that passes", share([rating >= 3 for rating in told])),
            Figure(f"real_{quality}_median", f"{what}: median", float(middle)),
            Figure(f"real_{quality}_tenth", f"{what}: the lowest tenth ends at", float(tenth)),
        ]
    return figures


def time_judge(judge: QualityJudge) -> Figure:
    """The median over rendered pairs of the least of several runs."""
    least = []
    for case in islice(render_cases(SEED + 1, 12), 10):
        spent = []
        for _ in range(ROUNDS):
            context = judge.open(case.original, case.edited)
            start = time.perf_counter()
            judge_quality(context)
            spent.append(1000 * (time.perf_counter() - start))
        least.append(min(spent))
    return Figure("ms", "512 x 512, the least of 15 runs", float(np.median(least)), LIMIT, at_least=False, unit=" ms")


if __name__ == "__main__":
    main()
