"""What changed between two pictures, and was it asked for? Model-free and learned, side by side.

python -m benchmarks.differences.measure [--photos FOLDER]

FOLDER is as for `benchmarks.drift.measure`; our labels of its pictures are benchmarks/data/difference_kinds.jsonl. The
studio's pictures are held out: their seeds, photographs and cut-outs are in no training and no calibration.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from benchmarks.common.reporting import Figure, show
from benchmarks.differences import masked_clip, photographs, rendered
from benchmarks.differences.cases import DifferenceCase, read_photographs
from benchmarks.differences.finders import open_finders
from benchmarks.differences.speed import time_finders
from editjudge import Scorer

PARTS = ("photos", "nuisances", "photos_coherence", "studio", "composites", "unedited", "coherence", "clip", "speed")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    options.add_argument("--photos", type=Path, metavar="FOLDER", help="photographs with edits, as above")
    options.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is measured")
    options.add_argument("--pairs", type=int, help="of each rendered set, fewer than all of them")
    options.add_argument("--inputs", type=int, default=120, help="rendered edits for CLIP, and pairs for coherence")
    options.add_argument("--threads", type=int, default=2, help="of OpenCV, and of each model")
    asked = options.parse_args()
    cv2.setNumThreads(asked.threads)
    finders = open_finders(asked.bundle, asked.threads)
    measured, context = _measure_all(finders, asked)
    if "speed" in asked.parts:
        for name, figures in time_finders(finders).items():
            measured[name] += figures
    show("differences of two pictures", put_side_by_side(measured), **context)


def _measure_all(
    finders: Mapping[str, Scorer], asked: argparse.Namespace
) -> tuple[dict[str, list[Figure]], dict[str, Any]]:
    """The figures of each finder, in one order; and what was called an edit, by the nuisance."""
    cases = read_photographs(asked.photos) if asked.photos else []
    context: dict[str, Any] = {"nuisances": {}}
    measured: dict[str, list[Figure]] = {}
    for name, scorer in finders.items():
        measured[name] = _measure_photographs(scorer, cases, asked.parts) if cases else []
        if cases and "nuisances" in asked.parts:
            figures, by_nuisance = photographs.measure_nuisances(scorer, [case.original for case in cases], 0.02)
            measured[name] += _put_under("photos", figures)
            context["nuisances"][name] = {what: wrong / count for what, (wrong, count) in by_nuisance.items()}
        measured[name] += _measure_rendered(scorer, asked)
    return measured, context


def _measure_photographs(scorer: Scorer, cases: Sequence[DifferenceCase], parts: Sequence[str]) -> list[Figure]:
    figures = photographs.measure_places(scorer, cases) if "photos" in parts else []
    figures += photographs.measure_coherence(scorer, cases) if "photos_coherence" in parts else []
    return _put_under("photos", figures)


def _measure_rendered(scorer: Scorer, asked: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    for origin in rendered.GOALS:
        if origin in asked.parts:
            figures += _put_under(origin, rendered.measure_origin(scorer, origin, asked.pairs))
    if "unedited" in asked.parts:
        figures += rendered.measure_unedited(scorer, 0.01, asked.pairs)
    if "coherence" in asked.parts:
        figures += _put_under("studio", rendered.measure_rendered_coherence(scorer, asked.inputs))
    if "clip" in asked.parts:
        figures += _put_under("studio", masked_clip.measure_clip(scorer, asked.inputs))
    return figures


def _put_under(title: str, figures: Sequence[Figure]) -> list[Figure]:
    """The figures, with what they are of in front of their names."""
    return [replace(one, key=f"{title}_{one.key}", what=f"{title}: {one.what}") for one in figures]


def put_side_by_side(measured: Mapping[str, Sequence[Figure]]) -> list[Figure]:
    """The same figure of every finder one after the other; goals are those of the last alone, which users get."""
    last = list(measured)[-1]
    return [
        replace(
            figure,
            key=f"{figure.key}_{name}",
            what=f"{figure.what} ({name})",
            goal=figure.goal if name == last else None,
        )
        for row in zip(*measured.values(), strict=True)
        for name, figure in zip(measured, row, strict=True)
    ]


if __name__ == "__main__":
    main()
