"""Photographs with edits: what is found of them, against boxes drawn and kinds told by eye."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks.common.reporting import Figure, progress, share
from benchmarks.differences import agreement
from benchmarks.differences.agreement import ComparedPair
from benchmarks.differences.cases import DifferenceCase
from benchmarks.differences.nuisances import HARMLESS, pair_off
from editjudge import Scorer
from editjudge.types import Image

SHARES = {"local": 0.78, "large": 0.84, "whole": None}
"""By extent, the goal for the IoU of the box around all with the drawn one."""


def measure_places(scorer: Scorer, cases: Sequence[DifferenceCase]) -> list[Figure]:
    """Where something changed, and of what kind that is; nothing is known of what was asked for."""
    found = [
        scorer.differences(case.original, case.edited).differences
        for case in progress(cases, len(cases), "photographs")
    ]
    figures = []
    for extent, goal in SHARES.items():
        drawn = [
            agreement.compare_extent(one, case.drawn)
            for one, case in zip(found, cases, strict=True)
            if case.drawn is not None and case.extent == extent
        ]
        strong, sure = np.mean(drawn, axis=0) if drawn else (np.nan, np.nan)
        figures += [
            Figure(f"{extent}_iou", f"{extent} edits ({len(drawn)}): IoU of the box around all", float(strong), goal),
            Figure(f"{extent}_sure_iou", f"{extent} edits: of the box around what is sure", float(sure)),
        ]
    pairs = [ComparedPair(one, case.known) for one, case in zip(found, cases, strict=True) if case.known is not None]
    return [*figures, _summarise_extent(pairs), *summarise_kinds(pairs, 0.85), *summarise_precision(pairs)]


def _summarise_extent(pairs: Sequence[ComparedPair]) -> Figure:
    """As with the drawn boxes, of every pair in which somebody saw a difference."""
    told = [
        (pair.found, around) for pair in pairs if (around := agreement.enclose([known.box for known in pair.known]))
    ]
    shares = [agreement.compare_extent(found, around)[0] for found, around in told]
    return Figure("around", f"{len(told)} pairs: IoU of the box around all and of ours", float(np.mean(shares)))


def summarise_kinds(pairs: Sequence[ComparedPair], goal: float) -> list[Figure]:
    right = agreement.compare_kinds(pairs, agreement.FOUND)
    nearly = agreement.compare_kinds(pairs, agreement.NEAR)
    tellable = sum(known.change is not None for pair in pairs for known in pair.known)
    return [
        Figure("kinds", f"kind right, of {len(right)} found", share(right), goal),
        Figure("kinds_near", f"kind right, of {len(nearly)} found at an IoU of 0.3", share(nearly)),
        Figure("found", f"found, of {tellable} whose kind can be told", len(right) / max(1, tellable)),
    ]


def summarise_precision(
    pairs: Sequence[ComparedPair], goal: float | None = None, goal_mean: float | None = None
) -> list[Figure]:
    at_half, mean = agreement.average_precision(pair.detections() for pair in pairs)
    return [
        Figure("ap50", "AP .50, of any kind", at_half, goal),
        Figure("ap", "AP .50:.95, of any kind", mean, goal_mean),
    ]


def measure_coherence(scorer: Scorer, cases: Sequence[DifferenceCase]) -> list[Figure]:
    """Whether it is known what was asked for; nobody set a goal for photographs."""
    return summarise_coherence(compare_asked(scorer, cases), *(None,) * 3)


def compare_asked(scorer: Scorer, cases: Sequence[DifferenceCase]) -> list[ComparedPair]:
    """What is found where it is known what was asked for."""
    asked = [case for case in cases if case.request is not None and case.known is not None]
    return [
        ComparedPair(scorer.differences(case.original, case.edited, case.request).differences, case.known or ())
        for case in progress(asked, len(asked), "asked for?")
    ]


def summarise_coherence(
    pairs: Sequence[ComparedPair], goal: float | None, goal_right: float | None, goal_excused: float | None
) -> list[Figure]:
    right, told, excused = (
        find(pairs) for find in (agreement.compare_decisions, agreement.compare_told, agreement.find_excuses)
    )
    return [
        Figure(
            "coherence_ap", "asked for: AP .50:.95 with the decision",
            agreement.average_precision(pair.decisions() for pair in pairs)[1], goal,
        ),
        Figure("decided", f"asked for: right, of {len(right)} found", share(right), goal_right),
        Figure("told", f"asked for: right, of the {len(told)} of them that were decided", share(told)),
        Figure(
            "excused", f"asked for: said of {len(excused)} found that were not",
            share(excused), goal_excused, at_least=False,
        ),
    ]  # fmt: skip


def measure_nuisances(
    scorer: Scorer, originals: Sequence[Image], goal: float
) -> tuple[list[Figure], dict[str, list[int]]]:
    """How often a picture that nobody edited has differences; and by what was done to it, how often, and of how many.

    The goal is about the first hundred, in which every nuisance takes its turn; as information, all of them together.
    """
    pictures = list({picture.tobytes(): picture for picture in originals}.values())
    wrong: Counter[str] = Counter()
    changed = set()
    for index, picture in enumerate(progress(pictures, len(pictures), "nuisances")):
        for name, change in HARMLESS.items():
            if scorer.differences(picture, change(picture)).differences:
                wrong[name] += 1
                changed.add((index, name))
    turns = pair_off(len(pictures))
    count = len(pictures) * len(HARMLESS)
    figures = [
        Figure(
            "nuisances", f"{len(turns)} nuisances: called an edit",
            share([turn in changed for turn in turns]), goal, at_least=False,
        ),
        Figure("nuisances_all", f"all {count} nuisances: called an edit", wrong.total() / count),
    ]  # fmt: skip
    return figures, {name: [wrong[name], len(pictures)] for name in HARMLESS}
