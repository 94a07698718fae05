"""Which mask of an edit covers what the edit changed as it was asked to: ours, the difference mask, DiffEdit's?

    PYTHONPATH=models python -m benchmarks.study.masks [--edits 100] [--photos FOLDER] [--diffedit MODEL]

The regions of rendered edits are exact: the pixels that what was asked for alters, of edits that are well done and of
those that have damage elsewhere, which is none of it. Of photographs it is the box that somebody drew around all that
changed, against the box of the mask. DiffEdit's needs the guidance extra and Stable Diffusion; "tiny" makes a small one
of random weights (PYTHONPATH=models:tests), which shows that it runs, and what chance reaches.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.reporting import Figure, progress, show
from benchmarks.differences.cases import read_photographs
from editjudge import Scorer
from editjudge.batch.masks import MASKS
from editjudge.errors import InputError
from editjudge.evaluation.statistics.bootstrap import Resampling
from editjudge.metrics.registry import EditScore
from editjudge.types import Image
from studio.differences.ground_truth import find_scene_changes
from studio.differences.pair import Mask
from studio.edits.edit_set import CANVAS, RenderedEdit, edit_set

SEED = 2030
QUALITIES = ("well_done", "damaged")
RESAMPLES = 2000
WHOLE = "whole picture"
FindMask = Callable[[Image, str], Mask]
IouRows = list[dict[str, float]]


def find_region(edit: RenderedEdit) -> Mask | None:
    """bool[S, S]: what the edit that was asked for alters; None where it is all of the picture, or nothing."""
    changes = find_scene_changes(edit.edit.original, edit.scenes["well_done"], CANVAS, edit.scenes["well_done"])
    region = np.any([change.mask for change in changes], axis=0) if changes else np.zeros((CANVAS, CANVAS), bool)
    return region if region.any() and not region.all() else None


def measure_iou(one: Mask, other: Mask) -> float:
    """Of bool[H, W] each; of two that are empty it is 0, as neither says anything."""
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 0.0


def fill_box(mask: Mask) -> Mask:
    """bool[H, W]: the tight box around all of a mask."""
    filled = np.zeros_like(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows):
        filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return filled


def find_masks(
    score: EditScore | None, original: Image, instruction: str, diffedit: FindMask | None
) -> dict[str, Mask]:
    """All masks of an edit, bool[H, W]; one that cannot be found is empty."""
    shape = original.shape[:2]
    found = {name.removeprefix("mask_"): np.zeros(shape, bool) for name in MASKS}
    for name, find in MASKS.items():
        try:
            if score is not None:
                found[name.removeprefix("mask_")] = find(score) > 0
        except InputError:
            continue
    if diffedit is not None:
        found["DiffEdit"] = diffedit(original, instruction)
    return {**found, WHOLE: np.ones(shape, bool)}


def measure_rendered(scorer: Scorer, count: int, diffedit: FindMask | None) -> dict[str, IouRows]:
    """By quality, the IoU of each mask with the region, of so many edits that have one."""
    rows: dict[str, IouRows] = {quality: [] for quality in QUALITIES}
    for edit, region in progress(_draw_edits(count), count, "rendered"):
        prepared = scorer.prepare(edit.original, edit.instruction)
        for quality in QUALITIES:
            (ranked,) = prepared.scores([edit.candidates[quality]])
            masks = find_masks(ranked.score, edit.original, edit.instruction, diffedit)
            rows[quality].append({name: measure_iou(mask, region) for name, mask in masks.items()})
    return rows


def _draw_edits(count: int) -> Iterator[tuple[RenderedEdit, Mask]]:
    drawn = 0
    for edit in edit_set(SEED, 10 * count, qualities=QUALITIES):
        region = find_region(edit)
        if region is not None and all(quality in edit.candidates for quality in QUALITIES):
            yield edit, region
            drawn += 1
        if drawn == count:
            return


def measure_photographs(scorer: Scorer, folder: Path, diffedit: FindMask | None) -> IouRows:
    """The IoU of the box of each mask with the box that somebody drew."""
    cases = [case for case in read_photographs(folder) if case.drawn is not None and case.request]
    rows: IouRows = []
    for case in progress(cases, len(cases), "photographs"):
        assert case.drawn is not None
        instruction = str(case.request)
        try:
            score = scorer.score(case.original, case.edited, instruction)
        except InputError:
            score = None
        region = np.zeros(case.original.shape[:2], bool)
        left, top, right, bottom = (round(end) for end in case.drawn)
        region[top:bottom, left:right] = True
        masks = find_masks(score, case.original, instruction, diffedit)
        rows.append({name: measure_iou(fill_box(mask), region) for name, mask in masks.items()})
    return rows


def summarise(title: str, rows: IouRows) -> Iterator[Figure]:
    """The mean of each mask, with its interval."""
    resampling = Resampling(len(rows), RESAMPLES, 0)
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        mean = resampling.shares(values, np.ones(len(values)))
        low, high = (float(end) for end in mean.interval())
        what = f"{title}, {name}: IoU, {low:.3f} to {high:.3f}; none of it in {np.mean(values == 0):.0%}"
        yield Figure(f"{title}_{name}".replace(" ", "_"), what, float(mean.value))


def open_diffedit(model: str, scorer: Scorer) -> FindMask:
    """DiffEdit's masks by the example's code; the parser reads the texts."""
    from PIL import Image as Pillow  # noqa: PLC0415

    from examples import diffedit_mask  # noqa: PLC0415

    pipeline: Any = _make_tiny() if model == "tiny" else diffedit_mask.open_pipeline(model)
    pipeline.set_progress_bar_config(disable=True)

    def find(original: Image, instruction: str) -> Mask:
        try:
            texts = diffedit_mask.choose_texts(scorer.parse(instruction).intents)
        except InputError:
            return np.zeros(original.shape[:2], bool)
        return diffedit_mask.find_diffedit_mask(pipeline, Pillow.fromarray(original), *texts)

    return find


def _make_tiny() -> Any:
    from support.tiny_pipeline import make_diffedit_pipeline  # noqa: PLC0415

    return make_diffedit_pipeline(Path(tempfile.mkdtemp()))


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", default="studio")
    options.add_argument("--edits", type=int, default=100)
    options.add_argument("--photos", type=Path, help="a folder of photographs with boxes")
    options.add_argument("--diffedit", metavar="MODEL", help="Stable Diffusion, of the hub or a folder; or tiny")
    asked = options.parse_args(arguments)
    with Scorer.load(asked.bundle) as scorer:
        diffedit = None if asked.diffedit is None else open_diffedit(asked.diffedit, scorer)
        measured = measure_rendered(scorer, asked.edits, diffedit)
        if asked.photos is not None:
            measured["boxes of photographs"] = measure_photographs(scorer, asked.photos, diffedit)
    figures = [figure for title, rows in measured.items() for figure in summarise(title.replace("_", " "), rows)]
    counts = {title: len(rows) for title, rows in measured.items()}
    show("masks of edits", figures, edits={title: {"edits": count} for title, count in counts.items()})


if __name__ == "__main__":
    main()
